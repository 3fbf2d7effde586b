import { ServiceError } from "../client/service-error.ts";
import type { EarlierConversation } from "./chat-state.ts";
import type { ChatStore } from "./chat-store.ts";
import { loadStored } from "./tab-sync.ts";

const maxShown = 3;

/** Reads a verified visitor's conversations, without a retry: they are an offer, and the chat works without them. */
export async function readEarlier(store: ChatStore): Promise<readonly EarlierConversation[]> {
  const { client, assistant, lifetime } = store;
  if (client.visitor === undefined) return [];
  try {
    const { conversations } = await client.conversations({ signal: lifetime.signal });
    const hidden = new Set(store.storage.list("erase/").map(({ conversationId }) => conversationId));
    hidden.add(store.conversation.access?.conversationId ?? "");
    return conversations
      .filter(({ id, assistantType }) => !hidden.has(id) && assistantType === (assistant ?? "default"))
      .flatMap(({ id, updatedAt, preview }) => (preview ? [{ id, preview, updatedAt: Date.parse(updatedAt) }] : []))
      .slice(0, maxShown);
  } catch (error) {
    if (error instanceof ServiceError || lifetime.signal.aborted) return [];
    throw error;
  }
}

/** Makes an earlier conversation the present one. The visitor's identity opens it, so it needs no token. */
export function continueConversation(store: ChatStore, conversationId: string): void {
  store.notices.state = undefined;
  store.storage.set("tail", undefined);
  store.storage.set("conversation", { conversationId });
  loadStored(store);
  store.notifyTabs();
}
