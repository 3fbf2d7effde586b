import { ServiceError } from "../client/service-error.ts";
import type { Chat, Rating } from "./chat-state.ts";
import { type ReplyItem, withChange } from "./items.ts";
import { deliver, enqueue } from "./outbox.ts";
import { look, readOlder, stop, watch } from "./conversation-sync.ts";
import { type ChatOptions, Room } from "./chat-store.ts";
import { joinTabs, sync } from "./tab-sync.ts";

/** Opens a conversation with one assistant of one service. Inactive before `start`. */
export function openChat(options: ChatOptions): Chat {
  const room = new Room(options);
  let leaveTabs: (() => void) | undefined;
  room.work = () => {
    if (!leaveTabs || room.life.signal.aborted) return;
    const { access, lookedAt, busy } = room.session;
    if (access && lookedAt === undefined && !busy.has("look")) room.run(look(room));
    room.run(watch(room));
    room.run(deliver(room));
  };
  const start = () => {
    if (leaveTabs || room.life.signal.aborted) return;
    leaveTabs = joinTabs(room);
    room.draft = room.memory.get("draft") ?? "";
    sync(room);
    room.ready ||= !room.session.access;
    room.run(introduce(room));
  };
  return {
    get state() {
      return room.state;
    },
    subscribe: (listener) => room.subscribe(listener),
    start,
    send(text) {
      start();
      room.notices.state = undefined;
      const words = text.trim();
      if (words) enqueue(room, words);
    },
    stop: () => room.run(stop(room)),
    tryAgain: (key) => tryAgain(room, key),
    rate: (key, rating, comment) => rate(room, key, rating, comment),
    loadOlder: () => room.run(readOlder(room)),
    setDraft: (text) => setDraft(room, text),
    startAnew: () => startAnew(room),
    deleteData: () => deleteData(room),
    close() {
      room.close();
      leaveTabs?.();
    },
  };
}

/** Loads the assistant's information. */
async function introduce(room: Room): Promise<void> {
  const { signal } = room.life;
  try {
    const assistants = await room.patiently("read", signal, () => room.client.assistants({ signal }));
    room.info = assistants.find(({ type }) => type === (room.assistant ?? "default"));
    room.changed();
  } catch (error) {
    // The chat works without a greeting.
    if (!(error instanceof ServiceError)) throw error;
  }
}

function tryAgain(room: Room, key: string): void {
  const { session, memory } = room;
  const refused = memory.get(`out/${key}`);
  if (refused?.refusal !== undefined) {
    memory.set(`out/${key}`, undefined);
    return enqueue(room, refused.text, key);
  }
  const index = session.items.findIndex((item) => item.key === key);
  const asked = session.items[index]?.sender === "ai" ? index - 1 : index;
  const [message, reply] = [session.items[asked], session.items[asked + 1]];
  if (message?.sender !== "user" || reply?.sender !== "ai" || reply.phase !== "failed") return;
  session.items = session.items.filter((item) => item !== reply);
  room.save();
  enqueue(room, message.text);
}

/** Shows the rating at once, and reverts it if the service refuses it. */
function rate(room: Room, key: string, rating: Rating | undefined, comment: string | undefined): void {
  const { session } = room;
  const { signal } = session.end;
  const find = () => session.items.find((item): item is ReplyItem => item.sender === "ai" && item.key === key);
  const show = (shown: Rating | undefined) => {
    session.items = withChange(session.items, key, { rating: shown });
    room.save();
    room.tell();
    room.changed();
  };
  const { id: messageId, rating: before } = find() ?? {};
  if (messageId === undefined) return;
  show(rating);
  const tell = async (): Promise<void> => {
    const reply = { messageId, token: session.access?.token };
    const feedback = { rating: rating ?? null, comment };
    try {
      await room.patiently("read", signal, () => room.client.feedback(reply, feedback, { signal }));
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      if (find()?.rating === rating) show(before);
    }
  };
  // Ratings are sent one after the other, so the last one wins.
  const told = room.rated.then(tell);
  room.rated = told.catch(() => undefined);
  room.run(told);
}

function setDraft(room: Room, text: string): void {
  room.draft = text;
  room.memory.set("draft", text || undefined);
  room.changed();
}

/** Forgets the conversation. Waiting messages are sent in the new one. */
function startAnew(room: Room): void {
  for (const { key, refusal } of room.waiting()) if (refusal !== undefined) room.memory.set(`out/${key}`, undefined);
  beginAnew(room);
}

function deleteData(room: Room): void {
  const { memory, session } = room;
  for (const entry of room.waiting()) {
    const perhapsTaken = entry.request && entry.request.conversationId === undefined;
    // The conversation that this message created is erased, too, once its id is known.
    memory.set(`out/${entry.key}`, perhapsTaken ? { ...entry, withdrawn: true } : undefined);
  }
  if (session.access) memory.set(`erase/${session.access.conversationId}`, session.access);
  setDraft(room, "");
  beginAnew(room);
}

function beginAnew(room: Room): void {
  room.notices.state = undefined;
  room.forget();
  room.outboxChanged();
}
