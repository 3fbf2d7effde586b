#!/usr/bin/env bash
# @openrouter/ai-sdk-provider 3.1.0 with ai 7.0.173; beside it @ai-sdk/openai-compatible 3.0.92.
# Expected: a tool of which only the name has arrived when the stream ends, without a finish reason and [DONE], is not run.
# Observed: the provider of OpenRouter calls the answer finished with `tool-calls`, and the tool is run with no arguments. With the
#   provider for compatible servers the same stream is an error, and nothing is run.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund ai@7.0.173 @openrouter/ai-sdk-provider@3.1.0 @ai-sdk/openai-compatible@3.0.92
cat >cut.mjs <<'JS'
import { createServer } from "node:http";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { createOpenRouter } from "@openrouter/ai-sdk-provider";
import { jsonSchema, streamText, tool } from "ai";
const chunk = (delta) =>
  `data: ${JSON.stringify({ id: "a", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason: null }] })}\n\n`;
const call = { index: 0, id: "call_1", type: "function", function: { name: "cancel_orders", arguments: "" } };
const server = createServer(async (request, response) => {
  for await (const _ of request);
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  response.write(chunk({ role: "assistant", content: null }));
  response.end(chunk({ tool_calls: [call] }));
}).listen(0);
await new Promise((resolve) => server.once("listening", resolve));
const baseURL = `http://127.0.0.1:${server.address().port}/v1`;
const models = {
  openrouter: createOpenRouter({ baseURL, apiKey: "key" }).chat("m"),
  compatible: createOpenAICompatible({ name: "shop", baseURL, apiKey: "key" })("m"),
};
const seen = {};
for (const [name, model] of Object.entries(models)) {
  const runs = [];
  const inputSchema = jsonSchema({ type: "object", properties: { number: { type: "string" } } });
  const tools = { cancel_orders: tool({ inputSchema, execute: (input) => runs.push(input) }) };
  const { fullStream, finishReason } = streamText({ model, prompt: "Cancel A-1.", tools, maxRetries: 0, onError() {} });
  for await (const _ of fullStream);
  seen[name] = { finishReason: await finishReason.catch((error) => error.message), runs };
}
console.log(JSON.stringify(seen));
process.exit(seen.openrouter.runs.length === 1 && seen.compatible.runs.length === 0 ? 0 : 1);
JS
node cut.mjs
