#!/usr/bin/env bash
# react-native-sse 1.2.1 (with xmlhttprequest-ssl 4.0.0 in place of React Native's XMLHttpRequest) and fetch-event-stream 0.1.6.
# Expected: of the spaces after "data:" one is taken off, the others are data (HTML standard, 9.2.6). Streams of words rely on it.
# Observed: fetch-event-stream takes all spaces off the beginning, react-native-sse off both ends: "Two", " plates", " and" become one word.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund react-native-sse@1.2.1 xmlhttprequest-ssl@4.0.0 fetch-event-stream@0.1.6
cat >spaces.mjs <<'JS'
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { events } from "fetch-event-stream";
import reactNative from "react-native-sse";
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
pieces = ["Two", " plates", " and "].map((word) => `data: ${word}\n\n`);
const texts = { "react-native-sse": "", "fetch-event-stream": "" };
await new Promise((resolve) => {
  const EventSource = reactNative.default ?? reactNative;
  const source = new EventSource(url, { pollingInterval: 0 });
  source.addEventListener("message", ({ data }) => (texts["react-native-sse"] += data));
  setTimeout(() => resolve(source.close()), 1000);
});
for await (const { data } of events(await fetch(url))) texts["fetch-event-stream"] += data;
console.log(JSON.stringify(texts));
process.exit(texts["react-native-sse"].split(" ").length === 1 && texts["react-native-sse"].startsWith("Two") && texts["fetch-event-stream"].trim().split(" ").length === 1 ? 0 : 1);
JS
node spaces.mjs
