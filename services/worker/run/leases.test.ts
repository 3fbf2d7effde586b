import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { readSnapshots } from "../../../shared/db/jobs/claim.ts";
import { openDatabase } from "../../../shared/db/database.ts";
import { storeJobEnd, requestCancel } from "../../../shared/db/jobs/end.ts";
import { claim, completed, loseLease, startConversation } from "../../../shared/testing/fixtures/conversations.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../../shared/testing/stores/database.ts";
import { quietLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { openTcpGate } from "../../../shared/testing/processes/tcp-gate.ts";
import { Leases, Stopped } from "./leases.ts";
import { ReclaimGuard } from "./reclaim-guard.ts";

let db: OpenTestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

/** The leases of one worker process. */
function openLeases(pool = db.pool) {
  let now = 0;
  const reclaimGuard = new ReclaimGuard(() => now);
  for (let second = 0; second < 20; second++) {
    now += 1000;
    reclaimGuard.databaseAnswered();
  }
  const pass = (seconds: number) => (now += seconds * 1000);
  return { leases: new Leases({ pool, reclaimGuard, log: quietLog() }), reclaimGuard, pass };
}

/** A claimed job that is held until the test is over. */
async function hold(leases: Leases) {
  const job = await claim(db.pool, (await startConversation(db.pool)).id);
  const held = leases.hold(job);
  onTestFinished(held.release);
  return { job, ...held };
}

function reasonOf(signal: AbortSignal): string | undefined {
  return signal.reason instanceof Stopped ? signal.reason.reason : undefined;
}

describe("leases of a worker", () => {
  it("are renewed before they expire, again and again", async () => {
    const { leases } = openLeases();
    const { job, signal } = await hold(leases);
    const left = async () => (await readSnapshots(db.pool, [job.id], { reclaim: true }))[0]?.leaseLeftMs ?? 0;
    for (let time = 0; time < 2; time += 1) {
      await db.pool.query("update jobs set lease_until = now() + interval '3 s' where id = $1", [job.id]);
      await expect.poll(left, { interval: 20, timeout: 5000 }).toBeGreaterThan(10_000);
    }
    expect(signal.aborted).toBe(false);
  });

  it("wait for no row that is locked, and do not take its job for lost", async () => {
    const { leases } = openLeases();
    const [locked, other] = [await hold(leases), await hold(leases)];
    const client = await db.pool.connect();
    onTestFinished(() => client.release());
    await client.query("begin");
    await client.query("select from jobs where id = $1 for update", [locked.job.id]);
    await db.pool.query("update jobs set lease_until = now() + interval '3 s' where id = $1", [other.job.id]);
    await leases.hearCancel(other.job.id);
    const [snapshot] = await readSnapshots(db.pool, [other.job.id], { reclaim: true });
    await client.query("rollback");
    expect(snapshot?.leaseLeftMs).toBeGreaterThan(10_000);
    expect(locked.signal.aborted).toBe(false);
  });

  it("end the cancelled job alone as soon as it is hinted", async () => {
    const { leases } = openLeases();
    const [cancelled, other] = [await hold(leases), await hold(leases)];
    await leases.hearCancel(cancelled.job.id);
    expect(cancelled.signal.aborted).toBe(false);
    await requestCancel(db.pool, cancelled.job.id);
    await leases.hearCancel(cancelled.job.id);
    expect(reasonOf(cancelled.signal)).toBe("cancelled");
    expect(other.signal.aborted).toBe(false);
  });

  it("end a cancelled job without a hint, too", async () => {
    const { leases } = openLeases();
    const { job, signal } = await hold(leases);
    await requestCancel(db.pool, job.id);
    await expect.poll(() => reasonOf(signal), { interval: 20, timeout: 3000 }).toBe("cancelled");
  });

  it("read nothing after a hint for another worker's job", async () => {
    const { leases } = openLeases();
    const { job, signal } = await hold(leases);
    await requestCancel(db.pool, job.id);
    await leases.hearCancel((await startConversation(db.pool)).id);
    expect(signal.aborted).toBe(false);
  });

  it("are lost when another run took the job or it has ended", async () => {
    const { leases } = openLeases();
    const [taken, ended] = [await hold(leases), await hold(leases)];
    await loseLease(db.pool, taken.job.id);
    await claim(db.pool, taken.job.id);
    await storeJobEnd(db.pool, { job: ended.job, end: completed() });
    await leases.hearCancel(taken.job.id);
    expect([taken, ended].map(({ signal }) => reasonOf(signal))).toEqual(["lost", "lost"]);
  });

  it("distinguish two runs of one job in the same worker", async () => {
    const { leases } = openLeases();
    const first = await hold(leases);
    await loseLease(db.pool, first.job.id);
    const secondJob = await claim(db.pool, first.job.id);
    const second = leases.hold(secondJob);
    onTestFinished(second.release);
    expect(reasonOf(first.signal)).toBe("lost");
    // Later calls of the first run must not reach the second.
    leases.stop(first.job, "lost");
    first.release();
    await leases.hearCancel(secondJob.id);
    expect(second.signal.aborted).toBe(false);
    leases.stop(secondJob, "cancelled");
    expect(reasonOf(second.signal)).toBe("cancelled");
  });

  it("are all released at once, and report when none is left", async () => {
    const { leases } = openLeases();
    await leases.idle();
    const [one, two] = [await hold(leases), await hold(leases)];
    leases.stopAll("released");
    expect([one, two].map(({ signal }) => reasonOf(signal))).toEqual(["released", "released"]);
    let idle = false;
    const waiting = leases.idle().then(() => (idle = true));
    one.release();
    await Promise.resolve();
    expect(idle).toBe(false);
    two.release();
    await waiting;
  });

  it("keep the first reason to stop a run", async () => {
    const { leases } = openLeases();
    const { job, signal } = await hold(leases);
    leases.stop(job, "cancelled");
    leases.stopAll("released");
    expect(reasonOf(signal)).toBe("cancelled");
  });

  it("survive an outage of PostgreSQL, during which takeovers are paused", async () => {
    await using gate = await openTcpGate(db.url);
    const through = openDatabase(gate.url, quietLog());
    onTestFinished(() => through.close());
    const { leases, reclaimGuard, pass } = openLeases(through.pool);
    const { job, signal } = await hold(leases);
    await leases.hearCancel(job.id);
    expect(reclaimGuard.allowed).toBe(true);
    await gate.shut();
    await leases.hearCancel(job.id);
    pass(60);
    expect(reclaimGuard.allowed).toBe(false);
    expect(signal.aborted).toBe(false);
    await loseLease(db.pool, job.id);
    await gate.reopen();
    await leases.hearCancel(job.id);
    expect(signal.aborted).toBe(false);
    expect(await readSnapshots(db.pool, [job.id], { reclaim: true })).toMatchObject([{ reclaimable: false }]);
    expect(reclaimGuard.allowed).toBe(false);
  });
});
