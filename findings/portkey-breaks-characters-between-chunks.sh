#!/usr/bin/env bash
# portkey-ai 3.1.0; beside it openai 7.59.0, which it takes its types from.
# Expected: a character whose bytes arrive in two pieces of the connection is whole in the answer.
# Observed: portkey-ai decodes each piece by itself, and the character becomes U+FFFD twice, without an error. Text in other scripts
#   than Latin meets it with nearly each answer.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund portkey-ai@3.1.0 openai@7.59.0
cat >pieces.mjs <<'JS'
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import OpenAI from "openai";
import { Portkey } from "portkey-ai";
const chunk = { id: "a", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta: { role: "assistant", content: "Grüße" }, finish_reason: "stop" }] };
const bytes = Buffer.from(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`);
const middle = bytes.indexOf("ü") + 1;
const server = createServer(async (request, response) => {
  for await (const _ of request);
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  response.write(bytes.subarray(0, middle));
  await sleep(100);
  response.end(bytes.subarray(middle));
}).listen(0);
await new Promise((resolve) => server.once("listening", resolve));
const options = { apiKey: "key", baseURL: `http://127.0.0.1:${server.address().port}`, maxRetries: 0 };
const texts = {};
for (const [name, client] of Object.entries({ openai: new OpenAI(options), portkey: new Portkey(options) })) {
  texts[name] = "";
  const asked = { model: "m", messages: [{ role: "user", content: "Hallo" }], stream: true };
  for await (const { choices } of await client.chat.completions.create(asked)) texts[name] += choices[0]?.delta?.content ?? "";
}
console.log(JSON.stringify(texts));
process.exit(texts.openai === "Grüße" && texts.portkey.includes("\uFFFD") ? 0 : 1);
JS
node pieces.mjs
