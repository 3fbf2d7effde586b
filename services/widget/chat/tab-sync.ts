import type { ConversationAccess } from "../client/client.ts";
import type { Notice } from "./chat-state.ts";
import { merge } from "./items.ts";
import type { Room } from "./chat-store.ts";

/** Loads the stored values into this tab, whichever tab wrote them. */
export function sync(room: Room): void {
  const stored = room.memory.get("conversation");
  if (stored?.conversationId !== room.session.access?.conversationId && room.session.access) room.renew();
  const { session } = room;
  session.access = stored;
  room.entries = room.waiting();
  const tail = room.memory.get("tail");
  if (tail && tail.conversationId === stored?.conversationId) {
    const here = new Set(session.items.map(({ key }) => key));
    session.items = merge(session.items, tail.items, here);
  }
  room.changed();
  room.work();
}

/** Starts anew because the service rejects this conversation. Waiting messages move to the next one. */
export function leave(room: Room, refused: ConversationAccess): void {
  const stored = room.memory.get("conversation");
  if (room.session.access?.conversationId !== refused.conversationId) return;
  // Another tab has a newer token, or has left already.
  if (stored?.conversationId !== refused.conversationId || stored.token !== refused.token) return sync(room);
  room.forget();
  room.notices.state = { kind: "restarted" };
  room.tell();
  room.work();
}

/**
 * Keeps this tab and the others in sync.
 * @returns a function that ends it
 */
export function joinTabs(room: Room): () => void {
  const { surroundings, memory, client } = room;
  const channel = surroundings.openChannel?.(memory.name, (message) => {
    const { notice } = message as { notice?: Notice | null };
    if (notice === undefined) return sync(room);
    room.notices.otherTab = notice ?? undefined;
    room.changed();
  });
  room.tell = (notice) => {
    if (!room.life.signal.aborted) channel?.post({ notice });
  };
  const stop = surroundings.listen((event, key = null) => {
    // The channel is often quicker than the storage it reports on.
    if (event === "storage" && memory.concerns(key)) sync(room);
    if (event === "hidden") room.save();
    if (event === "online" || event === "offline") room.setOffline(event === "offline");
    if (event === "online" || event === "visible") resume(room);
  });
  return () => {
    stop();
    channel?.close();
  };

  /** Reads again: the network is back, or the page is visible again, perhaps after hours. */
  function resume({ notices, session }: Room): void {
    const now = surroundings.now();
    const { send } = notices;
    if (send && (send.kind === "unreachable" || ("resumesAt" in send && send.resumesAt <= now))) room.pauses.wake();
    client.wake();
    if (session.lookedAt !== undefined && Math.abs(now - session.lookedAt) > staleMs) session.lookedAt = undefined;
    sync(room);
  }
}

/** Age of a read from which it is repeated when the page becomes visible. */
const staleMs = 30_000;
