import { type Client, type ConversationAccess, type ConversationEvent, ServiceError } from "@parley/client";
import { type ParleyState, fromView, handlingOf, mergeActions, withMessage } from "./conversation-state.ts";
import { pauseFor, retryPauseMs } from "./page.ts";

/** Parts of the store that events change. */
export interface EventTarget {
  read(): ParleyState;
  show(change: Partial<ParleyState>): void;
  /** Follows the reply to a message of another page or device. */
  follow(jobId: string): void;
  /** Notes the place up to which events are shown. */
  moveTo(cursor: string): void;
  /** Reads the conversation anew, as events are missing. */
  reload(): void;
}

/** Silence after which a connection counts as dead: two comments of the service are missing. */
const silenceMs = 40_000;
/** Pause after a connection on which nothing arrived, as through a proxy that buffers. */
const blockedMs = 300_000;

/**
 * Shows a conversation's events until the signal is aborted, or a reply is to be followed. A lost connection is opened
 * again after the last event.
 * @throws {ServiceError} if the service refuses for good
 */
export async function followEvents(
  client: Client,
  access: ConversationAccess,
  from: { readonly cursor: string; readonly target: EventTarget },
  signal: AbortSignal,
): Promise<void> {
  let { cursor } = from;
  for (let failures = 1; !signal.aborted; failures += 1) {
    const stream = client.events(access, cursor, signal);
    let pauseMs = blockedMs;
    try {
      for (;;) {
        const events = await stream.read(silenceMs);
        if (events === undefined) break;
        cursor = events.findLast(({ id }) => id !== undefined)?.id ?? cursor;
        // The text of each is one JSON value, as `ConversationEvent` says.
        const parsed = events.map(
          ({ event, data }) => ({ event, data: JSON.parse(data) as unknown }) as ConversationEvent,
        );
        if (parsed.some(({ event }) => event === "wait")) break;
        showEvents(parsed, cursor, from.target);
        if (signal.aborted || parsed.some(({ event }) => event === "resync" || event === "deleted")) return;
        failures = 0;
      }
      if (stream.hasReceived) pauseMs = retryPauseMs(failures);
    } catch (error) {
      const failure = stream.translateError(error);
      if (signal.aborted || !(failure instanceof ServiceError) || !failure.passing) throw failure;
      pauseMs = retryPauseMs(failures, failure);
    } finally {
      stream.close();
    }
    await pauseFor(pauseMs, signal);
  }
}

function showEvents(events: readonly ConversationEvent[], cursor: string, target: EventTarget): void {
  const jobs = new Set<string>();
  for (const { event, data } of events) {
    const { messages, actions } = target.read();
    if (event === "message") target.show({ messages: withMessage(messages, fromView(data)), notice: undefined });
    else if (event === "action") target.show({ actions: mergeActions(actions, [data]) });
    else if (event === "handling") target.show({ ...handlingOf(data), notice: data.notice?.text });
    else if (event === "notice") target.show({ notice: data.text });
    else if (event === "job") {
      if (data.status === "queued" || data.status === "active") jobs.add(data.jobId);
      else jobs.delete(data.jobId);
    } else if (event === "resync" || event === "deleted") target.reload();
  }
  target.moveTo(cursor);
  // Those that have ended by now are among the messages.
  for (const jobId of jobs) target.follow(jobId);
}
