import type { Check } from "./evidence.ts";
import type { FaultRecord, RequestRecord } from "../run-log.ts";
import { percentileOf } from "./check-waits.ts";

const answerLimitMs = 5000;
/** A stream that missed every hint reads its row again within 3 s; the rest is for two busy cores. */
const streamEndLimitMs = 7000;
const outagePostLimitMs = 1000;
/** Time for which an outage affects clients after its end. */
const afterEffectMs = 3500;
/** Time in which a process just started or resumed is slow, on a machine where others start, too. */
const busyMs = 6000;

export const checkClients: Check = {
  rule: "a client's text equals the stored reply, and its end the job's status",
  check({ runLog, jobs }, report) {
    for (const { jobId, text, status, reply, how } of runLog.followed) {
      const job = jobs.get(jobId);
      const stored = job?.replies[0]?.text;
      // The client saw its end before the deletion, or learned of the deletion.
      if (job?.deleted) {
        if (status !== job.status) report(`a ${how} ended with ${status}, the row with ${job.status}`, jobId);
        continue;
      }
      if (status !== job?.status) report(`a ${how} ended with ${status}, the row with ${job?.status}`, jobId);
      // It saw the end before a cut was handed in: the voices' rules tell whether that may be.
      if (job?.replies[0]?.handedIn && reply === undefined && text === "") continue;
      if (reply !== stored) report(`a ${how} received another reply than the stored one`, jobId);
      if (text !== (stored ?? "")) report(`a ${how} has ${quote(text)}, stored are ${quote(stored ?? "")}`, jobId);
    }
    const seenToEnd = new Set(runLog.followed.map(({ jobId }) => jobId));
    for (const { jobId } of runLog.accepted)
      if (!seenToEnd.has(jobId) && !jobs.get(jobId)?.deleted) report("no client received its end", jobId);
    return runLog.followed.length;
  },
};

function timeOfDay(at: number): string {
  return new Date(at).toISOString().slice(11, 23);
}

function quote(text: string): string {
  return `${Buffer.byteLength(text)} bytes (…${JSON.stringify(text.slice(-30))})`;
}

export const checkStreamsEndSoon: Check = {
  rule: "a stream ends soon after its job, even if every hint was lost",
  check({ runLog, jobs }, report) {
    for (const { jobId, how, at, connectedAt, api } of runLog.followed) {
      const finishedAt = jobs.get(jobId)?.finishedAt;
      if (how !== "stream" || finishedAt === null || finishedAt === undefined) continue;
      const troubles = runLog.faultsOf(["postgres", api], finishedAt - afterEffectMs, at, afterEffectMs);
      const from = Math.max(finishedAt, connectedAt, ...troubles.map(({ to }) => to + afterEffectMs));
      if (at - from > streamEndLimitMs) report(`${Math.round(at - from)} ms after it could have ended`, jobId);
    }
    return runLog.followed.length;
  },
};

export const checkRequests: Check = {
  rule: "every request is answered within 5 s, and fails only during a fault",
  check({ runLog }, report) {
    for (const request of runLog.requests) {
      const { at, ms, api, route, status, visitor, jobId } = request;
      const say = (what: string) =>
        report(`${route} of visitor ${visitor} to ${api}, ${timeOfDay(at)}: ${what}`, jobId);
      const apiTrouble =
        runLog.faultsOf([api], at - 50, at + ms, 200).length > 0 || runLog.wasStalled(at - 50, at + ms);
      if (ms > answerLimitMs && !request.waits && !apiTrouble) say(`${ms} ms`);
      if (status === "broken" && !apiTrouble) say("connection failed");
      if (typeof status !== "number" || status < 500) continue;
      const recent =
        runLog.faultsOf(["postgres", api], at - 50, at + ms, busyMs).length > 0 || runLog.wasStalled(at - 50, at + ms);
      if (status !== 503 || !recent) say(`answered with ${status}`);
    }
    return runLog.requests.length;
  },
};

export const checkOutagePosts: Check = {
  rule: "a message sent while Redis is down is accepted, 99 of 100 within a second",
  check({ runLog }, report) {
    const posts = runLog.requests.filter(
      ({ route, at, ms, api }) =>
        route === "POST chat" &&
        runLog.faultsOf(["postgres", api], at - 50, at + ms, busyMs).length === 0 &&
        !runLog.wasStalled(at - 50, at + ms),
    );
    const inOutage = posts.filter(({ at }) => runLog.faultsOf(["redis"], at, at).some(isOutage));
    for (const { status, visitor, at } of inOutage) {
      // Too many unanswered messages, a reused key with another text, a deletion: all are the visitor's own doing.
      if (![202, 429, 409, 404].includes(Number(status))) report(`visitor ${visitor}, ${timeOfDay(at)}: ${status}`);
    }
    const slowest = p99Of(inOutage);
    // On a machine too busy for its own tests, requests are slow without an outage, too.
    const usual = p99Of(posts.filter((post) => !inOutage.includes(post)));
    if (slowest > Math.max(outagePostLimitMs, usual * 1.5)) {
      const worst = inOutage.toSorted((a, b) => b.ms - a.ms).slice(0, 3);
      const told = worst.map(({ at, ms, api }) => `${timeOfDay(at)} ${api} ${ms}`).join(", ");
      report(`p99 is ${slowest} ms of ${inOutage.length}, otherwise ${usual} ms: ${told}`);
    }
    return inOutage.length;
  },
};

/** True for an outage. Other faults lose only data, a copy of it, or connections. */
function isOutage({ kind }: FaultRecord): boolean {
  return !["redis-stall-one", "redis-kill-replica", "redis-kill-clients", "hints-lost", "lose-queue"].includes(kind);
}

function p99Of(requests: readonly RequestRecord[]): number {
  return percentileOf(
    requests.map(({ ms }) => ms).toSorted((a, b) => a - b),
    99,
  );
}
