#!/usr/bin/env bash
# sse.js 2.8.0 (with xmlhttprequest-ssl 4.0.0 where there is no browser) and parse-sse 0.1.0; beside them eventsource-parser 4.1.3.
# Expected: an event that the end of the connection cuts off is discarded (HTML standard, 9.2.6: an incomplete event is not dispatched).
# Observed: sse.js and parse-sse give it out as if it were whole, half a line too. An answer that broke off looks finished, and JSON in it
#   does not parse. eventsource-parser discards it.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund sse.js@2.8.0 xmlhttprequest-ssl@4.0.0 parse-sse@0.1.0 eventsource-parser@4.1.3
cat >cut.mjs <<'JS'
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { createParser } from "eventsource-parser";
import { parseServerSentEvents } from "parse-sse";
import { SSE } from "sse.js";
import xhr from "xmlhttprequest-ssl";
// Sends the pieces of a stream by themselves, then ends the connection.
let pieces = [];
const server = createServer(async (request, response) => {
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  for (const piece of pieces) {
    response.write(piece);
    await sleep(50);
  }
  response.end();
}).listen(0);
await new Promise((resolve) => server.once("listening", resolve));
const url = `http://127.0.0.1:${server.address().port}/`;
globalThis.XMLHttpRequest = xhr.XMLHttpRequest ?? xhr;
pieces = ["data: You pay 12 euros.\n\n", "data: You pay 120"];
const texts = { "sse.js": [], "parse-sse": [], "eventsource-parser": [] };
await new Promise((resolve) => {
  const events = new SSE(url);
  events.addEventListener("message", ({ data }) => texts["sse.js"].push(data));
  events.addEventListener("readystatechange", ({ readyState }) => readyState === 2 && setTimeout(resolve, 100));
});
for await (const { data } of parseServerSentEvents(await fetch(url))) texts["parse-sse"].push(data);
const parser = createParser({ onEvent: ({ data }) => texts["eventsource-parser"].push(data) });
const decoder = new TextDecoder();
for await (const piece of (await fetch(url)).body) parser.feed(decoder.decode(piece, { stream: true }));
console.log(`the second event was cut off at its 120, before more digits: ${JSON.stringify(texts)}`);
process.exit(texts["sse.js"].includes("You pay 120") && texts["parse-sse"].includes("You pay 120") && texts["eventsource-parser"].join() === "You pay 12 euros." ? 0 : 1);
JS
node cut.mjs
