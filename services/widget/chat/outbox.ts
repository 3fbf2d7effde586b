import type { SubmitRequest, SubmitResponse } from "../../../shared/protocol/submit.ts";
import type { ConversationAccess } from "../client/client.ts";
import { linkAbort } from "../client/linked-abort.ts";
import { newKey } from "../client/new-key.ts";
import { ServiceError } from "../client/service-error.ts";
import { withAccepted } from "./items.ts";
import type { Entry } from "./chat-storage.ts";
import type { Room } from "./chat-store.ts";
import { leave, sync } from "./tab-sync.ts";

/**
 * Maximum wait for the lock of a tab that is sending, as that tab may sleep. Two tabs then send the same message, which
 * is harmless: its idempotency key is the same.
 */
const lockPatienceMs = 30_000;

/** Adds a message to the outbox, and stores it before the first try. */
export function enqueue(room: Room, text: string, key = newKey()): void {
  const order = Math.max(0, ...room.waiting().map((entry) => entry.order)) + 1;
  room.memory.set(`out/${key}`, { key, id: newKey(), text, order, timestamp: room.surroundings.now() });
  room.outboxChanged();
}

/** Sends waiting messages one by one: the second message of a conversation needs the id that the first one gets. */
export async function deliver(room: Room): Promise<void> {
  if (room.delivering || !nextWork(room)) return;
  room.delivering = true;
  try {
    await exclusively(room, async () => {
      room.notices.otherTab = undefined;
      sync(room);
      for (let work; (work = nextWork(room));) await work();
    });
  } finally {
    room.delivering = false;
  }
  // Messages may have been added between the last look and now.
  return deliver(room);
}

async function exclusively({ surroundings: { locks }, memory, life }: Room, act: () => Promise<void>): Promise<void> {
  if (!locks) return act();
  const patience = linkAbort(life.signal, lockPatienceMs);
  let mine = false;
  try {
    await locks.request(memory.name, { signal: patience.signal }, () => {
      mine = true;
      return act();
    });
  } catch (error) {
    if (mine || life.signal.aborted) throw error;
    await act();
  } finally {
    patience.release();
  }
}

function nextWork(room: Room): (() => Promise<void>) | undefined {
  const [erasure] = room.memory.list("erase/");
  if (erasure) return () => erase(room, erasure);
  const entry = room.waiting().find(({ refusal }) => refusal === undefined);
  return entry && (() => send(room, entry.key));
}

/** Asks the service to erase a conversation, until it confirms, or the token opens nothing any more. */
async function erase(room: Room, access: ConversationAccess): Promise<void> {
  const { signal } = room.life;
  try {
    await room.patiently("send", signal, () => room.client.deleteConversation(access, { signal }));
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
  }
  room.memory.set(`erase/${access.conversationId}`, undefined);
}

async function send(room: Room, key: string): Promise<void> {
  const { signal } = room.life;
  await room.patiently("send", signal, async () => {
    // Read again at each try: another tab may have sent the message, or the visitor withdrawn it.
    const entry = prepare(room, key);
    const { access } = room.session;
    if (!entry) return;
    room.sending = key;
    room.changed();
    try {
      const token = entry.request.conversationId && access?.token;
      accept(room, entry, await room.client.submit(entry.request, { key: entry.id, token, signal }));
    } catch (error) {
      if (!(error instanceof ServiceError) || error.passing) throw error;
      refuse(room, entry, access, error);
    } finally {
      room.sending = undefined;
      room.changed();
    }
  });
}

/** Fixes the exact request and stores it before sending: a request once tried may have been accepted. */
function prepare(room: Room, key: string): (Entry & { request: SubmitRequest }) | undefined {
  const { memory, session, assistant, metadata } = room;
  const entry = memory.get(`out/${key}`);
  if (!entry || entry.refusal !== undefined) return undefined;
  const conversationId = session.access?.conversationId;
  const { request } = entry;
  const bound = request?.conversationId;
  if (request && (bound === undefined || bound === conversationId)) return { ...entry, request };
  const message = entry.text;
  const prepared = { ...entry, request: { message, conversationId, assistantType: assistant, metadata: metadata?.() } };
  memory.set(`out/${key}`, prepared);
  return prepared;
}

function accept(room: Room, entry: Entry, accepted: SubmitResponse): void {
  const { memory } = room;
  const { conversationId, token } = accepted;
  const access = { conversationId, token };
  const now = memory.get(`out/${entry.key}`);
  // Another tab has sent the message, or the visitor has withdrawn it.
  if (!now) return sync(room);
  const known = room.session.access?.conversationId;
  // The visitor left this conversation while the message was in flight. The message is sent again in the next one.
  if (known !== conversationId && now.request?.conversationId !== undefined) return;
  if (now.withdrawn) {
    memory.set(`erase/${conversationId}`, access);
  } else {
    if (known !== undefined && known !== conversationId) room.renew();
    const { session } = room;
    // A new conversation holds only this message, so no history needs reading.
    if (known === undefined) session.lookedAt = room.surroundings.now();
    session.access = access;
    session.items = withAccepted(session.items, entry, accepted);
    // Order matters: wherever execution is cut off, either the message or its entry is found again.
    memory.set("conversation", access);
    room.save();
  }
  memory.set(`out/${entry.key}`, undefined);
  room.outboxChanged();
}

function refuse(
  room: Room,
  entry: Entry & { request: SubmitRequest },
  access: ConversationAccess | undefined,
  error: ServiceError,
): void {
  const { key, renewed, withdrawn, request } = entry;
  if (!room.memory.get(`out/${key}`)) return;
  if (error.gone && access && request.conversationId !== undefined) return leave(room, access);
  // The message was accepted into a conversation deleted since, and its key with it.
  const again = error.status === 404 && error.gone && !renewed;
  const change = again ? { id: newKey(), renewed: true } : { refusal: error.words };
  room.memory.set(`out/${key}`, withdrawn ? undefined : { ...entry, request: undefined, ...change });
  room.outboxChanged();
}
