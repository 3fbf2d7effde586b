import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readConfig } from "./config/config.ts";
import * as t from "./tunables.ts";

const root = new URL("../", import.meta.url);

/** Each must hold: `less` is below `more`, both in milliseconds. */
const orders: [rule: string, less: number, more: number][] = [
  ["a lease outlasts five missed renewals", 5 * t.renewEveryMs, t.leaseMs],
  ["a mail's lease outlasts its envelope and its text", 2 * t.sendMailMs, t.mailLeaseMs],
  ["a cause of a mail ripens before it is too old", t.mailOperatorsAfterMs + t.mailAnswerAfterMs, t.mailCauseMs],
  [
    "a renewal that hits a frozen database is tried again within the lease",
    2 * (t.databaseConnectMs + t.databaseQueryMs + t.renewEveryMs),
    t.leaseMs,
  ],
  ["a lease renewed before a call outlasts the next renewal", t.databaseQueryMs + t.renewEveryMs, t.staleLeaseMs],
  ["a short outage leaves time to renew", t.shortOutageMs + t.renewEveryMs + t.databaseQueryMs, t.leaseMs],
  [
    "reclaims pause for longer than a renewal after an outage takes",
    t.renewEveryMs + t.databaseQueryMs,
    t.reclaimPauseMs,
  ],
  ["BullMQ delivers a dead worker's entry within a lease", t.queueLockMs + t.queueStalledEveryMs, t.leaseMs + 1],
  ["BullMQ finds expired locks more often than locks last", t.queueStalledEveryMs, t.queueLockMs],
  ["an entry is held back only after BullMQ's check had another chance", t.queueStalledEveryMs, t.heldBackMs + 1],
  ["the reconciler finds a due job soon after it is due", t.reconcileEveryMs, t.dueAfterMs / 5],
  ["a circuit's report survives a lost one", 2 * t.circuitReportEveryMs, t.staleCircuitReportMs],
  ["a process's report survives a lost one", 2 * t.processReportEveryMs, t.staleProcessReportMs],
  ["a provider's report survives a lost one", 2 * t.providerReportEveryMs, t.staleProviderReportMs],
  ["the live store is given up before the database", t.liveTimeoutMs, t.databaseConnectMs],
  ["a silent connection is found before the next probe", t.silentConnectionMs, t.probeConnectionEveryMs],
  ["a stream follows a job's row well within a lease", t.silentFollowerMs + t.watchEveryMs, t.leaseMs],
  ["a provider connects within its first turn", t.providerConnectMs, t.minimumTurnMs + 1],
  ["a slow first text and its tail fit into a job", t.firstTextMs + t.replyTailMs.early, t.jobDeadlineMs],
  ["a stall after the first text leaves a job time", t.firstTextMs + t.providerSilenceMs, t.jobDeadlineMs],
  ["a second provider has its reserve after a silent first", t.firstTextMs + t.turnReserveMs, t.jobDeadlineMs],
  ["a healthy pause ends no reply", t.replyTailMs.early, t.providerSilenceMs],
  ["two heartbeats pass within the idle timeout of a proxy", 2 * t.heartbeatMs, t.proxyIdleMs],
  ["heartbeats keep a connection alive here, too", 2 * t.heartbeatMs, t.inactivityMs],
  ["a request that waits is answered before proxies give up", t.maxWaitSeconds * 1000, 30_000],
  ["a request that waits is not cut as inactive", t.maxWaitSeconds * 1000, t.inactivityMs],
  ["proxies close an idle connection first", t.proxyIdleMs, t.keepAliveMs],
  ["a tombstone outlasts every token", t.tokenDays, t.tombstoneDays],
  ["an idempotency key expires before its tombstone", t.keyLifeHours, t.tombstoneDays * 24],
  ["workers have noticed a deletion before it is erased", t.renewEveryMs, t.eraseAfterMs],
  ["every queue entry of a deleted conversation is erased", t.failedEntryMs, t.erasedEntryMs],
  ["failed entries stay for longer than completed ones", t.completedEntryMs, t.failedEntryMs],
  ["a draft outlasts four silences of its provider", 4 * t.providerSilenceMs, t.draftTtlSeconds * 1000],
  [
    "a draft is gone within the limit of erasure, also of a worker that died",
    t.draftTtlSeconds * 1000 + t.slowRounds * t.reconcileEveryMs + t.leaseMs,
    t.erasureLimitMs + 1,
  ],
  ["an API ends within the limit of its stack", t.apiDrainMs + t.tracingCloseMs, t.partEndMs],
  ["a worker ends within the limit of its stack", t.workerDrainMs + t.queueCloseMs + t.tracingCloseMs, t.partEndMs],
  ["a process closes its parts before it gives up", t.partEndMs, t.closeDeadlineMs],
  ["a process gives up before an orchestrator kills it", t.closeDeadlineMs, t.orchestratorGraceMs],
];

describe("policy numbers", () => {
  it.each(orders)("hold: %s", (_rule, less, more) => {
    expect(less).toBeLessThan(more);
  });

  it("are the defaults of the settings", () => {
    expect(readConfig({ DATABASE_URL: "postgresql://127.0.0.1/none" }).JOB_DEADLINE_MS).toBe(t.jobDeadlineMs);
  });

  it("fit into the time that the deployment grants after SIGTERM", () => {
    for (const part of ["api", "worker"]) {
      const manifest = readFileSync(new URL(`deploy/k8s/base/${part}.yaml`, root), "utf8");
      const [, seconds = "0"] = /terminationGracePeriodSeconds: (\d+)/.exec(manifest) ?? [];
      expect(Number(seconds) * 1000, part).toBeGreaterThanOrEqual(t.orchestratorGraceMs);
    }
  });

  it("stand in no statement as a literal", () => {
    const files = globSync("shared/{db,live,queue}/**/*.ts", { cwd: root }).filter((file) => !/\.test/.test(file));
    expect(files.length).toBeGreaterThan(20);
    const literals = files.flatMap((file) =>
      [...readFileSync(new URL(file, root), "utf8").matchAll(/interval '(15 s|2 s|25 h|24 h|90 s|3[01] days?)'/g)].map(
        ([literal]) => `${file}: ${literal}`,
      ),
    );
    expect(literals).toEqual([]);
  });

  it("are constants of SQL in seconds", () => {
    expect([t.interval(15_000), t.interval(1500)]).toEqual(["interval '15 s'", "interval '1.5 s'"]);
  });
});
