import fc from "fast-check";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { raiseAttempt } from "../../../shared/db/jobs/claim.ts";
import { cancelQueuedJob, type JobEnd } from "../../../shared/db/jobs/end.ts";
import { readJob } from "../../../shared/db/jobs/read-job.ts";
import { cancelJob } from "../../../shared/jobs/cancel-job.ts";
import { deleteConversation } from "../../../shared/jobs/delete-conversation.ts";
import { endJob as endAndTell } from "../../../shared/jobs/end-job.ts";
import type { EventName, JobEvent } from "../../../shared/protocol/events.ts";
import { claim, completed, startConversation } from "../../../shared/testing/fixtures/conversations.ts";
import { jobStores, openJobsOnRedis, type TestJobContext } from "../../../shared/testing/fixtures/job-context.ts";
import { redisAvailable } from "../../../shared/testing/stores/redis.ts";
import { followJob, parseCursor } from "./follow-job.ts";
import { JobWatch } from "./watch-job.ts";

/** One, two, three and four bytes to a character, and joined ones. */
const text = "a: né 漢字 🙂 👩‍👧 ok";

/** State that a browser's EventSource and a page behind it keep of a stream. */
class Client {
  readonly events: EventName[] = [];
  readonly deltaBytes: number[] = [];
  text = "";
  lastEventId: string | undefined;

  hear({ event, data, id }: JobEvent): void {
    // Queue positions are sent periodically: their number depends on the duration of the test.
    if (event === "status" && data.position !== undefined) return;
    this.events.push(event);
    if (id !== undefined) this.lastEventId = id;
    if (event === "reset") this.text = "";
    if (event !== "delta") return;
    this.text += data.text;
    this.deltaBytes.push(Buffer.byteLength(data.text));
    if (data.offset !== Buffer.byteLength(this.text)) throw new Error(`${data.offset} is not the length of the text`);
  }
}

interface Stream {
  client: Client;
  /** The last event; resolves when the stream is over. */
  over: Promise<JobEvent | undefined>;
  leave: () => void;
}

/** Another process of the API, as far as streams go. */
function openStreams(jobs: TestJobContext) {
  const sources = { ...jobs, watch: new JobWatch({ pool: jobs.db.pool, live: jobs.live, log: jobs.log }) };
  /** Follows a job until its end, or until `leaveAfter` events. */
  return (jobId: string, client = new Client(), leaveAfter = Number.POSITIVE_INFINITY): Stream => {
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    const read = async () => {
      const watcher = await sources.watch.open(jobId, stop.signal);
      const row = await readJob(jobs.db.pool, jobId);
      if (!row) return undefined;
      const events = followJob(sources, { watcher, row, from: parseCursor(client.lastEventId) });
      let last: JobEvent | undefined;
      let count = 0;
      for await (const event of events) {
        client.hear(event);
        last = event;
        if ((count += 1) >= leaveAfter) stop.abort();
      }
      return last;
    };
    return { client, over: read(), leave: () => stop.abort() };
  };
}

function resumedAt(lastEventId: string, shown: string): Client {
  const client = new Client();
  client.lastEventId = lastEventId;
  client.text = shown;
  return client;
}

const quickly = { interval: 5, timeout: 5000 };

describe("last event id", () => {
  it.each([
    [undefined, undefined],
    ["", undefined],
    ["1:1", { attempt: 1, bytes: 1 }],
    ["12:3456", { attempt: 12, bytes: 3456 }],
    ["999999999:999999999", { attempt: 999_999_999, bytes: 999_999_999 }],
  ])("%j means %j", (id, expected) => {
    expect(parseCursor(id)).toEqual(expected);
  });

  it.each([
    "1",
    "1:",
    ":1",
    "1:0",
    "0:1",
    "01:1",
    "1:01",
    "-1:1",
    "1:1.5",
    "1:1 ",
    "1:1000000000",
    "end",
    "1:1:1",
    "१:१",
  ])("%j is none of ours", (id) => {
    expect(parseCursor(id)).toBe("unknown");
  });
});

describe.each(jobStores)("following a job on $name", ({ available, openJobs }) => {
  describe.runIf(available)("until its end", () => {
    let jobs: TestJobContext;
    let follow: ReturnType<typeof openStreams>;

    beforeAll(async () => {
      jobs = await openJobs();
      follow = openStreams(jobs);
      return () => jobs[Symbol.asyncDispose]();
    });

    const submit = () => startConversation(jobs.db.pool);

    /** Claims a job and writes a draft, as a worker does. */
    async function write(jobId: string, ...pieces: string[]) {
      const job = await claim(jobs.db.pool, jobId);
      await jobs.live.hintChange(jobId);
      await append(jobId, job.attempt, pieces);
      return job;
    }

    async function append(jobId: string, attempt: number, pieces: string[], from = 0) {
      let offset = from;
      for (const piece of pieces) {
        await jobs.live.append({ jobId, attempt, offset, text: piece });
        offset += Buffer.byteLength(piece);
      }
    }

    it("sends each change, each delta, and the end with the whole job", async () => {
      const { id } = await submit();
      const { client, over } = follow(id);
      await expect.poll(() => client.events, quickly).toEqual(["status"]);
      const job = await write(id, "a: né ", "漢字");
      await expect.poll(() => client.text, quickly).toBe("a: né 漢字");
      await append(id, 1, [" 🙂"], Buffer.byteLength("a: né 漢字"));
      await endAndTell(jobs, job, completed("a: né 漢字 🙂 👩‍👧 ok"));
      expect(await over).toMatchObject({
        event: "done",
        id: "end",
        data: { jobId: id, status: "completed", reply: { text } },
      });
      expect(client.text).toBe(text);
      expect(client.events.filter((event) => event !== "delta")).toEqual(["status", "status", "done"]);
    });

    it("sends everything at once to a client that connects in the middle or after the end", async () => {
      const { id } = await submit();
      const job = await write(id, ...Array.from(text));
      const middle = follow(id);
      await expect.poll(() => middle.client.text, quickly).toBe(text);
      expect(middle.client.events).toEqual(["status", "delta"]);
      await endAndTell(jobs, job, completed(text));
      const after = follow(id);
      expect(await after.over).toMatchObject({ event: "done" });
      expect(after.client.events).toEqual(["status", "delta", "done"]);
      expect(after.client.text).toBe(text);
    });

    it("sends a long text in pieces, so that many readers at once hold up nobody, and the end as one object", async () => {
      const long = "漢字🙂".repeat(20_000);
      const { id } = await submit();
      const job = await write(id, long);
      const middle = follow(id);
      await expect.poll(() => middle.client.text.length, quickly).toBe(long.length);
      await endAndTell(jobs, job, completed(long));
      const both = [follow(id), follow(id)];
      const [first, second] = await Promise.all(both.map(({ over }) => over));
      expect(first).toBe(second);
      for (const { client } of [middle, ...both]) {
        expect(client.text).toBe(long);
        expect(Math.max(...client.deltaBytes)).toBeLessThanOrEqual(32 * 1024);
      }
    });

    it.each(["while it is written", "after the end"])(
      "goes on at any byte between two characters, and begins anew at any other, %s",
      async (when) => {
        const { id } = await submit();
        const job = await write(id, text);
        if (when === "after the end") await endAndTell(jobs, job, completed(text));
        const bytes = Buffer.from(text);
        for (let offset = 1; offset <= bytes.length + 1; offset += 1) {
          const before = bytes.subarray(0, offset).toString();
          const issued = offset <= bytes.length && Buffer.byteLength(before) === offset && !before.includes("\ufffd");
          const { client, leave } = follow(id, resumedAt(`1:${offset}`, issued ? before : "whatever it had"));
          await expect.poll(() => client.text, quickly).toBe(text);
          leave();
          expect([offset, client.events.includes("reset")]).toEqual([offset, !issued]);
        }
      },
    );

    it("sends no reset when the job ends and its draft is deleted right after the row was read", async () => {
      const { id } = await submit();
      const job = await write(id, text);
      const stop = new AbortController();
      onTestFinished(() => stop.abort());
      const watch = new JobWatch({ pool: jobs.db.pool, live: jobs.live, log: jobs.log });
      const watcher = await watch.open(id, stop.signal);
      const row = await readJob(jobs.db.pool, id);
      if (!row) throw new Error("there is no row");
      await endAndTell(jobs, job, completed(`${text}!`));
      await jobs.live.dropDraft(id, 1);
      const client = resumedAt(`1:${Buffer.byteLength(text)}`, text);
      const from = parseCursor(client.lastEventId);
      for await (const event of followJob({ ...jobs, watch }, { watcher, row, from })) client.hear(event);
      expect(client.events).toEqual(["status", "delta", "done"]);
      expect(client.text).toBe(`${text}!`);
    });

    it.each(["0:0", "1:0", "2:5", "3:1", "9:9", "nonsense", "1:99999"])("begins anew after %s", async (lastEventId) => {
      const job = await submit();
      await claim(jobs.db.pool, job.id);
      await jobs.db.pool.query("update jobs set attempt = 4 where id = $1", [job.id]);
      await append(job.id, 4, [text]);
      const { client, over } = follow(job.id, resumedAt(lastEventId, "of an earlier attempt"));
      await expect.poll(() => client.text, quickly).toBe(text);
      expect(client.events).toEqual(["status", "reset", "delta"]);
      await endAndTell(jobs, { ...job, attempt: 4 }, completed(text));
      expect(await over).toMatchObject({ event: "done" });
      expect(client.text).toBe(text);
    });

    it("sends a reset when a new attempt begins, in the same run or another", async () => {
      const { id } = await submit();
      const { client, over } = follow(id);
      const job = await write(id, "a first try");
      await expect.poll(() => client.text, quickly).toBe("a first try");
      await raiseAttempt(jobs.db.pool, job, 1);
      await append(id, 2, ["a second", " try"]);
      await expect.poll(() => client.text, quickly).toBe("a second try");
      expect(client.events.filter((event) => event === "reset")).toHaveLength(1);
      await jobs.db.pool.query("update jobs set lease_until = null where id = $1", [id]);
      const last = await write(id, "a third try");
      await expect.poll(() => client.text, quickly).toBe("a third try");
      await endAndTell(jobs, last, completed("a third try, whole"));
      await over;
      expect(client.text).toBe("a third try, whole");
      expect(client.events.filter((event) => event === "reset")).toHaveLength(2);
    });

    it("sends the new attempt to a client that disconnected right after a reset", async () => {
      const { id } = await submit();
      await write(id, "a first try");
      await jobs.live.dropDraft(id, 1);
      const client = resumedAt("1:7", "a first");
      await follow(id, client, 2).over;
      expect(client.events).toEqual(["status", "reset"]);
      await jobs.live.rewrite({ jobId: id, attempt: 1, text: "a first try, whole" });
      const { leave } = follow(id, client);
      await expect.poll(() => client.text, quickly).toBe("a first try, whole");
      leave();
    });

    it("sends a reset when a job ends without a reply", async () => {
      for (const status of ["failed", "cancelled"] as const) {
        const { id } = await submit();
        const { client, over } = follow(id);
        const job = await write(id, "half an");
        await expect.poll(() => client.text, quickly).toBe("half an");
        await endAndTell(jobs, job, { status, errorCode: status === "failed" ? "deadline" : "cancelled" });
        expect(await over).toMatchObject({ event: status, id: "end" });
        expect(client.text).toBe("");
        expect(client.events.slice(-2)).toEqual(["reset", status]);
      }
    });

    it("keeps the text of a cancelled job", async () => {
      const { id, conversationId } = await submit();
      const { client, over } = follow(id);
      const job = await write(id, "half an");
      await cancelJob(jobs, { id, conversationId });
      const end: JobEnd = {
        status: "cancelled",
        errorCode: "cancelled",
        reply: { id: crypto.randomUUID(), text: "half an ans", finishReason: "cancelled", fallback: false },
      };
      await endAndTell(jobs, job, end);
      expect(await over).toMatchObject({ event: "cancelled", data: { reply: { text: "half an ans" } } });
      expect(client.text).toBe("half an ans");
      expect(client.events).not.toContain("reset");
    });

    it("ends without text when the conversation is deleted or a queued job is cancelled", async () => {
      const deleted = await submit();
      const cancelled = await submit();
      await write(deleted.id, "half an");
      const streams = [follow(deleted.id), follow(cancelled.id)];
      await expect.poll(() => streams[0]?.client.text, quickly).toBe("half an");
      await expect.poll(() => streams[1]?.client.events, quickly).toEqual(["status"]);
      await deleteConversation(jobs, deleted.conversationId);
      await cancelJob(jobs, cancelled);
      for (const { over, client } of streams) {
        expect(await over).toMatchObject({ event: "cancelled" });
        expect(client.text).toBe("");
      }
    });

    it("notices changes within seconds when hints are lost", async () => {
      const [claimed, cancelled] = [await submit(), await submit()];
      const [one, two] = [follow(claimed.id), follow(cancelled.id)];
      for (const { client } of [one, two]) await expect.poll(() => client.events, quickly).toEqual(["status"]);
      // No hint is sent for either.
      await claim(jobs.db.pool, claimed.id);
      await cancelQueuedJob(jobs.db.pool, cancelled);
      expect(await two.over).toMatchObject({ event: "cancelled" });
      await expect.poll(() => one.client.events, quickly).toEqual(["status", "status"]);
    });

    it("ends silently for a client that disconnected and for an unknown job", async () => {
      const { id } = await submit();
      const { client, over, leave } = follow(id);
      await expect.poll(() => client.events, quickly).toEqual(["status"]);
      leave();
      await over;
      expect(client.events).toEqual(["status"]);
      const never = follow(crypto.randomUUID());
      expect(await never.over).toBeUndefined();
      expect(never.client.events).toEqual([]);
    });

    it(
      "delivers the stored reply byte for byte over any number of reconnects and processes",
      { timeout: 60_000 },
      async () => {
        const otherProcess = openStreams(jobs);
        const pieces = fc.array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 }), {
          minLength: 1,
          maxLength: 12,
        });
        const patience = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 });
        await fc.assert(
          fc.asyncProperty(
            pieces,
            pieces,
            fc.array(patience, { minLength: 1, maxLength: 4 }),
            async (first, second, clients) => {
              const { id } = await submit();
              const job = await claim(jobs.db.pool, id);
              const followers = clients.map(async (visits, number) => {
                const client = new Client();
                for (const leaveAfter of visits) {
                  if (client.lastEventId === "end") break;
                  await (number % 2 === 0 ? follow : otherProcess)(id, client, leaveAfter).over;
                }
                if (client.lastEventId !== "end") await follow(id, client).over;
                return client.text;
              });
              await append(id, 1, first);
              await raiseAttempt(jobs.db.pool, job, 1);
              await jobs.live.hintChange(id);
              await append(id, 2, second);
              await endAndTell(jobs, { ...job, attempt: 2 }, completed(second.join("")));
              for (const shown of await Promise.all(followers)) expect(shown).toBe(second.join(""));
            },
          ),
          { numRuns: 15 },
        );
      },
    );
  });
});

describe.runIf(redisAvailable)("following a job while Redis is down", () => {
  it("sends changes and the whole reply from PostgreSQL", async () => {
    await using jobs = await openJobsOnRedis();
    const follow = openStreams(jobs);
    const { id } = await startConversation(jobs.db.pool);
    const before = follow(id);
    await expect.poll(() => before.client.events, quickly).toEqual(["status"]);
    await jobs.redis.kill();
    const during = follow(id);
    const job = await claim(jobs.db.pool, id);
    await endAndTell(jobs, job, completed(text));
    for (const { over, client } of [before, during]) {
      expect(await over).toMatchObject({ event: "done", data: { reply: { text } } });
      expect(client.text).toBe(text);
    }
  });

  it("continues with the draft once Redis is back", async () => {
    await using jobs = await openJobsOnRedis();
    const follow = openStreams(jobs);
    const { id } = await startConversation(jobs.db.pool);
    await claim(jobs.db.pool, id);
    await jobs.live.append({ jobId: id, attempt: 1, offset: 0, text: "né " });
    const { client, leave, over } = follow(id);
    await expect.poll(() => client.text, quickly).toBe("né ");
    await jobs.redis.kill();
    await jobs.redis.restart();
    await expect
      .poll(
        () =>
          jobs.live.rewrite({ jobId: id, attempt: 1, text: "né 漢字" }).then(
            () => true,
            () => false,
          ),
        quickly,
      )
      .toBe(true);
    await expect.poll(() => client.text, quickly).toBe("né 漢字");
    expect(client.events).not.toContain("reset");
    leave();
    await over;
  });
});
