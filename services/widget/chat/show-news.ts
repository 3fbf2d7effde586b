import type { ConversationEvent } from "../../../shared/protocol/events.ts";
import type { StreamEvent } from "../client/event-parser.ts";
import type { EventStream } from "../client/event-stream.ts";
import type { backoffMs } from "../client/retry-delays.ts";
import type { ServiceError } from "../client/service-error.ts";
import type { ChatStore } from "./chat-store.ts";
import type { fromHistory, merge, withReply } from "./items.ts";
import type { OpenConversation } from "./open-conversation.ts";

/** Functions of the chat's first file. Importing them would split that file, which costs every visitor a kilobyte. */
interface Loaded {
  readonly backoffMs: typeof backoffMs;
  readonly fromHistory: typeof fromHistory;
  readonly merge: typeof merge;
  readonly withReply: typeof withReply;
}

/** Conversation whose events are shown. */
interface Shown {
  readonly store: ChatStore;
  readonly conversation: OpenConversation;
  readonly signal: AbortSignal;
  readonly loaded: Loaded;
}

type Data<Name extends ConversationEvent["event"]> = Extract<ConversationEvent, { event: Name }>["data"];

/** Silence after which a connection counts as dead: two comments of the service are missing. */
const silenceMs = 40_000;
/** Pause after a refusal, and after a connection on which nothing arrived, as through a proxy that buffers. */
const blockedMs = 300_000;

/** Conversations whose events the service refused, and when (`performance.now()`). */
const refusedAt = new WeakMap<OpenConversation, number>();

/**
 * Shows what happens in the conversation, on whatever device, until the signal is aborted or the service refuses. A lost
 * connection is opened again after its last event.
 */
export async function showNews(store: ChatStore, signal: AbortSignal, loaded: Loaded): Promise<void> {
  const { conversation, client, delays } = store;
  const shown = { store, conversation, signal, loaded };
  if (performance.now() - (refusedAt.get(conversation) ?? -Infinity) < blockedMs) return;
  for (let failures = 0; !signal.aborted;) {
    const { access, cursor } = conversation;
    if (!access || cursor === undefined) return;
    const stream = client.events(access, cursor, signal);
    let silent = false;
    let failure: ServiceError;
    try {
      for (;;) {
        const events = await stream.read(silenceMs);
        silent = !events;
        if (!events) throw new Error("The connection is dead.");
        if (!(await showAll(shown, events))) return;
        failures = 0;
      }
    } catch (error) {
      failure = toFailure(shown, stream, error);
    } finally {
      stream.close();
    }
    if (!failure.passing) {
      stopNews(shown, failure);
      return;
    }
    failures += 1;
    const pauseMs = Math.max(failure.retryAfterMs ?? 0, loaded.backoffMs(failures));
    await delays.wait(silent && !stream.hasReceived ? blockedMs : pauseMs, signal);
  }
}

/** @throws the signal's abort reason */
function toFailure({ signal }: Shown, stream: EventStream, error: unknown): ServiceError {
  const failure = stream.translateError(error);
  if (signal.aborted) throw failure;
  return failure as ServiceError;
}

/** @returns false if no more are to be shown from this connection */
async function showAll(shown: Shown, events: readonly StreamEvent[]): Promise<boolean> {
  const { store, conversation, signal } = shown;
  for (const { event, data, id } of events) {
    const before = conversation.items;
    const parsed: unknown = JSON.parse(data);
    // The response ends with this event, but a proxy may hold that end back.
    if (event === "wait") throw new Error("The service asks to connect again.");
    if (event === "message") await showMessage(shown, parsed as Data<"message">);
    else if (event === "job") await showReply(shown, parsed as Data<"job">);
    else if (event === "resync") return readAnew(shown);
    else if (event === "deleted") return stopNews(shown, { gone: true });
    if (signal.aborted) return false;
    conversation.cursor = id ?? conversation.cursor;
    if (conversation.items === before) continue;
    store.saveTail();
    store.publish();
    store.notifyTabs();
    // A reply is followed on a connection of its own, which takes the place of this one.
    store.runDueWork();
  }
  return !signal.aborted;
}

async function showMessage({ store, conversation, signal, loaded }: Shown, message: Data<"message">): Promise<void> {
  const isVisitors = message.sender === "user";
  if (isVisitors) await untilAnswered(store, signal);
  const { items, confirmed } = conversation;
  if (!items.some(({ id }) => id === message.id)) {
    const newest = items.findLast(({ sender }) => sender === "user");
    // Its place is before messages that were sent here meanwhile: only a read shows their order.
    if (signal.aborted || (isVisitors && newest?.id !== confirmed)) {
      conversation.readAt = undefined;
      store.runDueWork();
      return;
    }
    const before = isVisitors ? items.at(-1) : (items.find(({ id }) => id === confirmed) ?? newest);
    conversation.items = loaded.merge(items, [...(before ? [before] : []), loaded.fromHistory(message)], new Set());
  }
  if (isVisitors) conversation.confirmed = message.id;
}

/** Shows that a reply is to come. One that has ended follows as a message. */
async function showReply(
  { store, conversation, signal, loaded }: Shown,
  { jobId, status }: Data<"job">,
): Promise<void> {
  const known = conversation.items.find(({ key }) => key === jobId);
  // A failed reply may be asked for again by an operator.
  const isNews = !known || (known.sender === "ai" && known.phase === "failed");
  if (!isNews || (status !== "queued" && status !== "active")) return;
  const { token } = conversation.access ?? {};
  const job = await store.withRetry("read", signal, () => store.client.job({ jobId, token }, { signal }));
  if (job.finishedAt !== undefined) return;
  // The failed one gives way to it.
  const others = conversation.items.filter(({ key }) => key !== jobId);
  conversation.items = loaded.withReply(others, job.messageId, { jobId, timestamp: store.environment.now() });
}

/** Reads the conversation, and goes on from there. Pauses first, so that a confused service is not asked in a loop. */
async function readAnew({ store, conversation, signal, loaded }: Shown): Promise<false> {
  await store.delays.wait(loaded.backoffMs(1), signal);
  conversation.cursor = conversation.readAt = undefined;
  store.runDueWork();
  return false;
}

/** Follows no more events of this conversation for now. */
function stopNews({ store, conversation }: Shown, { gone }: Pick<ServiceError, "gone">): false {
  refusedAt.set(conversation, performance.now());
  // A read shows whether the conversation is gone: a service of an earlier version says so, too.
  if (gone) conversation.readAt = undefined;
  store.runDueWork();
  return false;
}

/** Waits while messages of this browser are under way: an event may be quicker than the answer that tells their ids. */
function untilAnswered(store: ChatStore, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!signal.aborted && isSending(store)) return;
      stop();
      resolve();
    };
    const stop = store.subscribe(look);
    signal.addEventListener("abort", look);
    look();
  });
}

/** True if this tab or another one has sent a message and does not know whether it was accepted. */
function isSending(store: ChatStore): boolean {
  const notice = store.notices.send ?? store.notices.otherTab;
  // The service has refused it for now, and said when to try again.
  if (notice?.kind === "limited" || notice?.kind === "busy") return false;
  return store.readOutbox().some(({ request, refusal }) => request !== undefined && refusal === undefined);
}
