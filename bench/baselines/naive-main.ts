import express from "express";
import { Redis } from "ioredis";
import { createServer } from "node:http";
import http from "node:http";
import { type FloorRequest, openStore, providerModel, ready, baselineRedisUrl } from "./floor-store.ts";

/**
 * Naive implementation: a handler that waits for the provider and answers with the whole reply. The newest 20 messages
 * are read from a cache. Both messages are stored when the reply is complete.
 */
const store = openStore();
const redis = new Redis(baselineRedisUrl, { maxRetriesPerRequest: null });
const agent = new http.Agent({ keepAlive: true, maxSockets: 8192 });
const cacheSeconds = 3600;

const app = express();
app.disable("x-powered-by");
app.use(express.json());
app.post("/chat", async (req, res) => {
  const { conversationId, message } = req.body as FloorRequest;
  const key = `history:${conversationId}`;
  const cached = await redis.lrange(key, 0, 19);
  const history =
    cached.length > 0
      ? cached.map((text): unknown => JSON.parse(text)).toReversed()
      : await store.newest(conversationId);
  const asked = { role: "user", content: message };
  const reply = await complete(JSON.stringify({ model: providerModel, messages: [...history, asked] }));
  await store.insert(conversationId, "user", message);
  await store.insert(conversationId, "assistant", reply);
  const answered = { role: "assistant", content: reply };
  await redis
    .multi()
    .lpush(key, JSON.stringify(asked), JSON.stringify(answered))
    .ltrim(key, 0, 19)
    .expire(key, cacheSeconds)
    .exec();
  res.json({ reply });
});

createServer(app).listen({ port: Number(process.env["PORT"]), host: "127.0.0.1", backlog: 4096 }, ready);

/** @throws if the provider does not answer with a reply */
function complete(body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const request = http.request(`${process.env["PROVIDER_URL"]}/v1/chat/completions`, {
      method: "POST",
      agent,
      headers,
    });
    request.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode !== 200) return reject(new Error(`the provider answered ${response.statusCode}`));
        const { choices } = JSON.parse(text) as { choices: { message: { content: string } }[] };
        resolve(choices[0]?.message.content ?? "");
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}
