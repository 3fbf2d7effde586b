import { ServiceError } from "../../../packages/client/source/service-error.ts";
import { eventsBetween } from "./chat-events.ts";
import type { Chat } from "./chat-state.ts";
import type { OutboxEntry } from "./chat-storage.ts";
import type { Consent } from "./consent.ts";
import { type ChatOptions, ChatStore } from "./chat-store.ts";
import { followReplies, pullConversation, stopReply } from "./conversation-sync.ts";
import { followNews } from "./news/follow-news.ts";
import { fromHistory, isOpenReply, type ReplyItem, withChange } from "./items.ts";
import { showActions } from "./actions/known-actions.ts";
import { enqueue, sendOutbox } from "./outbox.ts";
import type { RatingSent } from "./late/send-rating.ts";
import type { lateActions } from "./late/late-actions.ts";
import { connectTabs, loadStored } from "./tab-sync.ts";

/** Opens a conversation with one assistant of one service. Inactive before `start`. */
export function openChat(options: ChatOptions): Chat {
  const store = new ChatStore(options);
  let disconnectTabs: (() => void) | undefined;
  store.runDueWork = () => {
    if (!disconnectTabs || store.lifetime.signal.aborted) return;
    const { access, readAt, isStale, running } = store.conversation;
    if (access && (readAt === undefined || isStale) && !running.has("read"))
      store.runInBackground(pullConversation(store));
    followNews(store);
    if (store.shown) noteSeen(store);
    store.runInBackground(followReplies(store));
    store.runInBackground(sendOutbox(store));
  };
  const start = () => {
    if (disconnectTabs || store.lifetime.signal.aborted) return;
    disconnectTabs = connectTabs(store);
    store.draft = store.storage.get("draft") ?? "";
    loadStored(store);
    store.ready ||= !store.conversation.access;
    store.runInBackground(loadAssistant(store));
  };
  return {
    get state() {
      return store.state;
    },
    subscribe: (listener) => store.subscribe(listener),
    eventsSince: (before) => eventsBetween(before, store.state),
    start,
    setShown(shown) {
      store.shown = shown;
      store.runDueWork();
    },
    send(text) {
      start();
      store.notices.state = undefined;
      const message = text.trim();
      if (message) enqueue(store, message);
    },
    stop: () => store.runInBackground(stopReply(store)),
    tryAgain: (key) => tryAgain(store, key),
    rate: (key, rating, comment, reason) => rate(store, key, { rating, comment, reason }),
    ...withLateActions(store),
    continueConversation: (id) => continueConversation(store, id),
    giveConsent: () => changeConsent(store, (consent) => consent.give(store.environment.now())),
    setDraft: (text) => setDraft(store, text),
    startNew: () => startNew(store),
    deleteData: () => deleteData(store),
    close() {
      store.close();
      disconnectTabs?.();
    },
  };
}

/** Actions whose code is loaded at the first use of one of them. */
function withLateActions(
  store: ChatStore,
): Pick<Chat, "readEarlier" | "loadOlder" | "answerAction" | "handOff" | "rateStretch" | "readTranscript"> {
  return {
    readEarlier: () =>
      withLate(
        (late) => late.readEarlier(store),
        () => [],
      ),
    loadOlder: () => actLate(store, (late) => late.loadOlder(store, fromHistory)),
    answerAction: (id, confirm) => actLate(store, (late) => late.sendAnswer(store, { id, confirm }, showActions)),
    handOff: (wish) => actLate(store, (late) => late.changeHandling(store, wish)),
    rateStretch: (stretch, answer) => actLate(store, (late) => late.rateStretch(store, stretch, answer)),
    readTranscript: () =>
      withLate(
        (late) => late.readTranscript(store),
        () => undefined,
      ),
  };
}

/** Loads the assistant's information. */
async function loadAssistant(store: ChatStore): Promise<void> {
  const { signal } = store.lifetime;
  try {
    const locale = store.metadata?.()["locale"];
    const assistants = await store.withRetry("read", signal, async () => {
      try {
        return await store.client.assistants({ locale, signal });
      } finally {
        store.assistantPending = false;
      }
    });
    store.assistantInfo = assistants.find(({ type }) => type === (store.assistant ?? "default"));
  } catch (error) {
    // The chat works without a greeting.
    if (!(error instanceof ServiceError)) throw error;
  }
  // The page decides first. An assistant that is refused for good cannot be used either.
  store.consent.wanted ??= store.assistantInfo?.consent === true;
  store.publish();
  store.runDueWork();
}

function changeConsent(store: ChatStore, change: (consent: Consent) => void): void {
  change(store.consent);
  store.publish();
  store.notifyTabs();
  store.runDueWork();
}

function tryAgain(store: ChatStore, key: string): void {
  const { conversation, storage } = store;
  const refused = storage.get(`out/${key}`);
  if (refused?.refusal !== undefined) {
    storage.set(`out/${key}`, undefined);
    return enqueue(store, refused.text, { key });
  }
  // A person sees the message as it is.
  if (conversation.handling.handledBy !== "ai") return;
  const index = conversation.items.findIndex((item) => item.key === key);
  const asked = conversation.items[index]?.sender === "ai" ? index - 1 : index;
  const [message, reply] = [conversation.items[asked], conversation.items[asked + 1]];
  if (message?.sender !== "user" || reply?.sender !== "ai") return;
  // Once something follows a reply, it was tried again.
  if (reply.phase !== "failed" && (isOpenReply(reply) || store.state.messages.at(-1) !== reply)) return;
  if (reply.text === "") conversation.items = conversation.items.filter((item) => item !== reply);
  store.saveTail();
  const { conversationId } = conversation.access ?? {};
  const { id: messageId } = message;
  enqueue(store, message.text, { replaces: conversationId && messageId ? { messageId, conversationId } : undefined });
}

/** Shows the rating at once. It is sent, and reverted if the service refuses it, by what is loaded. */
function rate(store: ChatStore, key: string, feedback: RatingSent): void {
  const { conversation } = store;
  const reply = conversation.items.find((item): item is ReplyItem => item.sender === "ai" && item.key === key);
  if (reply?.id === undefined) return;
  const show = ({ rating }: Pick<RatingSent, "rating">) => {
    conversation.items = withChange(conversation.items, key, { rating });
    store.saveTail();
    store.notifyTabs();
    store.publish();
  };
  show(feedback);
  const rated = { reply, feedback, show };
  store.runInBackground(
    withLate(
      (late) => late.sendRating(store, rated),
      () => show(reply),
    ),
  );
}

/** Says once that the visitor sees a person's newest message. */
function noteSeen(store: ChatStore): void {
  const { conversation } = store;
  const { id } = conversation.items.findLast(({ sender }) => sender === "operator") ?? {};
  if (id === undefined || id === conversation.seenAnswer) return;
  conversation.seenAnswer = id;
  actLate(store, (late) => late.noteSeen(store, id));
}

function setDraft(store: ChatStore, text: string): void {
  store.draft = text;
  store.storage.set("draft", text || undefined);
  store.publish();
  if (text && store.conversation.handling.handledBy === "operator") actLate(store, (late) => late.noteTyping(store));
}

/** Loads what few visitors need, and does something with it. */
function withLate<T>(act: (late: typeof lateActions) => Promise<T>, missing: () => T): Promise<T> {
  return import("./late/late-actions.ts").then((part) => act(part.lateActions), missing);
}

function actLate(store: ChatStore, act: (late: typeof lateActions) => Promise<void>): void {
  store.runInBackground(withLate(act, () => store.tellOfHandling(store.conversation, { problem: "" })));
}

/** Forgets the conversation. Waiting messages are sent in the new one, but for those that replace one of the old. */
function startNew(store: ChatStore): void {
  for (const { key, refusal, replaces } of store.readOutbox())
    if (refusal !== undefined || replaces) store.storage.set(`out/${key}`, undefined);
  beginNew(store);
}

function deleteData(store: ChatStore): void {
  const { storage, conversation } = store;
  const entries = store.readOutbox();
  for (const entry of entries) {
    // The conversation that this message created is erased, too, once its id is known.
    storage.set(`out/${entry.key}`, isMaybeAccepted(entry) ? { ...entry, withdrawn: true } : undefined);
  }
  store.notifyErased({ messages: entries.filter((entry) => !isMaybeAccepted(entry)).map(({ key }) => key) });
  if (conversation.access) storage.set(`erase/${conversation.access.conversationId}`, conversation.access);
  setDraft(store, "");
  changeConsent(store, (consent) => consent.forget());
  beginNew(store);
}

/** True if the service may have accepted the message into a conversation whose id is unknown here. */
function isMaybeAccepted({ request }: OutboxEntry): boolean {
  return request !== undefined && request.conversationId === undefined;
}

function beginNew(store: ChatStore): void {
  store.notices.state = undefined;
  store.forgetConversation();
  store.outboxChanged();
}

/** Makes an earlier conversation the present one. The visitor's identity opens it, so it needs no token. */
function continueConversation(store: ChatStore, conversationId: string): void {
  store.notices.state = undefined;
  store.storage.set("tail", undefined);
  store.storage.set("conversation", { conversationId });
  loadStored(store);
  store.notifyTabs();
}
