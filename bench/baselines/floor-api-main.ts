import { Queue } from "bullmq";
import express, { type Response } from "express";
import { Redis } from "ioredis";
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { type FloorJob, floorQueue, type FloorRequest, openStore, ready, baselineRedisUrl } from "./floor-store.ts";

/**
 * Sending half of the floor. A POST is one INSERT and one add; a second request streams the worker's publications. No
 * validation, tokens, limits, retry or resuming.
 */
const store = openStore();
const connection = new Redis(baselineRedisUrl, { maxRetriesPerRequest: null });
const queue = new Queue<FloorJob>(floorQueue, {
  connection,
  defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
});
const channel = `floor:${process.pid}`;
/** Followed replies; text that arrives before the second request waits here. */
const replies = new Map<string, { waiting: string; response?: Response }>();

const subscriber = new Redis(baselineRedisUrl, { maxRetriesPerRequest: null });
await subscriber.subscribe(channel);
subscriber.on("message", (_channel: string, message: string) => {
  const bar = message.indexOf("|");
  const id = message.slice(0, bar);
  const data = message.slice(bar + 1);
  const reply = replies.get(id);
  if (reply === undefined) return;
  const event = data === "end" ? "event: done\ndata: {}\n\n" : `event: delta\ndata: ${data}\n\n`;
  if (reply.response === undefined) reply.waiting += event;
  else reply.response.write(event);
  if (data === "end" && reply.response !== undefined) end(id, reply.response);
});

const app = express();
app.disable("x-powered-by");
app.use(express.json());
app.post("/chat", async (req, res) => {
  const { conversationId, message, follow = false } = req.body as FloorRequest;
  const id = randomUUID();
  if (follow) replies.set(id, { waiting: "" });
  await store.insert(conversationId, "user", message);
  await queue.add("chat", { id, conversationId, message, ...(follow && { channel }) });
  res.status(202).json({ id });
});
app.get("/events/:id", (req, res) => {
  const reply = replies.get(req.params.id);
  if (reply === undefined) return void res.status(404).end();
  res.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  res.flushHeaders();
  if (reply.waiting !== "") res.write(reply.waiting);
  if (reply.waiting.includes("event: done")) return end(req.params.id, res);
  reply.response = res;
});
app.get("/history/:id", async (req, res) => {
  res.json({ messages: await store.newest(req.params.id) });
});

createServer(app).listen({ port: Number(process.env["PORT"]), host: "127.0.0.1", backlog: 4096 }, ready);

function end(id: string, response: Response): void {
  response.end();
  replies.delete(id);
}
