import type { ConversationAccess } from "../../../packages/client/source/client.ts";
import type { ConnectionNotice } from "./chat-state.ts";
import type { ChatStore, Erased } from "./chat-store.ts";
import { showActions } from "./actions/known-actions.ts";
import { endNews } from "./news/follow-news.ts";
import { fromStored, merge } from "./items.ts";

/** Loads the stored values into this tab, whichever tab wrote them. */
export function loadStored(store: ChatStore): void {
  const stored = store.storage.get("conversation");
  if (stored?.conversationId !== store.conversation.access?.conversationId && store.conversation.access)
    store.leaveConversation();
  const { conversation } = store;
  conversation.access = stored;
  store.outbox = store.readOutbox();
  const tail = store.storage.get("tail");
  if (tail && tail.conversationId === stored?.conversationId) {
    const here = new Set(conversation.items.map(({ key }) => key));
    conversation.items = merge(conversation.items, tail.items.map(fromStored), here);
    showActions(store, conversation, tail.actions);
    if (tail.handling) store.setHandling(conversation, tail.handling);
  }
  store.publish();
  store.runDueWork();
}

/** Leaves a conversation that the service rejects. Waiting messages move to the next one. */
export function leaveRefused(store: ChatStore, refused: ConversationAccess): void {
  const stored = store.storage.get("conversation");
  if (store.conversation.access?.conversationId !== refused.conversationId) return;
  // Another tab has a newer token, or has left already.
  if (stored?.conversationId !== refused.conversationId || stored.token !== refused.token) return loadStored(store);
  store.forgetConversation();
  store.notices.state = { kind: "restarted" };
  store.notifyTabs();
  store.runDueWork();
}

/**
 * Keeps this tab and the others in sync.
 * @returns a function that ends it
 */
export function connectTabs(store: ChatStore): () => void {
  const { environment, storage, client, permit } = store;
  const channel = environment.openChannel(storage.name, (message) => {
    const { notice, erased } = message as { notice?: ConnectionNotice | null; erased?: Erased };
    if (erased !== undefined) return dropErased(store, erased);
    if (notice === undefined) return loadStored(store);
    store.notices.otherTab = notice ?? undefined;
    store.publish();
  });
  store.notifyTabs = (notice) => {
    if (!store.lifetime.signal.aborted) channel?.post({ notice });
  };
  store.notifyErased = (erased) => {
    if (!store.lifetime.signal.aborted) channel?.post({ erased });
  };
  const stop = environment.listen((event, key = null) => {
    // The channel is often quicker than the storage it reports on.
    if (event === "storage" && (storage.isShared(key) || store.consent.isStoredUnder(key))) loadStored(store);
    if (event === "hidden") {
      store.saveTail();
      permit.release();
    }
    if (event === "focus") permit.claim();
    if (event === "visible") permit.resume();
    if (event === "online" || event === "offline") store.setOffline(event === "offline");
    if (event === "online" || event === "visible") resume(store);
  });
  return () => {
    stop();
    channel?.close();
  };

  /** Reads again: the network is back, or the page is visible again, perhaps after hours. */
  function resume({ notices, conversation }: ChatStore): void {
    const now = environment.now();
    const { send } = notices;
    if (send && (send.kind === "unreachable" || ("resumesAt" in send && send.resumesAt <= now))) store.delays.wake();
    client.wake();
    if (conversation.readAt !== undefined && Math.abs(now - conversation.readAt) > staleMs)
      conversation.readAt = undefined;
    // Over another network, the connection is dead without an end.
    endNews(conversation);
    loadStored(store);
  }
}

/** Drops what another tab has erased: this tab may just have restored it in a storage that the page cleared as well. */
function dropErased(store: ChatStore, { conversationId, messages = [] }: Erased): void {
  const { storage } = store;
  for (const key of messages) storage.set(`out/${key}`, undefined);
  if (conversationId !== undefined && storage.get("conversation")?.conversationId === conversationId) {
    storage.set("conversation", undefined);
    storage.set("tail", undefined);
  }
  loadStored(store);
}

/** Age of a read from which it is repeated when the page becomes visible. */
const staleMs = 30_000;
