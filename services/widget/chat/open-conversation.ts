import type { ActionCard } from "../../../shared/protocol/actions/action-card.ts";
import type { ConversationAccess } from "../../../packages/client/source/client.ts";
import type { AbortLink } from "../../../packages/client/source/linked-abort.ts";
import type { AnswerNews, HandlingNews, StoredHandling } from "./chat-state.ts";
import type { ChatItem } from "./items.ts";

/** Lifetime of one conversation in this tab, known to the service or about to be. Its end aborts what waits for it. */
export interface OpenConversation {
  readonly lifetime: AbortController;
  access: ConversationAccess | undefined;
  items: readonly ChatItem[];
  hasOlder: boolean;
  /** Tasks in progress, each at most once at a time. */
  readonly running: Set<"read" | "follow" | "older" | "poll">;
  /** Set when something changed during a read, so another read is needed. */
  readAgain: boolean;
  /** Time of the last read from the service. `undefined`: the shown messages may be incomplete. */
  readAt: number | undefined;
  /** Id of the newest message of a person that the service knows to be seen, or is being told of. */
  seenAnswer: string | undefined;
  /** Cursor of the newest event that is shown. A service of an earlier version has none. */
  cursor: string | undefined;
  /** Id of the visitor's newest message in a read or an event. Of those after it, only this browser's order is known. */
  confirmed: string | undefined;
  /** A new object whenever who answers has changed. */
  handling: StoredHandling;
  handlingNews: HandlingNews;
  actions: readonly ActionCard[];
  /** By the ids of actions. */
  answers: Readonly<Record<string, AnswerNews>>;
  /** Keys of replies that were being written when a person took over: nothing is added to them but their end. */
  sealed: readonly string[];
  /** True if the shown messages may be out of date, though complete. */
  isStale: boolean;
  /** True while events arrive. */
  isLive: boolean;
  /** Ends the following of events. */
  following: AbortLink | undefined;
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
    seenAnswer: undefined,
    cursor: undefined,
    confirmed: undefined,
    handling: { handledBy: "ai" },
    handlingNews: { lines: [] },
    actions: [],
    answers: {},
    sealed: [],
    isStale: false,
    isLive: false,
    following: undefined,
  };
}
