import express from "express";
import { createServer } from "node:http";
import { ready } from "./floor-store.ts";

/** Event streams without a product behind them: the bare cost of a connection. */
const app = express();
app.disable("x-powered-by");
app.get("/events", (_req, res) => {
  res.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  res.write('event: status\ndata: {"status":"queued"}\n\n');
});

createServer(app).listen({ port: Number(process.env["PORT"]), host: "127.0.0.1", backlog: 4096 }, ready);
