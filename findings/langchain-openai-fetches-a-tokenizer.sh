#!/usr/bin/env bash
# @langchain/openai 1.6.0 with @langchain/core 1.4.0.
# Expected: a model asks the server that it was configured with, and no other; a stream that brings its `usage` needs no count of tokens.
# Observed: with `streaming: true`, `invoke` fetches a file of GPT-2's words from tiktoken.pages.dev before it returns, for a model of
#   another name and although the server reports its usage. Where that host cannot be reached, an answer waits for minutes
#   of retries, `maxRetries: 0` or not.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @langchain/core@1.4.0 @langchain/openai@1.6.0
cat >hosts.mjs <<'JS'
import { createServer } from "node:http";
import { ChatOpenAI } from "@langchain/openai";
const chunk = (choices, more) => `data: ${JSON.stringify({ id: "a", object: "chat.completion.chunk", created: 1, model: "m", choices, ...more })}\n\n`;
const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
const server = createServer(async (request, response) => {
  for await (const _ of request);
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  response.write(chunk([{ index: 0, delta: { role: "assistant", content: "Hello" }, finish_reason: null }]));
  response.write(chunk([{ index: 0, delta: {}, finish_reason: "stop" }]));
  response.end(`${chunk([], { usage })}data: [DONE]\n\n`);
}).listen(0);
await new Promise((resolve) => server.once("listening", resolve));
const { fetch } = globalThis;
const others = [];
globalThis.fetch = (target, init) => {
  const url = new URL(target.url ?? target);
  if (url.hostname === "127.0.0.1") return fetch(target, init);
  others.push(url.href);
  return Promise.resolve(Response.json({ pat_str: "\\S+", special_tokens: {}, bpe_ranks: "" }));
};
console.warn = () => {};
const model = new ChatOpenAI({ apiKey: "key", model: "m", maxRetries: 0, streaming: true, configuration: { baseURL: `http://127.0.0.1:${server.address().port}/v1` } });
const { content, usage_metadata } = await model.invoke("Hi");
console.log(`answered ${JSON.stringify(content)}, usage ${JSON.stringify(usage_metadata)}; asked besides: ${[...new Set(others)]}`);
process.exit(others.some((url) => url.startsWith("https://tiktoken.pages.dev/")) ? 0 : 1);
JS
node hosts.mjs
