import { afterAll, beforeAll, expect, it } from "vitest";
import type { QueueBackend } from "../../../shared/queue/backend.ts";
import { createQueueBackend } from "../../../shared/queue/create-backend.ts";
import { type JobQueue, openJobQueue } from "../../../shared/queue/job-queue.ts";
import { quietLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { openTcpGate, type TcpGate } from "../../../shared/testing/processes/tcp-gate.ts";
import { ApiClient } from "../harness/api-client.ts";
import type { Backend, Product } from "../harness/product.ts";
import { echoOf, heldReply, messageOf } from "../harness/scripted-provider.ts";
import { eventually, onEachBackend } from "../harness/suite.ts";

/** Far below the time after which the reconciler would find a job that was lost. */
const promptMs = 9000;

onEachBackend("a process that dies between two steps", { workers: 0 }, (product, backend) => {
  let store: QueueBackend;
  let queue: JobQueue;

  beforeAll(async () => {
    const { redis, databaseUrl } = product();
    store = await createQueueBackend({ redisUrl: redis?.url, databaseUrl, log: quietLog() });
    queue = await openJobQueue(store, quietLog());
  });
  afterAll(async () => {
    await queue?.close();
    await store?.close();
  });
  const knows = async (jobId: string) => (await queue.bull.getJob(jobId)) !== undefined;

  it("leaves a committed message without a queue entry, which is found and answered", async () => {
    const { client, provider, query, startApi, startWorker } = product();
    await using way = await openQueueWay(product(), backend);
    const doomed = await startApi(way.env);
    way.gate.freeze();
    const chat = await new ApiClient(doomed.url).submit("Nobody told the queue");
    await doomed.kill();
    await way.gate.shut();
    expect(await knows(chat.jobId)).toBe(false);
    expect(await client.job(chat)).toMatchObject({ status: "queued", attempt: 0 });

    const worker = await startWorker();
    expect(await overdue(query, chat.jobId)).toBe(false);
    await fallDue(query, chat.jobId);
    expect(await client.ended(chat)).toMatchObject({ status: "completed", attempt: 1 });
    expect(provider.calls.filter((call) => messageOf(call) === "Nobody told the queue")).toHaveLength(1);
    await worker.kill();
  });

  it("leaves a stored reply as the only one, and the next message is answered", async () => {
    const { client, provider, query, startWorker } = product();
    await using way = await openQueueWay(product(), backend);
    const doomed = await startWorker(way.env);
    const { script, release } = heldReply("Stored,", " and nobody was told");
    provider.answer("Store me and die", script);
    const chat = await client.submit("Store me and die");
    const next = await client.submit("Behind the stored one", { to: chat });
    await provider.called("Store me and die");
    way.gate.freeze();
    release();
    await eventually("the reply is stored", () => hasEnded(query, chat.jobId));
    await doomed.kill();
    await way.gate.shut();
    expect(await knows(next.jobId)).toBe(false);

    const worker = await startWorker();
    // Delivery that the queue makes of the entry that died with its worker.
    await queue.enqueueDuplicate([{ id: chat.jobId, attempt: 1 }]);
    await fallDue(query, next.jobId);
    expect(await client.ended(next)).toMatchObject({ status: "completed", attempt: 1 });
    await eventually("the stray delivery is dropped", () => isDone(queue, `${chat.jobId}.1`));
    const history = (await client.history(chat)).messages.map(({ text }) => text);
    expect(history).toEqual([
      "Store me and die",
      "Stored, and nobody was told",
      "Behind the stored one",
      echoOf("Behind the stored one"),
    ]);
    expect(provider.calls.filter((call) => messageOf(call) === "Store me and die")).toHaveLength(1);
    await worker.kill();
  });

  it("stores a reply once whose confirmation was lost, and hands over the next message", async () => {
    const { client, provider, query, startWorker, databaseUrl } = product();
    await using ends = await openTcpGate(databaseUrl, { only: "end-job" });
    const worker = await startWorker({ DATABASE_URL: ends.url });
    const { script, release } = heldReply("Was it", " stored?");
    provider.answer("No answer", script);
    const chat = await client.submit("No answer");
    await provider.called("No answer");
    const next = await client.submit("Behind the unanswered", { to: chat });
    ends.freeze("answers");
    release();
    await eventually("the reply is stored", () => hasEnded(query, chat.jobId));
    const beganAt = performance.now();
    await eventually("the worker has given up waiting", () => worker.output.includes("PostgreSQL is down"));
    ends.thaw();
    expect(await client.ended(next)).toMatchObject({ status: "completed", attempt: 1 });
    expect(performance.now() - beganAt).toBeLessThan(promptMs);
    expect((await client.history(chat)).messages).toHaveLength(4);
    await worker.kill();
  });

  it("loses a last event in flight, which the client reads at another process", async () => {
    const { client, provider, startApi, startWorker } = product();
    const [doomed, worker] = await Promise.all([startApi(), startWorker()]);
    await using wire = await openTcpGate(doomed.url);
    const { script, release } = heldReply("Read this, é😀", " but not that");
    provider.answer("Hang up", script);
    const chat = await client.submit("Hang up");
    const stream = await (await new ApiClient(wire.url.replace(/\/$/, "")).events(chat)).untilText("Read this, é😀");
    const witness = await new ApiClient(doomed.url).events(chat);
    wire.freeze("answers");
    release();
    await witness.ended;
    await doomed.kill();
    await wire.shut();
    await expect(stream.ended).rejects.toThrow();
    expect(stream.terminal).toBeUndefined();

    const resumed = await client.events(chat, { lastEventId: stream.lastEventId, text: stream.text });
    await resumed.ended;
    expect(resumed.names).not.toContain("reset");
    expect(resumed.of("delta").map(({ text }) => text)).toEqual([" but not that"]);
    expect(resumed.terminal).toMatchObject({ event: "done", data: { reply: { text: resumed.text } } });
    await worker.kill();
  });

  it("causes deliveries of jobs that ended or are being answered, which are dropped", async () => {
    const { client, provider, query, startWorker } = product();
    const worker = await startWorker();
    const completed = await client.submit("Completed long ago");
    await client.ended(completed);
    const cancelled = await client.submit("Cancelled long ago");
    await client.ended(cancelled);
    await query("update jobs set status = 'cancelled', error_code = 'cancelled' where id = $1", [cancelled.jobId]);
    const { script, release } = heldReply("Being", " answered");
    provider.answer("Deliver me twice", script);
    const active = await client.submit("Deliver me twice");
    await provider.called("Deliver me twice");
    const before = await query("select id, status, run, attempt, finished_at from jobs order by id");

    const strays = [completed, cancelled, active].map(({ jobId }) => ({ id: jobId, attempt: 7 }));
    await queue.enqueueDuplicate(strays);
    for (const { id, attempt } of strays.slice(0, 2)) {
      await eventually("the delivery is dropped", () => isDone(queue, `${id}.${attempt}`));
    }
    await eventually("the delivery is put off", async () => {
      return (await queue.bull.getJobState(`${active.jobId}.7`)) === "delayed";
    });
    expect(await query("select id, status, run, attempt, finished_at from jobs order by id")).toEqual(before);
    release();
    expect(await client.ended(active)).toMatchObject({ status: "completed", attempt: 1 });
    expect(provider.calls.filter((call) => messageOf(call) === "Deliver me twice")).toHaveLength(1);
    await worker.kill();
  });
});

/** A process' own way to the queue, and to nothing else that its rows need. */
async function openQueueWay(
  { databaseUrl, redis }: Product,
  backend: Backend,
): Promise<AsyncDisposable & { gate: TcpGate; env: Record<string, string> }> {
  const gate =
    backend === "redis" ? await openTcpGate(redis?.url ?? "") : await openTcpGate(databaseUrl, { only: "search_path" });
  const env = backend === "redis" ? { REDIS_URL: gate.url } : { DATABASE_URL: gate.url };
  return { gate, env, [Symbol.asyncDispose]: () => gate.shut() };
}

type Query = Product["query"];

async function hasEnded(query: Query, jobId: string): Promise<boolean> {
  return (await query("select from jobs where id = $1 and finished_at is not null", [jobId])).length === 1;
}

async function overdue(query: Query, jobId: string): Promise<boolean> {
  return (await query("select from jobs where id = $1 and due_at < now()", [jobId])).length === 1;
}

/** As time does, after a lease. */
async function fallDue(query: Query, jobId: string): Promise<void> {
  await query("update jobs set due_at = now() where id = $1 and status = 'queued'", [jobId]);
}

async function isDone(queue: JobQueue, entryId: string): Promise<boolean> {
  return (await queue.bull.getJobState(entryId)) === "completed";
}
