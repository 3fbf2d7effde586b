import { defaultSite } from "../../../shared/sites/default-site.ts";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { Lifecycle } from "../../../shared/process/lifecycle.ts";
import { createTestDatabase } from "../../../shared/testing/stores/postgres.ts";
import { quietLog, recordingLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { redisAvailable, startRedis } from "../../../shared/testing/stores/redis.ts";
import { openTcpGate } from "../../../shared/testing/processes/tcp-gate.ts";
import { openRateLimits, type RateLimits } from "./rate-limits.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

interface OpenOptions {
  siteId?: string;
  requests?: number;
  windowMs?: number;
  log?: ReturnType<typeof quietLog>;
}

/** A store behind a gate, and what opens the limits of one API process on it. */
async function openStore(backend: string) {
  const database = await createTestDatabase();
  cleanups.push(() => database.drop());
  const redis = backend === "Redis" ? await startRedis() : undefined;
  if (redis) cleanups.push(() => redis.stop());
  const gate = await openTcpGate(redis?.url ?? database.url);
  cleanups.push(() => gate.shut());
  const open = async ({
    siteId = defaultSite,
    requests = 10,
    windowMs = 60_000,
    log = quietLog(),
  }: OpenOptions = {}) => {
    const lifecycle = new Lifecycle(log);
    cleanups.push(() => lifecycle.close(1000));
    const config = {
      DATABASE_URL: redis ? database.url : gate.url,
      REDIS_URL: redis && gate.url,
      RATE_LIMIT_WINDOW_MS: windowMs,
      RATE_LIMIT_MAX_REQUESTS: requests,
      RATE_LIMIT_MAX_READS: 5,
      MAX_ACTIONS_PER_VISITOR: 5,
      MAX_ACTIONS_PER_ASSISTANT: 5,
    };
    return openRateLimits(config, { siteId, log, lifecycle });
  };
  return { gate, open };
}

async function countMany(limits: RateLimits, times: number, key: string): Promise<number> {
  const standings = await Promise.all(Array.from({ length: times }, () => limits.submissions.count(key)));
  return standings.filter(({ over }) => !over).length;
}

for (const { backend, available } of [
  { backend: "Redis", available: redisAvailable },
  { backend: "PostgreSQL", available: true },
]) {
  describe.skipIf(!available)(`rate limits on ${backend}`, () => {
    it("count each site apart", async () => {
      const store = await openStore(backend);
      const [first, other] = [await store.open({ requests: 1 }), await store.open({ siteId: "other", requests: 1 })];
      for (const limits of [first, other]) {
        expect(await limits.submissions.count("a")).toMatchObject({ over: false, remaining: 0 });
        expect(await limits.submissions.count("a")).toMatchObject({ over: true });
      }
    });

    it("allow up to the limit, report the rest and the reset, and count each quota and key separately", async () => {
      const limits = await (await openStore(backend)).open({ requests: 2 });
      const { submissions, reads } = limits;
      expect(submissions.quota).toEqual({ name: "submissions", limit: 2, windowSeconds: 60 });
      expect(await submissions.count("a")).toEqual({ over: false, remaining: 1, resetSeconds: 60 });
      expect(await submissions.count("a")).toMatchObject({ over: false, remaining: 0 });
      expect(await submissions.count("a")).toMatchObject({ over: true, remaining: 0 });
      const { resetSeconds } = await submissions.count("a");
      expect(resetSeconds).toBeGreaterThan(50);
      expect(resetSeconds).toBeLessThanOrEqual(60);
      expect(await submissions.count("b")).toMatchObject({ over: false, remaining: 1 });
      expect(await reads.count("a")).toMatchObject({ over: false, remaining: 4 });
    });

    it("can be read without being counted", async () => {
      const { submissions } = await (await openStore(backend)).open({ requests: 2 });
      for (let looks = 0; looks < 5; looks += 1) {
        expect(await submissions.count("a", 0)).toMatchObject({ over: false, remaining: 2 });
      }
      await submissions.count("a");
      expect(await submissions.count("a", 0)).toMatchObject({ over: false, remaining: 1 });
    });

    it("are exact over two processes under load", async () => {
      const { open } = await openStore(backend);
      const processes = await Promise.all([open({ requests: 500 }), open({ requests: 500 })]);
      const passed = await Promise.all(processes.map((limits) => countMany(limits, 1000, "a")));
      expect(passed.reduce((sum, count) => sum + count, 0)).toBe(500);
    });

    it("reset when the window ends", async () => {
      const { submissions } = await (await openStore(backend)).open({ requests: 1, windowMs: 1000 });
      await submissions.count("a");
      const refused = await submissions.count("a");
      expect(refused).toEqual({ over: true, remaining: 0, resetSeconds: 1 });
      const began = performance.now();
      await eventually(async () => !(await submissions.count("a")).over);
      expect(performance.now() - began).toBeLessThan(2500);
    });

    it("reject exhausted keys from memory without asking the store", async () => {
      const { gate, open } = await openStore(backend);
      const limits = await open({ requests: 3 });
      expect(await countMany(limits, 10, "a")).toBe(3);
      gate.freeze();
      const began = performance.now();
      expect(await countMany(limits, 1000, "a")).toBe(0);
      expect(performance.now() - began).toBeLessThan(200);
    });

    it.each(["is away", "hangs"])(
      "are counted in memory while the store %s: neither open nor down",
      async (trouble) => {
        const { gate, open } = await openStore(backend);
        const { log, lines } = recordingLog();
        const limits = await open({ requests: 5, log });
        expect(await countMany(limits, 2, "a")).toBe(2);
        if (trouble === "hangs") gate.freeze();
        else await gate.shut();
        const began = performance.now();
        // Requests used up before the trouble stay used up.
        expect(await countMany(limits, 20, "a")).toBe(3);
        expect(await countMany(limits, 20, "b")).toBe(5);
        const firstMs = performance.now() - began;
        expect(firstMs).toBeLessThan(2000);
        expect(await countMany(limits, 20, "a")).toBe(0);
        expect((await limits.submissions.count("a", 0)).resetSeconds).toBeGreaterThan(30);
        // The outage is known now, so no request waits.
        expect(performance.now() - began - firstMs).toBeLessThan(300);
        expect(lines.filter(({ msg }) => msg.includes("is down"))).toHaveLength(1);

        if (trouble === "hangs") gate.thaw();
        else await gate.reopen();
        const other = await open({ requests: 5 });
        await eventually(async () => {
          const key = randomUUID();
          await limits.submissions.count(key);
          return (await other.submissions.count(key)).remaining === 3;
        });
      },
    );
  });
}

/** Looks until it is so; for as long as a test may take. */
async function eventually(look: () => Promise<boolean>): Promise<void> {
  while (!(await look())) await sleep(20);
}
