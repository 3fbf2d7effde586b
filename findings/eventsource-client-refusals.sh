#!/usr/bin/env bash
# eventsource-client 1.2.0 (npm), an event-stream client for browsers and Node.
# Input: a server that answers 401 with a JSON body.
# Expected (HTML standard, "Processing model"; also its own documentation, which says that after a non-retryable error one
#   has to call `connect()`): any status but 200 ends it, and it asks no more.
# Observed: it opens the answer as a stream (`onConnect`, ready state `open`), never says which status came, and asks again
#   every two seconds for ever.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact eventsource-client@1.2.0
cat >run.mjs <<'NODE'
import { createServer } from "node:http";
import { once } from "node:events";
import { createEventSource } from "eventsource-client";

const told = [];
const server = createServer((_, res) => {
  told.push("asked");
  res.writeHead(401, { "Content-Type": "application/json" }).end("{}");
});
await once(server.listen(0, "127.0.0.1"), "listening");
const source = createEventSource({
  url: `http://127.0.0.1:${server.address().port}/`,
  onConnect: () => told.push("connected"),
  onDisconnect: () => told.push("disconnected"),
});
const limit = setTimeout(() => process.exit(1), 20_000);
while (told.filter((each) => each === "asked").length < 3) await once(server, "request");
console.log(told.join(", "));
source.close();
clearTimeout(limit);
server.closeAllConnections();
server.close();
process.exit(told.slice(0, 4).join() === "asked,connected,disconnected,asked" ? 0 : 1);
NODE
node run.mjs
