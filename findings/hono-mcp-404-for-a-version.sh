#!/usr/bin/env bash
# @hono/mcp 0.3.2 with @modelcontextprotocol/sdk 1.32.2.
# Expected: a request with an MCP-Protocol-Version that the server does not speak is answered 400 (MCP, Streamable HTTP, "Protocol Version
#   Header"). 404 is for a session that has ended, upon which a client must begin a new one.
# Observed: it is answered 404 in a living session, with "Bad Request" in its body. A client that follows the protocol begins a session anew
#   with each call, in a loop, and never learns that its version is the trouble.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @hono/mcp@0.3.2 @hono/node-server@2.1.9 hono@4.13.19 @modelcontextprotocol/sdk@1.32.2 zod@4.6.7
cat >version.mjs <<'JS'
import { StreamableHTTPTransport } from "@hono/mcp";
import { serve } from "@hono/node-server";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { Hono } from "hono";
const mcp = new McpServer({ name: "shop", version: "1.0.0" });
mcp.registerTool("hours", { description: "Opening hours" }, async () => ({ content: [{ type: "text", text: "9 to 5" }] }));
const transport = new StreamableHTTPTransport({ sessionIdGenerator: () => crypto.randomUUID() });
const app = new Hono();
app.all("/mcp", async (context) => {
  if (!mcp.isConnected()) await mcp.connect(transport);
  return transport.handleRequest(context);
});
const server = await new Promise((resolve) => {
  const started = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, () => resolve(started));
});
const url = `http://127.0.0.1:${server.address().port}/mcp`;
const headers = { "Content-Type": "application/json", Accept: "application/json, text/event-stream" };
let id = 0;
/** Sends one request of MCP and reads the first line of its answer. */
async function ask(method, { session, version = "2025-06-18", params = {} } = {}) {
  const response = await fetch(url, {
    method: "POST",
    headers: { ...headers, ...(session && { "Mcp-Session-Id": session }), ...(method !== "initialize" && { "MCP-Protocol-Version": version }) },
    body: JSON.stringify({ jsonrpc: "2.0", id: (id += 1), method, params }),
  });
  const { value } = await response.body.pipeThrough(new TextDecoderStream()).getReader().read();
  return { status: response.status, session: response.headers.get("mcp-session-id"), text: value ?? "" };
}
const hello = () => ask("initialize", { params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "client", version: "1" } } });
const end = (session) => fetch(url, { method: "DELETE", headers: { ...headers, "Mcp-Session-Id": session, "MCP-Protocol-Version": "2025-06-18" } });
const { session } = await hello();
const fine = await ask("tools/list", { session });
const other = await ask("tools/list", { session, version: "1999-01-01" });
const still = await ask("tools/list", { session });
console.log(`tools/list: ${fine.status}; with a version that nobody speaks: ${other.status} ${other.text}; again with the right one: ${still.status}`);
process.exit(fine.status === 200 && other.status === 404 && other.text.includes("Unsupported protocol version") && still.status === 200 ? 0 : 1);
JS
node version.mjs
