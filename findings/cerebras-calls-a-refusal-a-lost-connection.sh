#!/usr/bin/env bash
# @cerebras/cerebras_cloud_sdk 1.91.0; beside it groq-sdk 1.6.0.
# Expected: an error that the server sends in mid-stream is thrown with its message.
# Observed: what is thrown says `Connection error.`, as if the network had failed; the server's message is in `cause` alone. It is of the
#   class that means a lost connection, which callers retry. groq-sdk, of the same make, throws the server's message.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @cerebras/cerebras_cloud_sdk@1.91.0 groq-sdk@1.6.0
cat >error.mjs <<'JS'
import { createServer } from "node:http";
import Cerebras from "@cerebras/cerebras_cloud_sdk";
import Groq from "groq-sdk";
const half = { id: "a", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta: { role: "assistant", content: "Half" }, finish_reason: null }] };
const error = { error: { message: "The context is too long", type: "invalid_request_error", param: null, code: "context_length_exceeded" } };
const server = createServer(async (request, response) => {
  for await (const _ of request);
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  response.end(`data: ${JSON.stringify(half)}\n\ndata: ${JSON.stringify(error)}\n\n`);
}).listen(0);
await new Promise((resolve) => server.once("listening", resolve));
const options = { apiKey: "key", baseURL: `http://127.0.0.1:${server.address().port}`, maxRetries: 0 };
const clients = { groq: new Groq(options), cerebras: new Cerebras({ ...options, warmTCPConnection: false }) };
const thrown = {};
for (const [name, client] of Object.entries(clients)) {
  try {
    const asked = { model: "m", messages: [{ role: "user", content: "Hi" }], stream: true };
    for await (const _ of await client.chat.completions.create(asked));
  } catch (fault) {
    thrown[name] = { class: fault.constructor.name, message: fault.message, cause: fault.cause?.message };
  }
}
console.log(JSON.stringify(thrown, undefined, 1));
process.exit(thrown.cerebras.message === "Connection error." && thrown.groq.message.includes("too long") ? 0 : 1);
JS
node error.mjs
