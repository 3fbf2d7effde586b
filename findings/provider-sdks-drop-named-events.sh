#!/usr/bin/env bash
# together-ai 0.52.0, writer-sdk 2.3.2, portkey-ai 3.1.0; beside them openai 7.59.0 and groq-sdk 1.6.0.
# Expected: an event with `event: message` is one without a name: `message` is the default type (HTML standard, 9.2.6).
# Observed: the three take only events without an `event` line. All others are dropped without a word: the answer is empty, and ends
#   as if it were whole.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund together-ai@0.52.0 writer-sdk@2.3.2 portkey-ai@3.1.0 openai@7.59.0 groq-sdk@1.6.0
cat >named.mjs <<'JS'
import { createServer } from "node:http";
import Groq from "groq-sdk";
import OpenAI from "openai";
import { Portkey } from "portkey-ai";
import Together from "together-ai";
import { Writer } from "writer-sdk";
const chunk = (delta, finish_reason = null) => JSON.stringify({ id: "a", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason }] });
const data = [chunk({ role: "assistant", content: "Hello" }), chunk({}, "stop"), "[DONE]"];
let name;
const server = createServer(async (request, response) => {
  for await (const _ of request);
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  response.end(data.map((one) => `${name}data: ${one}\n\n`).join(""));
}).listen(0);
await new Promise((resolve) => server.once("listening", resolve));
const base = `http://127.0.0.1:${server.address().port}`;
const options = { apiKey: "key", baseURL: base, maxRetries: 0 };
const asked = { model: "m", messages: [{ role: "user", content: "Hi" }], stream: true };
const chat = (client) => client.chat.completions.create(asked);
const clients = {
  openai: () => chat(new OpenAI(options)),
  groq: () => chat(new Groq(options)),
  together: () => chat(new Together(options)),
  portkey: () => chat(new Portkey(options)),
  writer: () => new Writer(options).chat.chat(asked),
};
const texts = {};
for (name of ["", "event: message\n"]) {
  for (const [client, ask] of Object.entries(clients)) {
    let text = "";
    for await (const { choices } of await ask()) text += choices[0]?.delta?.content ?? "";
    (texts[client] ??= []).push(text);
  }
}
console.log(`without and with "event: message": ${JSON.stringify(texts)}`);
const both = (client, second) => texts[client].join("|") === `Hello|${second}`;
process.exit(["openai", "groq"].every((one) => both(one, "Hello")) && ["together", "portkey", "writer"].every((one) => both(one, "")) ? 0 : 1);
JS
node named.mjs
