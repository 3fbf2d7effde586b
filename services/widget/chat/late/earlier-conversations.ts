import type { EarlierConversation } from "../chat-state.ts";
import type { ChatStore } from "../chat-store.ts";

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
    if ((error as Error).name === "ServiceError" || lifetime.signal.aborted) return [];
    throw error;
  }
}
