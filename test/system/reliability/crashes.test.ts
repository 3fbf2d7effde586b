import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { timeline } from "../../../shared/protocol/job.ts";
import type { SubmitResponse } from "../../../shared/protocol/submit.ts";
import { openTcpGate, type TcpGate } from "../../../shared/testing/processes/tcp-gate.ts";
import { ApiClient } from "../harness/api-client.ts";
import type { JobEventStream } from "../harness/event-stream.ts";
import type { ServiceProcess } from "../harness/processes.ts";
import type { Product } from "../harness/product.ts";
import { echoOf, heldReply, lastingReply, messageOf } from "../harness/scripted-provider.ts";
import { eventually, onEachBackend } from "../harness/suite.ts";
import { withSkewedClock } from "../harness/with-skewed-clock.ts";

/** A lease, the search for what nobody holds, and a busy machine. */
const takeOverLimitMs = 45_000;

/** A worker in the middle of one reply, which is all it can do at a time, and a visitor who watches. */
type HeldReply = ReturnType<typeof heldReply>;

interface MidReply {
  message: string;
  worker: ServiceProcess;
  chat: SubmitResponse;
  stream: JobEventStream;
  release: () => void;
}

const written = "Only half of it";

// One lease is waited for, by all of these together.
onEachBackend("a worker lost in mid-reply", { apis: 2, workers: 0 }, (product) => {
  let killed: MidReply;
  let frozen: MidReply;
  let network: TcpGate;
  let ends: TcpGate;
  let cutOff: MidReply;
  let ahead: MidReply;
  let terminated: MidReply;
  let cancelled: MidReply;
  let deadly: MidReply;
  const startOne = (env?: Record<string, string>) => product().startWorker({ WORKER_CONCURRENCY: "1", ...env });

  beforeAll(async () => {
    network = await openTcpGate(product().databaseUrl);
    ends = await openTcpGate(network.url, { only: "end-job" });
    // Each worker is busy with its own before the last one starts, which can do them all.
    cutOff = await beginReply(product(), "cut off", [await startOne({ DATABASE_URL: ends.url })], lastingReply("rest"));
    const aheadOfTime = await startOne(withSkewedClock(3_600_000));
    ahead = await beginReply(product(), "ahead", [aheadOfTime], lastingReply("rest"));
    const workers = await Promise.all(Array.from({ length: 5 }, () => startOne()));
    const begin = (message: string, reply?: HeldReply) => beginReply(product(), message, workers, reply);
    [killed, frozen, terminated, cancelled, deadly] = await Promise.all([
      begin("killed"),
      begin("frozen"),
      begin("terminated", lastingReply("")),
      begin("cancelled"),
      begin("deadly"),
    ]);
    frozen.worker.pause();
    await Promise.all([killed, ahead, cancelled, deadly].map(({ worker }) => worker.kill()));
    await product().startWorker();
  }, 60_000);

  afterAll(() => Promise.all([ends?.shut(), network?.shut()]));

  describe.concurrent("its job", { timeout: takeOverLimitMs }, () => {
    it("is answered once by another worker after a kill", async () => {
      const { client, apis } = product();
      const { message, chat, stream } = killed;
      const next = await client.submit("after the killed one", { to: chat });
      await stream.ended;

      expect(stream.of("reset")).toEqual([{ attempt: 2 }]);
      expect(stream.text).toBe(echoOf(message));
      expect(stream.terminal).toMatchObject({ event: "done", data: { attempt: 2, reply: { text: echoOf(message) } } });
      expect(callsFor(product(), message)).toHaveLength(2);
      await client.ended(next);
      expect(await texts(client, chat)).toEqual([
        message,
        echoOf(message),
        "after the killed one",
        echoOf("after the killed one"),
      ]);

      const fromBefore = await new ApiClient(apis[1]?.url ?? "").events(chat, { lastEventId: "1:4", text: "Only" });
      await fromBefore.ended;
      expect(fromBefore.names.filter((name) => name !== "status")).toEqual(["reset", "delta", "done"]);
      expect(fromBefore.text).toBe(echoOf(message));
    });

    it("is not written by the frozen worker that resumes beside another one", async () => {
      const { client, provider, query } = product();
      const { message, worker, chat, stream, release } = frozen;
      const another = heldReply("Another one", " has answered");
      provider.answer(message, another.script);
      await provider.called(message, 2);

      // The rest of its own reply is there for it to read.
      release();
      worker.resume();
      // It ends only when it has done with what it held.
      expect(await worker.stop()).toBe(0);
      expect(await client.job(chat)).toMatchObject({ status: "active", attempt: 2 });
      another.release();
      await stream.ended;
      expect(stream.text).toBe("Another one has answered");
      expect(stream.of("reset")).toEqual([{ attempt: 2 }]);
      expect(stream.terminal).toMatchObject({ event: "done", data: { attempt: 2, reply: { text: stream.text } } });
      expect(await texts(client, chat)).toEqual([message, "Another one has answered"]);
      expect(await query("select from drafts where job_id = $1", [chat.jobId])).toHaveLength(0);
    });

    it("is not ended by a statement of the disconnected worker that arrives beside another run", async () => {
      const { client, provider } = product();
      const { message, worker, chat, stream, release } = cutOff;
      const another = heldReply("Another one", " has answered");
      provider.answer(message, another.script);
      ends.freeze();
      release();
      await eventually("the end is on its way", () => ends.frozen > 0);
      network.freeze();
      await provider.called(message, 2);

      network.thaw();
      ends.thaw();
      expect(await worker.stop()).toBe(0);
      expect(await client.job(chat)).toMatchObject({ status: "active", attempt: 2 });
      another.release();
      await stream.ended;
      expect(stream.text).toBe("Another one has answered");
      expect(stream.terminal).toMatchObject({ event: "done", data: { attempt: 2, reply: { text: stream.text } } });
      expect(await texts(client, chat)).toEqual([message, "Another one has answered"]);
    });

    it("is answered soon by another worker although the clock of the killed one was an hour ahead", async () => {
      const { message, chat, stream } = ahead;
      await stream.ended;
      expect(stream.of("reset")).toEqual([{ attempt: 2 }]);
      expect(stream.terminal).toMatchObject({ event: "done", data: { attempt: 2, reply: { text: echoOf(message) } } });
      expect(await texts(product().client, chat)).toEqual([message, echoOf(message)]);
    });

    it("passes to another worker at once when its worker was asked to end and could not finish", async () => {
      const { client, provider } = product();
      const { message, worker, chat, stream } = terminated;
      const [first] = callsFor(product(), message);
      const exit = worker.stop();
      const second = await provider.called(message, 2);
      const letGo = await first?.ended;
      expect(letGo?.how).toBe("disconnected");
      expect(second.startedAt - (letGo?.at ?? 0)).toBeLessThan(3000);
      await stream.ended;
      expect(await exit).toBe(0);
      expect(stream.text).toBe(echoOf(message));
      expect(stream.of("reset")).toEqual([{ attempt: 2 }]);
      expect(await texts(client, chat)).toEqual([message, echoOf(message)]);
      const { body } = await client.request(`/api/jobs/${chat.jobId}/timeline`, { token: chat.token });
      const { events } = timeline.parse(body);
      expect(events.flatMap(({ event, attempt }) => (attempt === undefined ? [] : `${event} ${attempt}`))).toEqual([
        "started 1",
        "given_back 1",
        "started 2",
      ]);
    });

    it("can be cancelled while no worker has it, and keeps the text so far", async () => {
      const { client } = product();
      const { message, chat, stream } = cancelled;
      const next = await client.submit("after the cancelled one", { to: chat });
      expect((await client.cancel(chat)).status).toBe(202);
      expect((await client.cancel(chat)).status).toBe(202);
      await stream.ended;

      expect(stream.text).toBe(written);
      expect(stream.terminal).toMatchObject({
        event: "cancelled",
        data: { reply: { text: written, finishReason: "cancelled" }, error: { code: "cancelled" } },
      });
      expect(callsFor(product(), message)).toHaveLength(1);
      expect((await client.cancel(chat)).status).toBe(409);
      await client.ended(next);
      expect(await texts(client, chat)).toEqual([
        message,
        written,
        "after the cancelled one",
        echoOf("after the cancelled one"),
      ]);
    });

    it("fails after it killed its third worker", async () => {
      const { client, query } = product();
      const { message, chat, stream } = deadly;
      await query("update jobs set deaths = 2 where id = $1", [chat.jobId]);
      const next = await client.submit("after the deadly one", { to: chat });
      await stream.ended;

      expect(stream.terminal).toMatchObject({ event: "failed", data: { error: { code: "workers_died" } } });
      expect(stream.text).toBe("");
      expect(callsFor(product(), message)).toHaveLength(1);
      await client.ended(next);
      expect(await texts(client, chat)).toEqual([message, "after the deadly one", echoOf("after the deadly one")]);
    });
  });
});

async function beginReply(
  { client, provider, query }: Product,
  message: string,
  workers: readonly ServiceProcess[],
  { script, release } = heldReply(written, " and the rest"),
): Promise<MidReply> {
  provider.answer(message, script);
  const chat = await client.submit(message);
  const stream = await client.events(chat);
  await stream.until(({ text }) => text !== "" && (text === written || !written.startsWith(text)));
  const [run] = await query<{ worker: string }>("select worker from runs where job_id = $1", [chat.jobId]);
  const worker = workers.find(({ pid }) => run?.worker.endsWith(`:${pid}`));
  if (!worker) throw new Error(`${run?.worker} is none of ours`);
  return { message, worker, chat, stream, release };
}

function callsFor({ provider }: Product, message: string) {
  return provider.calls.filter((call) => messageOf(call) === message);
}

async function texts(client: ApiClient, chat: SubmitResponse): Promise<string[]> {
  return (await client.history(chat)).messages.map(({ text }) => text);
}
