import type { ConversationEvent } from "../../../../shared/protocol/events.ts";
import type { StreamEvent } from "../../../../packages/client/source/event-parser.ts";
import type { EventStream } from "../../../../packages/client/source/event-stream.ts";
import type { backoffMs } from "../../../../packages/client/source/retry-delays.ts";
import type { ServiceError } from "../../../../packages/client/source/service-error.ts";
import type { ChatStore } from "../chat-store.ts";
import type { ChatItem, fromHistory, merge, withReply } from "../items.ts";
import type { showActions } from "../actions/known-actions.ts";
import type { OpenConversation } from "../open-conversation.ts";

/** Functions of the chat's first file. Importing them would split that file, which costs every visitor a kilobyte. */
interface Loaded {
  readonly backoffMs: typeof backoffMs;
  readonly fromHistory: typeof fromHistory;
  readonly merge: typeof merge;
  readonly withReply: typeof withReply;
  /** Absent in a page that was loaded before an update: it has no cards. */
  readonly showActions?: typeof showActions;
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
        conversation.isLive = true;
        if (!(await showAll(shown, events))) return;
        failures = 0;
      }
    } catch (error) {
      failure = toFailure(shown, stream, error);
    } finally {
      stream.close();
      conversation.isLive = false;
    }
    // Until it is live again, it is read.
    store.runDueWork();
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

/** Interval of reads while no events arrive. */
const pollMs = 5_000;

/** Reads the conversation after a pause, unless events arrive by then: another page may have the stream. */
export async function pollNews(store: ChatStore): Promise<void> {
  const { conversation, delays } = store;
  const { running, lifetime } = conversation;
  if (running.has("poll")) return;
  running.add("poll");
  await delays.wait(pollMs, lifetime.signal);
  running.delete("poll");
  conversation.isStale = !conversation.isLive;
  store.runDueWork();
}

/** @returns false if no more are to be shown from this connection */
async function showAll(shown: Shown, events: readonly StreamEvent[]): Promise<boolean> {
  const { store, conversation, signal, loaded } = shown;
  const { items, handling, actions } = conversation;
  let fromPerson = false;
  for (const { event, data, id } of events) {
    const parsed: unknown = JSON.parse(data);
    // The response ends with this event, but a proxy may hold that end back.
    if (event === "wait") throw new Error("The service asks to connect again.");
    if (event === "message") await showMessage(shown, parsed as Data<"message">);
    else if (event === "job") await showReply(shown, parsed as Data<"job">);
    else if (event === "resync") return readAnew(shown);
    else if (event === "deleted") return stopNews(shown, { gone: true });
    else if (event === "action") loaded.showActions?.(store, conversation, [parsed as Data<"action">]);
    else if (knowsPeople(conversation)) showPeople(shown, event, parsed);
    if (signal.aborted) break;
    fromPerson ||= event === "message" && (parsed as Data<"message">).sender === "operator";
    conversation.cursor = id ?? conversation.cursor;
    store.publish();
  }
  // A person's message may precede the event that names them, but only in the same answer.
  if (fromPerson && knowsPeople(conversation) && conversation.handling.handledBy !== "operator")
    conversation.isStale = true;
  if (conversation.items !== items || conversation.handling !== handling || conversation.actions !== actions) {
    store.saveTail();
    store.notifyTabs();
    // A reply is followed on a connection of its own, which takes the place of this one.
    store.runDueWork();
  }
  return !signal.aborted;
}

/** False for a page that was loaded before an update: it has the chat of that version, and this file. */
function knowsPeople(conversation: Partial<OpenConversation>): boolean {
  return conversation.handlingNews !== undefined;
}

function showPeople(shown: Shown, event: string | undefined, parsed: unknown): void {
  if (event === "handling") showHandling(shown, parsed as Data<"handling">);
  if (event === "notice") addLine(shown, (parsed as Data<"notice">).text);
  if (event === "position") showPlace(shown, parsed as Data<"position">);
  if (event === "typing") showTyping(shown, (parsed as Data<"typing">).name);
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
    const before =
      message.sender === "ai" ? (items.find(({ id }) => id === confirmed) ?? newest) : lastConfirmed(conversation);
    conversation.items = loaded.merge(items, [...(before ? [before] : []), loaded.fromHistory(message)], new Set());
  }
  if (isVisitors) conversation.confirmed = message.id;
  if (message.sender === "operator" && knowsPeople(conversation)) showTyping({ store, conversation }, undefined);
}

/** The last item before the visitor's messages that were sent here and are in no event yet. */
function lastConfirmed({ items, confirmed }: OpenConversation): ChatItem | undefined {
  const from = items.findIndex(({ id }) => id === confirmed);
  const next = from < 0 ? -1 : items.findIndex(({ sender }, at) => at > from && sender === "user");
  return items.at(next < 0 ? -1 : next - 1);
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
  if (knowsPeople(conversation) && conversation.handling.handledBy !== "ai") {
    // The event that says so may arrive only after the reply, which is followed first.
    store.setHandling(conversation, { handledBy: "ai" });
    returnedAfter.set(conversation, others.at(-1)?.key);
  }
  conversation.items = loaded.withReply(others, job.messageId, { jobId, timestamp: store.environment.now() });
}

/** Keys of the messages after which the assistant began to answer again. */
const returnedAfter = new WeakMap<OpenConversation, string | undefined>();

function showHandling({ store, conversation }: Shown, handling: Data<"handling">): void {
  const after = handling.handledBy === "ai" ? returnedAfter.get(conversation) : undefined;
  returnedAfter.delete(conversation);
  store.setHandling(conversation, handling);
  store.tellOfHandling(conversation, { position: undefined });
  if (handling.notice) addLine({ store, conversation }, handling.notice.text, after);
  if (handling.handledBy !== "operator") showTyping({ store, conversation }, undefined);
}

function showPlace({ store, conversation }: Shown, { position, expected }: Data<"position">): void {
  // It may arrive after a person has come.
  if (conversation.handling.handledBy !== "waiting") return;
  if (expected) store.setHandling(conversation, { ...conversation.handling, expected });
  store.tellOfHandling(conversation, { position });
}

type Told = Pick<Shown, "store" | "conversation">;

/** Shows a line of the service, unless it was the last one: an event may come twice. */
function addLine({ store, conversation }: Told, text: string, after = conversation.items.at(-1)?.key): void {
  const { lines } = conversation.handlingNews;
  if (lines.at(-1)?.text === text) return;
  store.tellOfHandling(conversation, { lines: [...lines, { text, after }] });
}

/** Time for which a note that a person is typing holds. */
const typingMs = 6_000;
const typingEnds = new WeakMap<OpenConversation, ReturnType<typeof setTimeout>>();

function showTyping({ store, conversation }: Told, name: string | undefined): void {
  clearTimeout(typingEnds.get(conversation));
  if (conversation.handlingNews.typing !== name) store.tellOfHandling(conversation, { typing: name });
  if (name === undefined) return;
  typingEnds.set(
    conversation,
    setTimeout(() => store.tellOfHandling(conversation, { typing: undefined }), typingMs),
  );
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
