import type { ConversationAccess } from "../client/client.ts";
import type { ChatItem } from "./items.ts";

/** Lifetime of one conversation in this tab, known to the service or about to be. Its end aborts what waits for it. */
export interface OpenConversation {
  readonly lifetime: AbortController;
  access: ConversationAccess | undefined;
  items: readonly ChatItem[];
  hasOlder: boolean;
  /** Tasks in progress, each at most once at a time. */
  readonly running: Set<"read" | "follow" | "older">;
  /** Set when something changed during a read, so another read is needed. */
  readAgain: boolean;
  /** Time of the last read from the service. `undefined`: the shown messages may be incomplete. */
  readAt: number | undefined;
}

export function emptyConversation(): OpenConversation {
  return {
    lifetime: new AbortController(),
    access: undefined,
    items: [],
    hasOlder: false,
    running: new Set(),
    readAgain: false,
    readAt: undefined,
  };
}
