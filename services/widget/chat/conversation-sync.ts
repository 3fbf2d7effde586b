import type { JobView } from "../../../shared/protocol/job.ts";
import type { CallOptions, ConversationAccess } from "../../../packages/client/source/client.ts";
import { ServiceError } from "../../../packages/client/source/service-error.ts";
import type { ChatStore } from "./chat-store.ts";
import { withSource } from "./cited-source.ts";
import { isUnsettled, showActions } from "./actions/known-actions.ts";
import { followNews } from "./news/follow-news.ts";
import {
  finalFields,
  fromHistory,
  hasUnansweredAfter,
  isLeftToPeople,
  isOpenReply,
  merge,
  withChange,
  withReply,
} from "./items.ts";
import type { OpenReply, ReplyItem } from "./items.ts";
import type { OpenConversation } from "./open-conversation.ts";
import { leaveRefused } from "./tab-sync.ts";

/** Reads the service's copy of the conversation, and the jobs of messages without a reply. */
export async function pullConversation(store: ChatStore): Promise<void> {
  const { conversation } = store;
  conversation.readAgain = true;
  if (!conversation.access) return;
  await runOnce(conversation, "read", async () => {
    while (conversation.readAgain) {
      conversation.readAgain = conversation.isStale = false;
      await readOnce(store, conversation);
      conversation.readAt = store.environment.now();
    }
    store.ready = true;
    store.saveTail();
    store.publish();
    store.runDueWork();
  });
}

async function readOnce(store: ChatStore, conversation: OpenConversation): Promise<void> {
  const before = new Set(conversation.items.map(({ key }) => key));
  const { handling } = conversation;
  // In this order, a reply stored between the two reads is seen twice. In the other order, it would be missed.
  const view = await request(store, conversation, (access, options) => store.client.conversation(access, options));
  const history =
    view && (await request(store, conversation, (access, options) => store.client.history(access, options)));
  if (!history) return;
  // The older of the two: what happened between the reads arrives as an event.
  conversation.cursor ??= view.cursor;
  showActions(store, conversation, view.actions);
  // An event during the read may be newer. A service of an earlier version says nothing.
  if (history.handledBy && conversation.handling === handling) store.setHandling(conversation, history);
  const page = history.messages.map(fromHistory);
  conversation.items = merge(conversation.items, page, before, true);
  conversation.confirmed = page.findLast(({ sender }) => sender === "user")?.id;
  if (conversation.items[0]?.id === page[0]?.id) conversation.hasOlder = history.nextBefore !== undefined;
  const jobId = view.activeJobId;
  if (!jobId || conversation.items.some(({ key }) => key === jobId)) return;
  // This message was known only to the service.
  const job = await request(store, conversation, ({ token }, options) => store.client.job({ jobId, token }, options));
  if (job?.finishedAt !== undefined) conversation.readAgain = true;
  else if (job)
    conversation.items = withReply(conversation.items, job.messageId, { jobId, timestamp: store.environment.now() });
}

/** Follows the replies that have not ended, one at a time, as they are written. */
export async function followReplies(store: ChatStore): Promise<void> {
  const { conversation } = store;
  if (!conversation.items.some(isOpenReply)) return;
  await runOnce(conversation, "follow", async () => {
    for (let reply; !conversation.lifetime.signal.aborted && (reply = conversation.items.find(isOpenReply));) {
      await followOne(store, conversation, reply);
    }
  });
  followNews(store);
}

async function followOne(
  store: ChatStore,
  conversation: OpenConversation,
  { key, jobId, text, at, sources: cited }: OpenReply,
): Promise<void> {
  const { access, lifetime } = conversation;
  const from = at === undefined ? undefined : { text, id: at };
  const { environment, permit } = store;
  const [quiet, mayStream] = [() => !environment.visible(), () => permit.held];
  const options = { from, signal: lifetime.signal, quiet, mayStream };
  const change = (changes: Partial<ReplyItem>) => {
    // Another tab may have reported the reply's end.
    if (!conversation.items.some((item) => isOpenReply(item) && item.key === key)) return;
    if (conversation.sealed.includes(key) && !("jobId" in changes)) return;
    conversation.items = withChange(conversation.items, key, changes);
    store.publish();
  };
  let soFar = from?.text ?? "";
  let sources = from && cited ? cited : [];
  const endWish = permit.want();
  try {
    for await (const progress of store.client.follow({ jobId, token: access?.token }, options)) {
      if (progress.type === "trouble") {
        store.markUnreachable("read", progress.error, progress.failures, progress.pauseMs);
        continue;
      }
      store.markReachable("read");
      if ("job" in progress) {
        if (access && progress.job.error?.code === "deleted") return leaveRefused(store, access);
        change(finalFields(progress.job));
        finishReply(store, conversation, progress.job);
      } else if (progress.type === "status") {
        change({ phase: progress.status === "queued" ? "queued" : "writing", position: progress.position });
      } else if (progress.type === "source") {
        sources = withSource(sources, progress);
        change({ sources });
      } else {
        soFar = progress.type === "delta" ? soFar + progress.text : "";
        if (progress.type === "reset") sources = [];
        change({ text: soFar, at: progress.type === "delta" ? progress.id : undefined, sources });
        store.saveTailSoon();
      }
    }
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (access && error.gone) return leaveRefused(store, access);
    change({ jobId: undefined, phase: "failed", failure: error.words, problem: error.problem });
    store.runDueWork();
  } finally {
    endWish();
  }
}

function finishReply(store: ChatStore, conversation: OpenConversation, job: JobView): void {
  const { jobId, messageId, createdAt } = job;
  if (isLeftToPeople(job)) {
    if (!job.reply) conversation.items = conversation.items.filter(({ key }) => key !== jobId);
    // The service alone may know who answers instead.
    conversation.readAt = undefined;
  }
  // The job may have done what was confirmed, or replaced what waits. While it was followed, no events arrived.
  conversation.isStale ||= conversation.actions.some(isUnsettled);
  showActions(store, conversation, job.actions);
  // The client's clock may be wrong, so the service's time replaces it.
  conversation.items = withChange(conversation.items, messageId, { timestamp: Date.parse(createdAt) });
  // Another client has sent more messages meanwhile.
  if (hasUnansweredAfter(conversation.items, jobId)) conversation.readAt = undefined;
  store.saveTail();
  store.notifyTabs();
  if (store.waitsForReply) store.delays.wake();
  store.runDueWork();
}

/** Asks the service to stop the oldest reply that has not ended. */
export async function stopReply(store: ChatStore): Promise<void> {
  const { conversation } = store;
  const jobId = conversation.items.find(isOpenReply)?.jobId;
  if (!jobId) return;
  store.permit.claim();
  await request(store, conversation, ({ token }, options) => store.client.cancel({ jobId, token }, options));
  // The stream's events, or the next poll, report the reply's end.
  store.client.wake();
}

/**
 * Sends a request about the conversation until there is an answer.
 * @returns `undefined` if there is none: the conversation was left, or the error is permanent
 */
async function request<T>(
  store: ChatStore,
  conversation: OpenConversation,
  call: (access: ConversationAccess, options: CallOptions) => Promise<T>,
): Promise<T | undefined> {
  const { access, lifetime } = conversation;
  const { signal } = lifetime;
  if (!access) return undefined;
  try {
    return await store.withRetry("read", signal, () => call(access, { signal }));
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.gone) leaveRefused(store, access);
    // The conversation was not left: another tab had a newer token.
    if (error.gone && !signal.aborted) conversation.readAgain = true;
    return undefined;
  }
}

/** Runs a task of the conversation, unless it is running already. */
async function runOnce(
  conversation: OpenConversation,
  task: "read" | "follow",
  run: () => Promise<void>,
): Promise<void> {
  if (conversation.running.has(task)) return;
  conversation.running.add(task);
  try {
    await run();
  } finally {
    conversation.running.delete(task);
  }
}
