import { setTimeout as sleep } from "node:timers/promises";
import { jobView, timeline } from "../../shared/protocol/job.ts";
import { JobEventStream } from "../system/harness/event-stream.ts";
import type { AcceptedMessage, RunLog } from "./run-log.ts";
import type { Random } from "./random.ts";
import { request } from "./api-request.ts";
import type { ApiProcess, ChaosTestbed } from "./testbed.ts";

export interface Follower {
  testbed: ChaosTestbed;
  runLog: RunLog;
  random: Random;
  job: AcceptedMessage & { token: string };
  /** Root of the routes: operators have their own. */
  root?: "/api" | "/api/operator";
}

/** Wait after which a steady visitor reloads the page. */
const patienceMs = 90_000;

export function pickApi({ apis: [one, two] }: ChaosTestbed, random: Random): ApiProcess {
  const [first, second] = random.chance(0.5) ? [one, two] : [two, one];
  const api = first ?? second;
  if (api === undefined) throw new Error("there is no API");
  return api;
}

/**
 * Follows a job by its event stream to its end, as a widget does, through reloads and times offline. Each connection
 * may reach another API process.
 */
export async function followStream(follower: Follower): Promise<void> {
  const { testbed, runLog, random, job } = follower;
  const steady = random.chance(0.4);
  let lastEventId: string | undefined;
  let text = "";
  for (;;) {
    const api = pickApi(testbed, random);
    const connectedAt = Date.now();
    const dropAfterMs = steady ? patienceMs : random.between(50, 2500);
    const stream = await open(follower, api, { lastEventId, text });
    if (stream === "deleted") return;
    if (stream) {
      const how = await readUntil(stream, dropAfterMs);
      if (how === "against the rules") return;
      await stream.close();
      noteShown(follower, stream);
      if (stream.terminal) {
        const { event, data } = stream.terminal;
        const end = {
          status: event === "done" ? "completed" : event,
          reply: data.reply?.text,
          text: stream.text,
          sources: stream.sources,
        };
        const { jobId, visitor } = job;
        runLog.followed.push({ jobId, visitor, how: "stream", ...end, at: Date.now(), connectedAt, api: api.name });
        if (random.chance(0.1) && !follower.root) await checkStop(follower);
        if (random.chance(0.1) && !follower.root) await readTimeline(follower);
        return;
      }
      ({ text, lastEventId } = stream);
      // A reload loses the text and its id.
      if (random.chance(0.25)) [text, lastEventId] = ["", undefined];
    }
    await sleep(random.chance(0.2) ? random.between(1000, 4000) : random.between(50, 400));
  }

  async function readUntil(
    stream: JobEventStream,
    dropAfterMs: number,
  ): Promise<"ended" | "dropped" | "against the rules"> {
    const dropping = new AbortController();
    const dropped = sleep(dropAfterMs, "dropped" as const, { signal: dropping.signal }).catch(() => "dropped" as const);
    const ended = stream.ended.then(
      () => "ended" as const,
      (error: unknown) => {
        if (isBroken(error)) return "ended" as const;
        runLog.breach("streams follow the protocol", String(error), job.jobId);
        return "against the rules" as const;
      },
    );
    const how = await Promise.race([ended, dropped]);
    dropping.abort();
    return how;
  }
}

async function open(
  { runLog, job: { jobId, conversationId, visitor, token }, root = "/api" }: Follower,
  api: ApiProcess,
  from: { lastEventId: string | undefined; text: string },
): Promise<JobEventStream | "deleted" | undefined> {
  const at = Date.now();
  const note = (status: number | "broken") =>
    runLog.note({
      at,
      ms: Date.now() - at,
      visitor,
      api: api.name,
      method: "GET",
      route: "GET events",
      status,
      waits: false,
      jobId,
    });
  try {
    const stream = await JobEventStream.open(`${api.url}${root}/jobs/${jobId}/events`, { token, ...from });
    note(200);
    return stream;
  } catch (error) {
    const [, status] = /expected 200, got (\d+)/.exec(String(error)) ?? [];
    note(status === undefined ? "broken" : Number(status));
    return status === "404" && runLog.deleted.has(conversationId) ? "deleted" : undefined;
  }
}

/** Records the most that a connection was shown of each attempt, whatever a `reset` withdrew. */
function noteShown({ runLog, job: { jobId, visitor } }: Follower, { events }: JobEventStream): void {
  for (const { event, id } of events) {
    const [, attempt, bytes] = (event === "delta" && /^(\d+):(\d+)$/.exec(id ?? "")) || [];
    if (attempt !== undefined && Number(bytes) > 0)
      runLog.noteShown({ jobId, attempt: Number(attempt), bytes: Number(bytes), who: `a stream of ${visitor}` });
  }
}

/** True if the connection broke, false if its content broke a rule. */
function isBroken(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof Error && error.name === "AbortError");
}

/** Checks that a client which reconnects after the end gets a stop. */
async function checkStop({ testbed, runLog, random, job }: Follower): Promise<void> {
  const { url } = pickApi(testbed, random);
  const headers = { authorization: `Bearer ${job.token}`, "last-event-id": "end" };
  const response = await fetch(`${url}/api/jobs/${job.jobId}/events`, { headers }).catch(() => undefined);
  await response?.body?.cancel();
  // 200: PostgreSQL was down, and the client gets a delay for its reconnect.
  if (response?.status === 404 && runLog.deleted.has(job.conversationId)) return;
  if (response && response.status !== 204 && response.status !== 200) {
    runLog.breach("streams follow the protocol", `${response.status} after the end`, job.jobId);
  }
}

/** Checks the timeline of an ended job: each of its runs, in order, from the message to the end. */
async function readTimeline({ testbed, runLog, random, job }: Follower): Promise<void> {
  const { jobId, visitor, token } = job;
  const path = `/api/jobs/${jobId}/timeline`;
  const api = pickApi(testbed, random);
  const answer = await request(runLog, { api, visitor, route: "GET timeline", path, token, jobId });
  if (answer?.status !== 200) return;
  const { events } = timeline.parse(answer.body);
  const whole = events[0]?.event === "accepted" && events.at(-1)?.event === "ended";
  const times = events.map(({ at }) => at);
  if (whole && times.every((at, index) => at >= (times[index - 1] ?? at))) return;
  runLog.breach("a timeline is complete and in order", JSON.stringify(events), jobId);
}

/** Polls a job until it has ended. */
export async function followByPolls({ testbed, runLog, random, job }: Follower): Promise<void> {
  const { jobId, conversationId, visitor, token } = job;
  for (;;) {
    const api = pickApi(testbed, random);
    const wait = random.chance(0.3) ? random.between(1, 5) : undefined;
    const connectedAt = Date.now();
    const answer = await request(runLog, {
      api,
      visitor,
      route: "GET job",
      path: `/api/jobs/${jobId}`,
      token,
      wait,
      jobId,
    });
    if (answer?.status === 404 && runLog.deleted.has(conversationId)) return;
    if (answer?.status === 200) {
      const view = jobView.parse(answer.body);
      const bytes = Buffer.byteLength(view.partial ?? view.reply?.text ?? "");
      runLog.noteShown({ jobId, attempt: view.attempt, bytes, who: `a poll of ${visitor}` });
      if (view.finishedAt !== undefined) {
        const { status, reply } = view;
        const end = { status, reply: reply?.text, text: reply?.text ?? "", sources: [] };
        runLog.followed.push({ jobId, visitor, how: "poll", ...end, at: Date.now(), connectedAt, api: api.name });
        return;
      }
    }
    await sleep(random.between(200, 900));
  }
}
