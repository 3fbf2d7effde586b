#!/usr/bin/env bash
# ollama-ai-provider-v2 4.0.1 with ai 7.0.173; beside it ai-sdk-ollama 4.3.0 and ollama 0.6.4.
# Expected: an error that the server writes as a line of its stream (`{"error": …}`, as it does when the model dies in mid-answer) reaches
#   the caller.
# Observed: the provider prints the line's schema faults to the console and goes on: no error comes, the finish reason is `other`, and
#   half an answer is one like any other. The other two throw the server's message.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --legacy-peer-deps ai@7.0.173 zod@4.6.7 ollama-ai-provider-v2@4.0.1 ai-sdk-ollama@4.3.0 ollama@0.6.4
cat >error.mjs <<'JS'
import { createServer } from "node:http";
import { streamText } from "ai";
import { createOllama as createOther } from "ai-sdk-ollama";
import { Ollama } from "ollama";
import { createOllama } from "ollama-ai-provider-v2";
console.error = () => {};
const half = { model: "m", created_at: "2026-01-01T00:00:00Z", message: { role: "assistant", content: "You can send it back within" }, done: false };
const server = createServer(async (request, response) => {
  for await (const _ of request);
  response.writeHead(200, { "Content-Type": "application/x-ndjson" });
  response.end(`${JSON.stringify(half)}\n${JSON.stringify({ error: "model runner has unexpectedly stopped" })}\n`);
}).listen(0);
await new Promise((resolve) => server.once("listening", resolve));
const base = `http://127.0.0.1:${server.address().port}`;
const sdk = (model) => async () => {
  let text = "";
  let failure;
  let finish;
  const { fullStream } = streamText({ model, prompt: "Hi", maxRetries: 0, onError() {} });
  for await (const part of fullStream) {
    if (part.type === "text-delta") text += part.text;
    if (part.type === "error") failure = part.error;
    if (part.type === "finish") finish = part.finishReason;
  }
  if (failure) throw failure;
  return `${text} (${finish})`;
};
const clients = {
  "ollama-ai-provider-v2": sdk(createOllama({ baseURL: `${base}/api` })("m")),
  "ai-sdk-ollama": sdk(createOther({ baseURL: base })("m")),
  ollama: async () => {
    let text = "";
    const stream = await new Ollama({ host: base }).chat({ model: "m", messages: [{ role: "user", content: "Hi" }], stream: true });
    for await (const part of stream) text += part.message.content;
    return text;
  },
};
const outcomes = {};
for (const [name, ask] of Object.entries(clients)) outcomes[name] = await ask().then((text) => `ended: ${text}`, (error) => `threw: ${error.message}`);
console.log(JSON.stringify(outcomes, undefined, 1));
const holds = outcomes["ollama-ai-provider-v2"].startsWith("ended: You can") && outcomes["ai-sdk-ollama"].startsWith("threw") && outcomes.ollama.startsWith("threw");
process.exit(holds ? 0 : 1);
JS
node error.mjs
