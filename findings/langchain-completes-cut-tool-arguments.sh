#!/usr/bin/env bash
# @langchain/core 1.4.0, @langchain/openai 1.6.0, @langchain/groq 1.3.1, @langchain/mistralai 1.2.0.
# Expected: a call whose arguments the token limit cut in the middle (`{"order":"A-1","amount":12`, finish reason `length`) is among
#   `invalid_tool_calls`, as it is when the same answer comes whole.
# Observed: with `streaming: true`, `invoke` completes the JSON and gives a valid call with an amount of 12, whatever would have
#   followed. `invalid_tool_calls` is empty. Without streaming the call is invalid.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @langchain/core@1.4.0 @langchain/openai@1.6.0 @langchain/groq@1.3.1 @langchain/mistralai@1.2.0
cat >cut.mjs <<'JS'
import { createServer } from "node:http";
import { ChatGroq } from "@langchain/groq";
import { ChatMistralAI } from "@langchain/mistralai";
import { ChatOpenAI } from "@langchain/openai";
// ChatOpenAI asks another host for a tokenizer; that has no part in this.
const { fetch } = globalThis;
const words = () => Response.json({ pat_str: "\\S+", special_tokens: {}, bpe_ranks: "" });
globalThis.fetch = async (url, init) => (/127\.0\.0\.1/.test(url.url ?? url) ? fetch(url, init) : words());
const written = '{"order":"A-1","amount":12';
const usage = { prompt_tokens: 10, completion_tokens: 8, total_tokens: 18 };
const call = { id: "call_a1b2", type: "function", function: { name: "refund", arguments: written } };
const answer = (choice, object) => ({ id: "a", object, created: 1, model: "m", choices: [{ index: 0, ...choice }] });
const chunks = [
  { delta: { role: "assistant", content: "" }, finish_reason: null },
  { delta: { tool_calls: [{ index: 0, ...call }] }, finish_reason: null },
  { delta: {}, finish_reason: "length" },
].map((choice) => answer(choice, "chat.completion.chunk"));
const message = { role: "assistant", content: "", tool_calls: [call] };
const whole = { ...answer({ message, finish_reason: "length" }, "chat.completion"), usage };
const server = createServer(async (request, response) => {
  let body = "";
  for await (const piece of request) body += piece;
  const { stream } = JSON.parse(body);
  response.writeHead(200, { "Content-Type": stream ? "text/event-stream" : "application/json" });
  if (!stream) return response.end(JSON.stringify(whole));
  for (const chunk of chunks) response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  response.end("data: [DONE]\n\n");
}).listen(0);
await new Promise((resolve) => server.once("listening", resolve));
const base = `http://127.0.0.1:${server.address().port}`;
const same = { apiKey: "key", model: "m", maxRetries: 0 };
const parameters = { type: "object", properties: { order: { type: "string" }, amount: { type: "number" } }, required: ["order", "amount"] };
const tools = [{ type: "function", function: { name: "refund", description: "Pays back", parameters } }];
console.error = console.warn = () => {};
let holds = true;
for (const streaming of [true, false]) {
  const models = {
    openai: new ChatOpenAI({ ...same, streaming, configuration: { baseURL: `${base}/v1` } }),
    groq: new ChatGroq({ ...same, streaming, baseUrl: base }),
    mistral: new ChatMistralAI({ ...same, streaming, serverURL: base }),
  };
  for (const [name, model] of Object.entries(models)) {
    const { tool_calls, invalid_tool_calls } = await model.bindTools(tools).invoke("Pay back 120 for A-1.");
    console.log(`${name}, ${streaming ? "streamed" : "whole"}: valid ${JSON.stringify(tool_calls.map((one) => one.args))}, invalid ${invalid_tool_calls.length}`);
    holds &&= streaming ? tool_calls[0]?.args.amount === 12 && invalid_tool_calls.length === 0 : tool_calls.length === 0;
  }
}
process.exit(holds ? 0 : 1);
JS
node cut.mjs
