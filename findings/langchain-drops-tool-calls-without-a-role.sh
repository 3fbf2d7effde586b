#!/usr/bin/env bash
# @langchain/core 1.4.0 with @langchain/openai 1.6.0 and @langchain/groq 1.3.1; beside them openai 7.59.0.
# Expected: a streamed call of a tool is in `tool_calls`, also where no delta names a role: OpenAI's description of the API has
#   `delta.role` as optional.
# Observed: the message is a ChatMessageChunk without `tool_calls`; the call is gone, without an error. With a role in the first delta
#   it is there. Text arrives either way.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @langchain/core@1.4.0 @langchain/openai@1.6.0 @langchain/groq@1.3.1 openai@7.59.0
cat >role.mjs <<'JS'
import { createServer } from "node:http";
import { ChatGroq } from "@langchain/groq";
import { ChatOpenAI } from "@langchain/openai";
import OpenAI from "openai";
const call = { index: 0, id: "call_1", type: "function", function: { name: "order_status", arguments: '{"number":"A-1"}' } };
const chunk = (delta, finish_reason = null) =>
  `data: ${JSON.stringify({ id: "a", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
let first;
const server = createServer(async (request, response) => {
  for await (const _ of request);
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  response.end([chunk({ ...first, tool_calls: [call] }), chunk({}, "tool_calls"), "data: [DONE]\n\n"].join(""));
}).listen(0);
await new Promise((resolve) => server.once("listening", resolve));
const base = `http://127.0.0.1:${server.address().port}`;
const same = { apiKey: "key", model: "m", maxRetries: 0 };
const models = {
  "@langchain/openai": new ChatOpenAI({ ...same, configuration: { baseURL: `${base}/v1` } }),
  "@langchain/groq": new ChatGroq({ ...same, baseUrl: base }),
};
const tools = [{ type: "function", function: { name: "order_status", description: "Status", parameters: { type: "object", properties: { number: { type: "string" } } } } }];
const counts = [];
for (first of [{ role: "assistant" }, {}]) {
  for (const [name, model] of Object.entries(models)) {
    let message;
    for await (const part of await model.bindTools(tools).stream("Where is A-1?")) message = message ? message.concat(part) : part;
    counts.push(message.tool_calls?.length ?? 0);
    console.log(`${name}, ${first.role ? "with" : "without"} a role: ${message.constructor.name}, ${counts.at(-1)} calls`);
  }
}
let streamed = 0;
const client = new OpenAI({ apiKey: "key", baseURL: `${base}/v1`, maxRetries: 0 });
for await (const { choices } of await client.chat.completions.create({ model: "m", messages: [{ role: "user", content: "Where is A-1?" }], tools, stream: true }))
  streamed += choices[0].delta.tool_calls?.length ?? 0;
console.log(`openai, without a role: ${streamed} calls`);
process.exit(counts.join() === "1,1,0,0" && streamed === 1 ? 0 : 1);
JS
node role.mjs
