import { Worker } from "bullmq";
import { Redis } from "ioredis";
import { floorQueue, ready, baselineRedisUrl } from "./floor-store.ts";

/** Worker with empty jobs: the bare cost of the queue. Asked for a total, it answers once that many jobs are done. */
let done = 0;
let total = Number.POSITIVE_INFINITY;

const worker = new Worker(
  floorQueue,
  async () => {
    done++;
    answerWhenDone();
  },
  {
    connection: new Redis(baselineRedisUrl, { maxRetriesPerRequest: null }),
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
