#!/usr/bin/env bash
# tmcp 1.20.0 with @tmcp/transport-http 0.9.0 (its session managers as they come).
# Expected: a session that was ended (DELETE), or that the server never gave out, is answered 404, so that the client begins a new one (MCP,
#   Streamable HTTP, "Session Management").
# Observed: both go on as if nothing had happened: tools/list and tools/call answer 200. What the server kept for the session is gone all
#   the same, and a client that waits for the 404 never says again who it is.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund tmcp@1.20.0 @tmcp/transport-http@0.9.0 @tmcp/adapter-zod@0.1.7 @hono/node-server@2.1.9 hono@4.13.19 zod@4.6.7
cat >sessions.mjs <<'JS'
import { serve } from "@hono/node-server";
import { ZodJsonSchemaAdapter } from "@tmcp/adapter-zod";
import { HttpTransport } from "@tmcp/transport-http";
import { McpServer } from "tmcp";
const mcp = new McpServer({ name: "shop", version: "1.0.0", description: "shop" }, { adapter: new ZodJsonSchemaAdapter(), capabilities: { tools: {} } });
const clients = [];
mcp.tool({ name: "hours", description: "Opening hours" }, async () => {
  clients.push(mcp.ctx.sessionInfo?.clientInfo?.name ?? null);
  return { content: [{ type: "text", text: "9 to 5" }] };
});
const transport = new HttpTransport(mcp, { path: "/mcp" });
const server = await new Promise((resolve) => {
  const fetch = async (request) => (await transport.respond(request)) ?? new Response(null, { status: 404 });
  const started = serve({ fetch, port: 0, hostname: "127.0.0.1" }, () => resolve(started));
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
const call = (session) => ask("tools/call", { session, params: { name: "hours", arguments: {} } });
const { session } = await hello();
const before = await call(session);
const { status } = await end(session);
const ended = await call(session);
const unknown = await call(crypto.randomUUID());
console.log(`tools/call: ${before.status}; DELETE: ${status}; tools/call after it: ${ended.status}; in a session of nobody: ${unknown.status}`);
console.log(`the client's name, as the tool saw it: ${JSON.stringify(clients)}`);
process.exit(before.status === 200 && status === 200 && ended.status === 200 && unknown.status === 200 && JSON.stringify(clients) === JSON.stringify(["client", null, null]) ? 0 : 1);
JS
node sessions.mjs
