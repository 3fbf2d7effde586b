import { Worker } from "bullmq";
import { Redis } from "ioredis";
import { floorQueue, ready, redisUrl } from "./floor-store.ts";

/** Jobs that do nothing: what the queue costs by itself. Asked for a total, it answers when it has done so many. */
let done = 0;
let total = Number.POSITIVE_INFINITY;

const worker = new Worker(
  floorQueue,
  async () => {
    done++;
    answerWhenDone();
  },
  {
    connection: new Redis(redisUrl, { maxRetriesPerRequest: null }),
    concurrency: 50,
    removeOnComplete: { count: 0 },
  },
);
await worker.waitUntilReady();
process.on("message", (message: { total: number }) => {
  ({ total } = message);
  answerWhenDone();
});
ready();

function answerWhenDone(): void {
  if (done < total) return;
  total = Number.POSITIVE_INFINITY;
  process.send?.("done");
}
