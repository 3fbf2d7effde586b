import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createLive } from "../../../shared/live/create-live.ts";
import { changeMessage, encodeDelta } from "../../../shared/live/hints.ts";
import type { Hint, Live } from "../../../shared/live/live.ts";
import { openTcpGate, type TcpGate } from "../../../shared/testing/processes/tcp-gate.ts";
import { ApiClient } from "../harness/api-client.ts";
import type { Backend, Product } from "../harness/product.ts";
import { heldReply } from "../harness/scripted-provider.ts";
import { eventually, onEachBackend } from "../harness/suite.ts";
import { openTestPool } from "../../../shared/testing/stores/postgres.ts";

/** A worker reads cancels once a second, on a machine that may be busy. */
const cancelLimitMs = 4000;

onEachBackend("an event stream whose hints", { apis: 0, workers: 0 }, (product, backend) => {
  /** Gates that carry hints to the API, cancels to the worker, and all the worker sends to the live store. */
  let hints: TcpGate;
  let cancels: TcpGate;
  let writes: TcpGate;
  let client: ApiClient;
  let own: HintSource;

  beforeAll(async () => {
    const url = backend === "redis" ? (product().redis?.url ?? "") : product().databaseUrl;
    const variable = backend === "redis" ? "REDIS_URL" : "DATABASE_URL";
    const only = backend === "redis" ? "subscribe" : "parley-live";
    hints = await openTcpGate(url, { only });
    writes = await openTcpGate(url);
    cancels = await openTcpGate(writes.url, { only });
    const [api] = await Promise.all([
      product().startApi({ [variable]: hints.url }),
      product().startWorker({ [variable]: cancels.url }),
    ]);
    client = new ApiClient(api.url);
    own = await openHintSource(product(), backend);
  });
  afterAll(async () => {
    await own?.[Symbol.asyncDispose]();
    await Promise.all([hints, cancels, writes].map((gate) => gate?.shut()));
  });

  it(
    "are lost or late, even the last one and a cancel, delivers everything within seconds",
    { timeout: 40_000 },
    async () => {
      const { provider } = product();
      const parts = ["One, é😀 ", "two, ", "three, ", "four."];
      const gates = parts.map(() => Promise.withResolvers<void>());
      provider.answer("Lose my hints", {
        steps: parts.flatMap((part, index) => [part, { until: gates[index]?.promise ?? Promise.resolve() }]),
      });
      provider.answer("Lose my cancel", heldReply("So far").script);
      const [chat, stopped] = await Promise.all([client.submit("Lose my hints"), client.submit("Lose my cancel")]);
      const [stream, stopping] = await Promise.all([client.events(chat), client.events(stopped)]);
      await Promise.all([stream.untilText("One, é😀 "), stopping.untilText("So far")]);

      hints.freeze();
      cancels.freeze();
      gates[0]?.resolve();
      const askedAt = performance.now();
      expect((await client.cancel(stopped)).status).toBe(202);
      const call = await provider.called("Lose my cancel");
      expect((await call.ended).how).toBe("disconnected");
      expect(performance.now() - askedAt).toBeLessThan(cancelLimitMs);
      await Promise.all([stream.untilText("One, é😀 two, "), stopping.ended]);
      expect(stopping.terminal).toMatchObject({ event: "cancelled", data: { reply: { text: "So far" } } });

      // Late: what they tell is known by now.
      hints.thaw();
      cancels.thaw();
      gates[1]?.resolve();
      await stream.untilText("One, é😀 two, three, ");
      hints.freeze();
      gates[2]?.resolve();
      gates[3]?.resolve();
      await stream.ended;
      hints.thaw();
      expect(stream.text).toBe(parts.join(""));
      expect(stream.terminal).toMatchObject({ event: "done", data: { attempt: 1, reply: { text: parts.join("") } } });
      expect(stream.names).not.toContain("reset");
    },
  );

  it("arrive twice, in any order, or false, shows every byte once", async () => {
    const { provider } = product();
    const broken = Promise.withResolvers<void>();
    const rest = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    provider.answer(
      "Lie to me",
      { steps: ["First ", { waitMs: 60 }, "attempt, é😀", { until: broken.promise }, { cut: true }] },
      {
        steps: ["Second ", { waitMs: 60 }, "attempt, 漢字", { until: rest.promise }, " and on", { until: end.promise }],
      },
    );
    const chat = await client.submit("Lie to me");
    const recorded = await own.record(chat.jobId);
    const stream = await client.events(chat);
    await stream.untilText("First attempt, é😀");
    const lies = [
      encodeDelta({ attempt: 1, offset: 99, text: "from nowhere" }),
      encodeDelta({ attempt: 2, offset: 0, text: "not yet" }),
      encodeDelta({ attempt: 1, offset: 3 }),
      changeMessage,
      "from a newer version",
    ];
    const repeat = async () => {
      for (const message of [...recorded, ...recorded.toReversed(), ...lies]) await own.send(chat.jobId, message);
      for (let time = 0; time < 3; time += 1) await own.live.hintCancel(chat.jobId);
    };
    await repeat();
    broken.resolve();
    await stream.untilText("Second attempt, 漢字");
    // Those of the dead attempt, too.
    await repeat();
    rest.resolve();
    await stream.untilText("Second attempt, 漢字 and on");
    await repeat();
    const late = await (await client.events(chat)).untilText("Second attempt, 漢字 and on");
    await repeat();
    end.resolve();
    await Promise.all([stream.ended, late.ended]);
    for (const { text, terminal } of [stream, late]) {
      expect(text).toBe("Second attempt, 漢字 and on");
      expect(terminal).toMatchObject({ event: "done", data: { attempt: 2, reply: { text } } });
    }
    expect(stream.of("reset")).toEqual([{ attempt: 2 }]);
    expect(late.names).not.toContain("reset");
  });

  it("point to a missing draft is complete again with the next text", async () => {
    const { provider } = product();
    const { script, release } = heldReply("Written before,", " and after, 😀");
    const end = Promise.withResolvers<void>();
    provider.answer("Lose my draft", { steps: [...(script.steps ?? []), { until: end.promise }] });
    const chat = await client.submit("Lose my draft");
    const stream = await (await client.events(chat)).untilText("Written before,");
    await own.live.dropDraft(chat.jobId, 1);
    const early = await client.events(chat);
    release();
    await stream.untilText("Written before, and after, 😀");
    const late = await client.events(chat, { lastEventId: "1:15", text: "Written before," });
    await Promise.all([early, late].map((each) => each.untilText("Written before, and after, 😀")));
    end.resolve();
    for (const each of [stream, early, late]) {
      await each.ended;
      expect(each.names).not.toContain("reset");
      expect(each.text).toBe("Written before, and after, 😀");
      expect(each.terminal).toMatchObject({ event: "done", data: { attempt: 1 } });
    }
  });

  it("belong to text that its worker sent twice, over another connection, shows it once", async () => {
    const { provider } = product();
    const steps = [" once", " and no more", " than once."].map((text) => ({
      text,
      gate: Promise.withResolvers<void>(),
    }));
    provider.answer("Say it twice", {
      steps: ["Said", ...steps.flatMap(({ text, gate }) => [{ until: gate.promise }, text])],
    });
    const chat = await client.submit("Say it twice");
    const stream = await (await client.events(chat)).untilText("Said");
    // Its worker sends the next text after the answer to this one.
    await eventually("the worker knows that it is stored", () => !writes.isUnanswered("Said"));
    writes.freeze("answers");
    steps[0]?.gate.resolve();
    await stream.untilText("Said once");
    await writes.shut();
    steps[1]?.gate.resolve();
    await writes.reopen();
    writes.thaw();
    await stream.untilText("Said once and no more");
    const fresh = await (await client.events(chat)).untilText("Said once and no more");
    steps[2]?.gate.resolve();
    for (const each of [stream, fresh]) {
      await each.ended;
      expect(each.names).not.toContain("reset");
      expect(each.terminal).toMatchObject({
        data: { attempt: 1, reply: { text: "Said once and no more than once." } },
      });
    }
  });
});

/** Hints past the product: those of a job as they come, and any other. */
interface HintSource extends AsyncDisposable {
  live: Live;
  /** Fills with the deltas of a job, as they travel. */
  record(jobId: string): Promise<readonly string[]>;
  send(jobId: string, message: string): Promise<void>;
}

async function openHintSource({ databaseUrl, redis }: Product, backend: Backend): Promise<HintSource> {
  const pool = openTestPool(databaseUrl, 2);
  const publisher = redis && new Redis(redis.url);
  const redisUrl = backend === "redis" ? redis?.url : undefined;
  const live = await createLive({ redisUrl, databaseUrl, pool, onError: () => undefined });
  return {
    live,
    async record(jobId) {
      const messages: string[] = [];
      await live.listen(jobId, (hint: Hint) => {
        if (hint.type === "delta") messages.push(encodeDelta(hint));
      });
      return messages;
    },
    async send(jobId, message) {
      if (publisher) await publisher.publish(`parley:live:{${jobId}}`, message);
      else await pool.query("select pg_notify('parley_live', $1)", [jobId + message]);
    },
    async [Symbol.asyncDispose]() {
      publisher?.disconnect();
      await live.close();
      await pool.end();
    },
  };
}
