import type { Handling } from "../../../shared/protocol/handling.ts";
import type { SubmitRequest, SubmitResponse } from "../../../shared/protocol/submit.ts";
import type { ConversationAccess } from "../../../packages/client/source/client.ts";
import { linkAbort } from "../../../packages/client/source/linked-abort.ts";
import { newKey } from "../../../packages/client/source/new-key.ts";
import { originRefused, ServiceError } from "../../../packages/client/source/service-error.ts";
import type { OutboxEntry } from "./chat-storage.ts";
import type { ChatStore } from "./chat-store.ts";
import { isOpenReply, withAccepted } from "./items.ts";
import { leaveRefused, loadStored } from "./tab-sync.ts";

/**
 * Maximum wait for the lock of a tab that is sending, as that tab may sleep. Two tabs then send the same message, which
 * is harmless: its idempotency key is the same.
 */
const lockTimeoutMs = 30_000;

/** Adds a message to the outbox, and stores it before the first try. */
export function enqueue(
  store: ChatStore,
  text: string,
  { key = newKey(), replaces }: Partial<Pick<OutboxEntry, "key" | "replaces">> = {},
): void {
  const order = Math.max(0, ...store.readOutbox().map((entry) => entry.order)) + 1;
  store.storage.set(`out/${key}`, { key, id: newKey(), text, order, timestamp: store.environment.now(), replaces });
  store.outboxChanged();
}

/** Sends waiting messages one by one: the second message of a conversation needs the id that the first one gets. */
export async function sendOutbox(store: ChatStore): Promise<void> {
  if (store.sendingOutbox || !nextTask(store)) return;
  store.sendingOutbox = true;
  try {
    await withTabLock(store, async () => {
      store.notices.otherTab = undefined;
      loadStored(store);
      for (let task; (task = nextTask(store));) await task();
    });
  } finally {
    store.sendingOutbox = false;
  }
  // Messages may have been added since the last check.
  return sendOutbox(store);
}

/** Runs one tab at a time; without the lock if its holder does not release it in time. */
async function withTabLock(
  { environment: { locks }, storage, lifetime }: ChatStore,
  run: () => Promise<void>,
): Promise<void> {
  if (!locks) return run();
  const timeout = linkAbort(lifetime.signal, lockTimeoutMs);
  let acquired = false;
  try {
    await locks.request(storage.name, { signal: timeout.signal }, () => {
      acquired = true;
      return run();
    });
  } catch (error) {
    if (acquired || lifetime.signal.aborted) throw error;
    await run();
  } finally {
    timeout.release();
  }
}

function nextTask(store: ChatStore): (() => Promise<void>) | undefined {
  // A page that the service does not let in leaves erasures to the next one.
  const [erasure] = store.originRefused ? [] : store.storage.list("erase/");
  if (erasure) return () => eraseConversation(store, erasure);
  // A request that was tried may have begun a conversation already.
  const entry = store.readOutbox().find((each) => each.refusal === undefined && (each.request || store.maySend));
  // The service replaces no message while a reply is open.
  if (entry?.replaces && store.conversation.items.some(isOpenReply)) return undefined;
  return entry && (() => sendEntry(store, entry.key));
}

/** Asks the service to erase a conversation, until it confirms, or the token is no longer valid. */
async function eraseConversation(store: ChatStore, access: ConversationAccess): Promise<void> {
  const { signal } = store.lifetime;
  try {
    await store.withRetry("send", signal, () => store.client.deleteConversation(access, { signal }));
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.code === originRefused) return;
  }
  store.storage.set(`erase/${access.conversationId}`, undefined);
}

async function sendEntry(store: ChatStore, key: string): Promise<void> {
  const { signal } = store.lifetime;
  await store.withRetry("send", signal, async () => {
    // Read again at each try: another tab may have sent the message, or the visitor withdrawn it.
    const entry = prepare(store, key);
    const { access } = store.conversation;
    if (!entry) return;
    store.sending = key;
    store.publish();
    try {
      const token = entry.request.conversationId && access?.token;
      accept(store, entry, await store.client.submit(entry.request, { key: entry.id, token, signal }));
    } catch (error) {
      if (!(error instanceof ServiceError) || error.passing) throw error;
      store.noteRefusal(error);
      refuse(store, entry, access, error);
    } finally {
      store.sending = undefined;
      store.publish();
    }
  });
}

/** Fixes the exact request and stores it before sending: a request once tried may have been accepted. */
function prepare(store: ChatStore, key: string): (OutboxEntry & { request: SubmitRequest }) | undefined {
  const { storage, conversation, assistant } = store;
  const entry = storage.get(`out/${key}`);
  if (!entry || entry.refusal !== undefined) return undefined;
  const conversationId = conversation.access?.conversationId;
  const { request, replaces: old } = entry;
  const bound = request?.conversationId;
  if (request && (bound === undefined || bound === conversationId)) return { ...entry, request };
  if (!store.maySend) {
    storage.set(`out/${key}`, { ...entry, request: undefined });
    return undefined;
  }
  const message = entry.text;
  const replaces = old?.conversationId === conversationId ? old?.messageId : undefined;
  const prepared = {
    ...entry,
    request: { message, conversationId, replaces, assistantType: assistant, metadata: withConsent(store) },
  };
  storage.set(`out/${key}`, prepared);
  return prepared;
}

/** Data sent with a message; it replaces the conversation's, so each message names the time of the agreement. */
function withConsent({ metadata, consent: { givenAt, wanted } }: ChatStore): SubmitRequest["metadata"] {
  if (wanted === false || givenAt === undefined) return metadata?.();
  return { ...metadata?.(), consent: givenAt };
}

type AcceptedMessage = Pick<SubmitResponse, "status" | "messageId"> & Partial<Handling>;

function accept(store: ChatStore, entry: OutboxEntry, accepted: SubmitResponse): void {
  const { storage } = store;
  const { conversationId, token } = accepted;
  const access = { conversationId, token };
  const now = storage.get(`out/${entry.key}`);
  // Another tab has sent the message, or the visitor has withdrawn it.
  if (!now) return loadStored(store);
  const known = store.conversation.access?.conversationId;
  // The visitor left this conversation while the message was in flight. The message is sent again in the next one.
  if (known !== conversationId && now.request?.conversationId !== undefined) return;
  if (now.withdrawn) {
    storage.set(`erase/${conversationId}`, access);
  } else {
    if (known !== undefined && known !== conversationId) store.leaveConversation();
    const { conversation } = store;
    // A new conversation holds only this message, so no history needs reading.
    if (known === undefined) {
      conversation.readAt = store.environment.now();
      conversation.cursor = accepted.cursor;
      conversation.confirmed = accepted.messageId;
    }
    conversation.access = access;
    // A service of an earlier version knows no people.
    const { status, messageId, handledBy: by }: AcceptedMessage = accepted;
    const handledBy = by ?? "ai";
    // A repeat shows who answered at the first request. Only a read tells who does now.
    if (handledBy !== conversation.handling.handledBy) conversation.readAt = undefined;
    const jobId = status === "completed" && handledBy !== "ai" ? undefined : accepted.jobId;
    conversation.items = withAccepted(conversation.items, entry, { messageId, jobId });
    // Order matters: wherever execution is cut off, either the message or its entry is found again.
    storage.set("conversation", access);
    store.saveTail();
  }
  storage.set(`out/${entry.key}`, undefined);
  store.outboxChanged();
}

function refuse(
  store: ChatStore,
  entry: OutboxEntry & { request: SubmitRequest },
  access: ConversationAccess | undefined,
  error: ServiceError,
): void {
  const { key, renewed, withdrawn, request } = entry;
  if (!store.storage.get(`out/${key}`)) return;
  if (error.gone && access && request.conversationId !== undefined) return leaveRefused(store, access);
  // Another tab or device was faster: the message is replaced already, or another one is being answered.
  if (request.replaces && error.status === 409) {
    const plain = { ...entry, id: newKey(), request: undefined, replaces: undefined };
    store.storage.set(`out/${key}`, error.code === "reply-open" ? plain : undefined);
    store.conversation.readAt = undefined;
    return store.outboxChanged();
  }
  // The message was accepted into a conversation deleted since, and its key with it.
  const resend = error.status === 404 && error.gone && !renewed;
  const change = resend ? { id: newKey(), renewed: true } : { refusal: error.words, problem: error.problem };
  store.storage.set(`out/${key}`, withdrawn ? undefined : { ...entry, request: undefined, ...change });
  store.outboxChanged();
}
