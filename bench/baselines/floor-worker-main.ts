import { Worker } from "bullmq";
import { Redis } from "ioredis";
import http from "node:http";
import { type FloorJob, floorQueue, openStore, providerModel, ready, baselineRedisUrl } from "./floor-store.ts";

/** Receiving half of the floor: one SELECT, the streamed call, a publish per read, one INSERT. */
const store = openStore();
const publisher = new Redis(baselineRedisUrl, { maxRetriesPerRequest: null });
const agent = new http.Agent({ keepAlive: true, maxSockets: 8192 });
const concurrency = 6000;

const worker = new Worker<FloorJob>(
  floorQueue,
  async ({ data: { id, conversationId, message, channel } }) => {
    const messages = [...(await store.newest(conversationId)), { role: "user", content: message }];
    let text = "";
    await stream(JSON.stringify({ model: providerModel, stream: true, messages }), (delta) => {
      text += delta;
      if (channel !== undefined) void publisher.publish(channel, `${id}|${JSON.stringify({ t: delta })}`);
    });
    await store.insert(conversationId, "assistant", text);
    if (channel !== undefined) void publisher.publish(channel, `${id}|end`);
  },
  {
    connection: new Redis(baselineRedisUrl, { maxRetriesPerRequest: null }),
    concurrency,
    removeOnComplete: { count: 0 },
  },
);
await worker.waitUntilReady();
ready();

function stream(body: string, onDelta: (text: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const request = http.request(`${process.env["PROVIDER_URL"]}/v1/chat/completions`, {
      method: "POST",
      agent,
      headers,
    });
    request.on("response", (response) => {
      let unread = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        unread += chunk;
        const [delta, rest] = readEvents(unread);
        unread = rest;
        if (delta !== "") onDelta(delta);
      });
      response.on("end", resolve);
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** @returns the text of the complete events, and the rest */
function readEvents(text: string): [string, string] {
  let delta = "";
  let from = 0;
  for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n", from)) {
    const data = text.slice(from + "data: ".length, end);
    from = end + 2;
    if (data === "[DONE]") continue;
    const { choices } = JSON.parse(data) as { choices: { delta?: { content?: string } }[] };
    delta += choices[0]?.delta?.content ?? "";
  }
  return [delta, text.slice(from)];
}
