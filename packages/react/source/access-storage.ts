import type { ConversationAccess } from "@parley/client";

type KeptStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** Id and token of a conversation, kept over reloads. A browser may deny its storage, or have it full. */
export interface AccessStorage {
  load(): ConversationAccess | undefined;
  /** @param access `undefined` forgets it */
  keep(access: ConversationAccess | undefined): void;
}

/**
 * @param storage returns `undefined` for a conversation that ends with the page
 * @param key of the conversation in it
 */
export function openAccessStorage(storage: () => KeptStorage | undefined, key: string): AccessStorage {
  return {
    load: () => {
      try {
        const stored = JSON.parse(storage()?.getItem(key) ?? "null") as ConversationAccess | null;
        return typeof stored?.conversationId === "string" ? stored : undefined;
      } catch {
        return undefined;
      }
    },
    keep: (access) => {
      try {
        if (access === undefined) storage()?.removeItem(key);
        else storage()?.setItem(key, JSON.stringify(access));
      } catch {
        // The conversation ends with the page.
      }
    },
  };
}
