#!/usr/bin/env bash
# extended-eventsource 2.1.0 and parse-sse 0.1.0; beside them eventsource-parser 4.1.3.
# Expected: CR LF is one end of a line, also where the network's pieces part the two (HTML standard, 9.2.5).
# Observed: CR at the end of one piece and LF at the beginning of the next count as two ends, so as an empty line: one event of two lines
#   becomes two events, and parse-sse loses the name of the event as well. It depends on the moment, so it comes and goes.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund extended-eventsource@2.1.0 parse-sse@0.1.0 eventsource-parser@4.1.3
cat >crlf.mjs <<'JS'
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { createParser } from "eventsource-parser";
import { EventSource } from "extended-eventsource";
import { parseServerSentEvents } from "parse-sse";
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
pieces = ["event: delta\r\ndata: Two plates.\r", "\ndata: One cup.\r\n\r\n"];
const seen = { "extended-eventsource": [], "parse-sse": [], "eventsource-parser": [] };
await new Promise((resolve) => {
  const events = new EventSource(url, { disableRetry: true });
  for (const name of ["delta", "message"]) events.addEventListener(name, ({ data }) => seen["extended-eventsource"].push(`${name}: ${data}`));
  events.onerror = resolve;
  setTimeout(resolve, 1500);
});
for await (const { type, event = type, data } of parseServerSentEvents(await fetch(url))) seen["parse-sse"].push(`${event ?? "message"}: ${data}`);
const parser = createParser({ onEvent: ({ event, data }) => seen["eventsource-parser"].push(`${event}: ${data}`) });
const decoder = new TextDecoder();
for await (const piece of (await fetch(url)).body) parser.feed(decoder.decode(piece, { stream: true }));
console.log(JSON.stringify(seen, null, 1));
process.exit(seen["eventsource-parser"].join() === "delta: Two plates.\nOne cup." && seen["extended-eventsource"].length > 1 && seen["parse-sse"].length === 2 ? 0 : 1);
JS
node crlf.mjs
