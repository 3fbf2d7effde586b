import { linkAbort } from "../../../../packages/client/source/linked-abort.ts";
import { backoffMs } from "../../../../packages/client/source/retry-delays.ts";
import type { ChatStore } from "../chat-store.ts";
import { fromHistory, isOpenReply, merge, withReply } from "../items.ts";
import { showActions } from "../actions/known-actions.ts";
import type { OpenConversation } from "../open-conversation.ts";
import type * as News from "./show-news.ts";

/**
 * Follows the events of the conversation that the visitor sees, or in which a person answers, while this page has the
 * permit to stream and no reply is followed. Otherwise ends that.
 */
export function followNews(store: ChatStore): void {
  const { conversation, permit, shown, environment } = store;
  const byPeople = conversation.handling.handledBy !== "ai";
  const wanted = (shown || byPeople) && conversation.cursor !== undefined;
  permit.rest(wanted);
  const { readAt, running, items, lifetime, isLive } = conversation;
  const isRead = readAt !== undefined && !running.has("follow") && !items.some(isOpenReply);
  // Without it, the conversation is read now and then, as on a service without events.
  const load = (act: (news: typeof News) => Promise<void>) =>
    store.runInBackground(import("./show-news.ts").then(act, () => undefined));
  if (wanted && byPeople && !isLive && environment.visible()) load(({ pollNews }) => pollNews(store));
  if (!wanted || !permit.held || !isRead) endNews(conversation);
  else if (!conversation.following) {
    const { signal } = (conversation.following = linkAbort(lifetime.signal));
    load(({ showNews }) => showNews(store, signal, { backoffMs, fromHistory, merge, withReply, showActions }));
  }
}

/** Closes the connection, if there is one. */
export function endNews(conversation: OpenConversation): void {
  conversation.following?.release();
  conversation.following?.abort();
  conversation.following = undefined;
  conversation.isLive = false;
}
