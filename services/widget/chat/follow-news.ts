import { linkAbort } from "../client/linked-abort.ts";
import { backoffMs } from "../client/retry-delays.ts";
import type { ChatStore } from "./chat-store.ts";
import { fromHistory, isOpenReply, merge, withReply } from "./items.ts";
import type { OpenConversation } from "./open-conversation.ts";

/**
 * Follows the events of the conversation that the visitor sees, while this page has the permit to stream and no reply is
 * followed. Otherwise ends that.
 */
export function followNews(store: ChatStore): void {
  const { conversation, permit, shown } = store;
  const wanted = shown && conversation.cursor !== undefined;
  permit.rest(wanted);
  const { readAt, running, items, lifetime } = conversation;
  const isRead = readAt !== undefined && !running.has("follow") && !items.some(isOpenReply);
  if (!wanted || !permit.held || !isRead) endNews(conversation);
  else if (!conversation.following) {
    const { signal } = (conversation.following = linkAbort(lifetime.signal));
    // Without it, the conversation is read now and then, as on a service without events.
    const late = import("./show-news.ts").catch(() => undefined);
    const loaded = { backoffMs, fromHistory, merge, withReply };
    store.runInBackground(late.then((news) => news?.showNews(store, signal, loaded)));
  }
}

/** Closes the connection, if there is one. */
export function endNews(conversation: OpenConversation): void {
  conversation.following?.release();
  conversation.following?.abort();
  conversation.following = undefined;
}
