import type { ChatStore } from "../chat-store.ts";
import type { fromHistory } from "../items.ts";

/**
 * Fetches the page before the oldest message.
 * @param toItem a function of the chat's first file: importing it would split that file
 */
export async function loadOlder(store: ChatStore, toItem: typeof fromHistory): Promise<void> {
  const { conversation, client } = store;
  const { access, hasOlder, running, lifetime } = conversation;
  const { signal } = lifetime;
  const before = conversation.items[0]?.id;
  if (!access || !before || !hasOlder || running.has("older")) return;
  running.add("older");
  try {
    const page = await store.withRetry("read", signal, () => client.history(access, { before, signal }));
    conversation.items = [...page.messages.map((message) => toItem(message)), ...conversation.items];
    conversation.hasOlder = page.nextBefore !== undefined;
    store.publish();
  } catch (error) {
    if ((error as Error).name !== "ServiceError") throw error;
    // A read shows whether the conversation is gone.
    conversation.readAt = undefined;
    store.runDueWork();
  } finally {
    running.delete("older");
  }
}
