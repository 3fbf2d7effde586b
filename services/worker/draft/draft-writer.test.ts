import { v7 } from "uuid";
import { beforeAll, describe, expect, it } from "vitest";
import type { Delta, Live } from "../../../shared/live/live.ts";
import { jobStores, openJobsOnRedis, type TestJobContext } from "../../../shared/testing/fixtures/job-context.ts";
import { quietLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { redisAvailable } from "../../../shared/testing/stores/redis.ts";
import { DraftWriter } from "./draft-writer.ts";

type Store = Pick<Live, "append" | "rewrite" | "readDraft" | "dropDraft">;

interface Write {
  at: number;
  append?: Pick<Delta, "offset" | "text">;
  rewrite?: string;
}

/** A writer and all that it writes. */
function openWriter(live: Store, { isMine = async () => true }: { isMine?: () => Promise<boolean> } = {}) {
  const jobId = v7();
  const writes: Write[] = [];
  const lost: number[] = [];
  const writer = new DraftWriter({
    live: {
      append: ({ offset, text, ...draft }) => {
        writes.push({ at: performance.now(), append: { offset, text } });
        return live.append({ ...draft, offset, text });
      },
      rewrite: (draft) => {
        writes.push({ at: performance.now(), rewrite: draft.text });
        return live.rewrite(draft);
      },
    },
    jobId,
    attempt: 1,
    isMine,
    onLost: () => lost.push(performance.now()),
    log: quietLog(),
  });
  return { writer, writes, lost, jobId, read: () => readText(live, jobId) };
}

async function readText(live: Store, jobId: string): Promise<string | undefined> {
  const draft = await live.readDraft(jobId, 1, 0).catch(() => undefined);
  return draft?.bytes.toString();
}

/** Changes that a test waits for take milliseconds. */
const quickly = { interval: 5, timeout: 5000 };

describe.each(jobStores)("draft of a reply on $name", ({ available, openJobs }) => {
  describe.runIf(available)("while it is written", () => {
    let context: TestJobContext;

    beforeAll(async () => {
      context = await openJobs();
      return () => context[Symbol.asyncDispose]();
    });

    it("stores the first delta at once and joins those of the next 40 ms", async () => {
      const { writer, writes, read } = openWriter(context.live);
      writer.push("né");
      expect(writes).toHaveLength(1);
      for (const piece of ["a", "漢", "", "🙂"]) writer.push(piece);
      await expect.poll(read, quickly).toBe("néa漢🙂");
      expect(writes.map(({ append }) => append)).toEqual([
        { offset: 0, text: "né" },
        { offset: 3, text: "a漢🙂" },
      ]);
      const [first, second] = writes;
      // A timer may come a millisecond early.
      expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(38);
      await writer.close();
    });

    it("is rewritten whole when the store lost it, and continues from there", async () => {
      const { writer, writes, jobId, read } = openWriter(context.live);
      writer.push("one ");
      await expect.poll(read, quickly).toBe("one ");
      await context.live.dropDraft(jobId, 1);
      writer.push("two ");
      await expect.poll(read, quickly).toBe("one two ");
      writer.push("three");
      await expect.poll(read, quickly).toBe("one two three");
      expect(writes.map(({ append, rewrite }) => append?.text ?? `= ${rewrite}`)).toEqual([
        "one ",
        "two ",
        "= one two ",
        "three",
      ]);
      await writer.close();
    });

    it("stops once another run holds the job, reported once; the text itself keeps growing", async () => {
      let mine = true;
      const { writer, writes, lost, jobId, read } = openWriter(context.live, { isMine: async () => mine });
      writer.push("one ");
      await expect.poll(read, quickly).toBe("one ");
      mine = false;
      await context.live.dropDraft(jobId, 1);
      writer.push("two ");
      await expect.poll(() => lost.length, quickly).toBe(1);
      writer.push("three");
      await writer.close();
      expect(lost).toHaveLength(1);
      expect(writes).toHaveLength(2);
      expect(await read()).toBeUndefined();
      expect(writer.text).toBe("one two three");
    });

    it("is whole in the end, whatever the store loses or refuses", async () => {
      const pieces = Array.from("A reply: né 漢字 🙂 which takes some while to be told.");
      let calls = 0;
      // Every third call fails, every other of those after it was carried out: a time limit looks like this.
      const shaky = async <T>(call: () => Promise<T>): Promise<T> => {
        calls += 1;
        if (calls % 3 !== 0) return call();
        if (calls % 2 === 0) await call();
        throw new Error("no answer in time");
      };
      const store: Store = {
        append: (delta) => shaky(() => context.live.append(delta)),
        rewrite: (draft) => shaky(() => context.live.rewrite(draft)),
        readDraft: (...args) => context.live.readDraft(...args),
        dropDraft: (...args) => context.live.dropDraft(...args),
      };
      const { writer, jobId, read, writes } = openWriter(store);
      for (const [index, piece] of pieces.entries()) {
        const before = writes.length;
        writer.push(piece);
        if (index % 8 !== 0) continue;
        if (index % 16 === 0) await context.live.dropDraft(jobId, 1);
        await expect.poll(() => writes.length, quickly).toBeGreaterThan(before);
      }
      await expect.poll(read, quickly).toBe(pieces.join(""));
      await writer.close();
    });

    it("ends at once when closed, during a pause too, and writes nothing afterwards", async () => {
      const { writer, writes, read } = openWriter(context.live);
      writer.push("one ");
      writer.push("two ");
      await writer.close();
      await writer.close();
      writer.push("three");
      expect(writes.map(({ append }) => append?.text)).toEqual(["one "]);
      expect(await read()).toBe("one ");
      expect(writer.text).toBe("one two three");
    });

    it("is not written without text", async () => {
      const { writer, writes } = openWriter(context.live);
      writer.push("");
      await writer.close();
      expect(writes).toEqual([]);
    });
  });
});

describe.runIf(redisAvailable)("draft of a reply while Redis is down", () => {
  it("does not delay the reply and is restored once Redis is back, even without new text", async () => {
    await using context = await openJobsOnRedis();
    const { writer, writes, lost, read } = openWriter(context.live);
    writer.push("one ");
    await expect.poll(read, quickly).toBe("one ");
    await context.redis.kill();
    writer.push("two");
    await expect.poll(() => writes.length, quickly).toBeGreaterThan(2);
    await context.redis.restart();
    await expect.poll(read, quickly).toBe("one two");
    expect(lost).toEqual([]);
    await writer.close();
  });

  it("can be closed within the time limit of one call", async () => {
    await using context = await openJobsOnRedis();
    const { writer } = openWriter(context.live);
    context.redis.pause();
    writer.push("one");
    const began = performance.now();
    await writer.close();
    expect(performance.now() - began).toBeLessThan(1000);
    context.redis.resume();
  });
});
