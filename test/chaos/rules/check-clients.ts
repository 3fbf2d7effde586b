import type { Check } from "./evidence.ts";
import type { Incident, RequestRecord } from "../run-log.ts";
import { percentile } from "./check-waits.ts";

const answerLimitMs = 5000;
/** A stream that missed every hint reads its row again within 3 s; the rest is for two busy cores. */
const streamEndLimitMs = 7000;
const outagePostLimitMs = 1000;
/** Time for which an outage affects clients after its end. */
const afterEffectMs = 3500;
/** Time in which a process just started or resumed is slow, on a machine where others start, too. */
const busyMs = 6000;

export const checkClients: Check = {
  rule: "what a client put together is the stored reply, and the end it saw is the job's",
  look({ journal, jobs }, report) {
    for (const { jobId, text, status, reply, how } of journal.followed) {
      const job = jobs.get(jobId);
      const stored = job?.replies[0]?.text;
      // The client saw its end before the deletion, or learned of the deletion.
      if (job?.deleted) {
        if (status !== job.status) report(`a ${how} ended with ${status}, the row with ${job.status}`, jobId);
        continue;
      }
      if (status !== job?.status) report(`a ${how} ended with ${status}, the row with ${job?.status}`, jobId);
      if (reply !== stored) report(`a ${how} was told another reply than is stored`, jobId);
      if (text !== (stored ?? "")) report(`a ${how} put together ${quote(text)} of ${quote(stored ?? "")}`, jobId);
    }
    const seenToEnd = new Set(journal.followed.map(({ jobId }) => jobId));
    for (const { jobId } of journal.accepted)
      if (!seenToEnd.has(jobId) && !jobs.get(jobId)?.deleted) report("nobody saw its end", jobId);
    return journal.followed.length;
  },
};

function timeOfDay(at: number): string {
  return new Date(at).toISOString().slice(11, 23);
}

function quote(text: string): string {
  return `${Buffer.byteLength(text)} bytes (…${JSON.stringify(text.slice(-30))})`;
}

export const checkStreamsEndSoon: Check = {
  rule: "a stream ends soon after its job, also when every hint was lost",
  look({ journal, jobs }, report) {
    for (const { jobId, how, at, connectedAt, api } of journal.followed) {
      const finishedAt = jobs.get(jobId)?.finishedAt;
      if (how !== "stream" || finishedAt === null || finishedAt === undefined) continue;
      const troubles = journal.disturbances(["postgres", api], finishedAt - afterEffectMs, at, afterEffectMs);
      const from = Math.max(finishedAt, connectedAt, ...troubles.map(({ to }) => to + afterEffectMs));
      if (at - from > streamEndLimitMs) report(`${Math.round(at - from)} ms after it could`, jobId);
    }
    return journal.followed.length;
  },
};

export const checkRequests: Check = {
  rule: "every request is answered within 5 s, and fails only where something was broken",
  look({ journal }, report) {
    for (const request of journal.requests) {
      const { at, ms, api, route, status, visitor, jobId } = request;
      const say = (what: string) =>
        report(`${route} of visitor ${visitor} to ${api}, ${timeOfDay(at)}: ${what}`, jobId);
      const apiTrouble =
        journal.disturbances([api], at - 50, at + ms, 200).length > 0 || journal.wasHeldUp(at - 50, at + ms);
      if (ms > answerLimitMs && !request.waits && !apiTrouble) say(`${ms} ms`);
      if (status === "broken" && !apiTrouble) say("no answer");
      if (typeof status !== "number" || status < 500) continue;
      const recent =
        journal.disturbances(["postgres", api], at - 50, at + ms, busyMs).length > 0 ||
        journal.wasHeldUp(at - 50, at + ms);
      if (status !== 503 || !recent) say(`answered with ${status}`);
    }
    return journal.requests.length;
  },
};

export const checkOutagePosts: Check = {
  rule: "a message sent while Redis is away is accepted, 99 of 100 within a second",
  look({ journal }, report) {
    const posts = journal.requests.filter(
      ({ route, at, ms, api }) =>
        route === "POST chat" &&
        journal.disturbances(["postgres", api], at - 50, at + ms, busyMs).length === 0 &&
        !journal.wasHeldUp(at - 50, at + ms),
    );
    const inOutage = posts.filter(({ at }) => journal.disturbances(["redis"], at, at).some(isOutage));
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
function isOutage({ kind }: Incident): boolean {
  return !["redis-stall-one", "redis-kill-replica", "redis-kill-clients", "hints-lost", "lose-queue"].includes(kind);
}

function p99Of(requests: readonly RequestRecord[]): number {
  return percentile(
    requests.map(({ ms }) => ms).toSorted((a, b) => a - b),
    99,
  );
}
