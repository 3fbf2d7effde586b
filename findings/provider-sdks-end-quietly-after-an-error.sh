#!/usr/bin/env bash
# @perplexity-ai/perplexity_ai 0.38.5, writer-sdk 2.3.2, portkey-ai 3.1.0; beside them openai 7.59.0, groq-sdk 1.6.0, together-ai 0.52.0.
# Expected: an error that a server sends in mid-stream as `data: {"error": …}`, as servers of this API do once the status has gone out, is
#   thrown.
# Observed: the three pass it on as a chunk without `choices`, or leave it out, and end without an error: half an answer looks whole to
#   whoever reads its text. The other three throw.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @perplexity-ai/perplexity_ai@0.38.5 writer-sdk@2.3.2 portkey-ai@3.1.0 openai@7.59.0 groq-sdk@1.6.0 together-ai@0.52.0
cat >quiet.mjs <<'JS'
import { createServer } from "node:http";
import Perplexity from "@perplexity-ai/perplexity_ai";
import Groq from "groq-sdk";
import OpenAI from "openai";
import { Portkey } from "portkey-ai";
import Together from "together-ai";
import { Writer } from "writer-sdk";
const half = { id: "a", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta: { role: "assistant", content: "You can send it back within" }, finish_reason: null }] };
const error = { error: { message: "The server is overloaded", type: "server_error", param: null, code: "overloaded" } };
const server = createServer(async (request, response) => {
  for await (const _ of request);
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  response.end(`data: ${JSON.stringify(half)}\n\ndata: ${JSON.stringify(error)}\n\ndata: [DONE]\n\n`);
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
  perplexity: () => chat(new Perplexity(options)),
  portkey: () => chat(new Portkey(options)),
  writer: () => new Writer(options).chat.chat(asked),
};
const outcomes = {};
for (const [client, ask] of Object.entries(clients)) {
  let text = "";
  try {
    for await (const { choices } of await ask()) text += choices?.[0]?.delta?.content ?? "";
    outcomes[client] = `ended: ${text}`;
  } catch (thrown) {
    outcomes[client] = `threw: ${thrown.message}`;
  }
}
console.log(JSON.stringify(outcomes, undefined, 1));
const all = (names, start) => names.every((name) => outcomes[name].startsWith(start));
process.exit(all(["openai", "groq", "together"], "threw") && all(["perplexity", "portkey", "writer"], "ended: You can") ? 0 : 1);
JS
node quiet.mjs
