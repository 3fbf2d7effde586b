import type { MessageView } from "../../../shared/protocol/conversation.ts";
import type { JobView } from "../../../shared/protocol/job.ts";
import type { SubmitRequest } from "../../../shared/protocol/submit.ts";
import type { ReplyMessage, VisitorMessage } from "./chat-state.ts";

/** A reply and, while its job has not ended, the data needed to resume it. */
export interface ReplyItem extends ReplyMessage {
  readonly jobId?: string | undefined;
  /** Position in the text up to which it has arrived, as the service names it. */
  readonly at?: string | undefined;
}

/** Accepted messages and their replies; oldest first, each reply after its own message. */
export type ChatItem = VisitorMessage | ReplyItem;

export type OpenReply = ReplyItem & { readonly jobId: string };

export function isOpenReply(item: ChatItem): item is OpenReply {
  return item.sender === "ai" && item.jobId !== undefined;
}

interface Accepted {
  readonly key: string;
  readonly text: string;
  readonly timestamp: number;
  readonly request?: Pick<SubmitRequest, "replaces"> | undefined;
}

/** Adds a message just accepted, and a placeholder for its reply. */
export function withAccepted(
  items: readonly ChatItem[],
  { key, text, timestamp, request }: Accepted,
  { messageId, jobId }: { messageId: string; jobId: string },
): readonly ChatItem[] {
  // A message accepted before a reload may already be in the history.
  const known = items.some(({ id }) => id === messageId);
  const message: ChatItem = {
    sender: "user",
    key,
    id: messageId,
    text,
    timestamp,
    delivery: "sent",
    replaces: request?.replaces,
  };
  return withReply(known ? items : [...items, message], messageId, { jobId, timestamp });
}

/** Adds a placeholder for a message's reply if there is none. */
export function withReply(
  items: readonly ChatItem[],
  messageId: string,
  { jobId, timestamp }: { jobId: string; timestamp: number },
): readonly ChatItem[] {
  const after = items.findIndex(({ id }) => id === messageId) + 1 || items.length;
  if (items[after]?.sender === "ai" || items.some(({ key }) => key === jobId)) return items;
  const reply: ChatItem = { sender: "ai", key: jobId, jobId, text: "", timestamp, phase: "queued" };
  return [...items.slice(0, after), reply, ...items.slice(after)];
}

/** @param name a key or an id */
export function withChange(items: readonly ChatItem[], name: string, change: Partial<ReplyItem>): readonly ChatItem[] {
  return items.map((item) => (item.key === name || item.id === name ? ({ ...item, ...change } as ChatItem) : item));
}

/** Maps the end of a job to the reply's final fields. */
export function finalFields({ status, reply, error }: JobView): Partial<ReplyItem> {
  return {
    jobId: undefined,
    at: undefined,
    position: undefined,
    id: reply?.id,
    text: reply?.text ?? "",
    phase: status === "failed" ? "failed" : status === "cancelled" ? "stopped" : "complete",
    failure: status === "failed" ? error?.message : undefined,
    problem: error?.code,
    ...(reply && { timestamp: reply.timestamp }),
  };
}

export function fromHistory({ id, sender, text, timestamp, rating, finishReason, replaces }: MessageView): ChatItem {
  const item = { key: id, id, text, timestamp };
  if (sender === "user") return { ...item, sender, delivery: "sent", replaces };
  return { ...item, sender: "ai", phase: finishReason === "cancelled" ? "stopped" : "complete", rating };
}

/** Leaves out each message that another one replaces, and its reply. */
export function withoutReplaced(items: readonly ChatItem[]): readonly ChatItem[] {
  const replaced = new Set(items.flatMap((item) => (item.sender === "user" && item.replaces) || []));
  return items.filter((item, at) => !replaced.has((item.sender === "user" ? item : items[at - 1])?.id ?? ""));
}

/** True if messages follow this one whose replies are unknown here. */
export function hasUnansweredAfter(items: readonly ChatItem[], key: string): boolean {
  const rest = items.slice(items.findIndex((item) => item.key === key) + 1);
  return rest.some(({ sender }, index) => sender === "user" && rest[index + 1]?.sender !== "ai");
}

/**
 * Merges a gapless page of the conversation into the items.
 * @param replaceable items to drop if the page does not overlap them: there is a gap then, and the page is newer
 */
export function merge(
  items: readonly ChatItem[],
  page: readonly ChatItem[],
  replaceable: ReadonlySet<string>,
): readonly ChatItem[] {
  if (page.length === 0) return items;
  const touches = page.some((incoming) => items.some((item) => isSame(item, incoming)));
  const merged = touches ? [...items] : items.filter(({ key }) => !replaceable.has(key));
  let last = -1;
  for (const incoming of page) {
    const same = merged.findIndex((item) => isSame(item, incoming));
    last = same < 0 ? indexAfter(merged, last, incoming) : same;
    const there = merged[last];
    if (there && (same >= 0 || isUnnamedReply(there, incoming))) merged[last] = combine(there, incoming);
    else merged.splice(last, 0, incoming);
  }
  return merged;
}

/**
 * Finds an item's position. A reply follows its message directly, even before one without an id; a message follows that
 * reply.
 */
function indexAfter(items: readonly ChatItem[], last: number, incoming: ChatItem): number {
  const answered = items[last]?.sender === "user" && items[last + 1]?.sender === "ai";
  return answered && incoming.sender === "user" ? last + 2 : last + 1;
}

function isUnnamedReply(item: ChatItem, incoming: ChatItem): boolean {
  return item.sender === "ai" && incoming.sender === "ai" && item.id === undefined;
}

function isSame(one: ChatItem, other: ChatItem): boolean {
  return one.key === other.key || (one.id !== undefined && one.id === other.id);
}

/** Combines two versions of an item. A reply still followed here keeps its local state, unless it has ended. */
function combine(item: ChatItem, incoming: ChatItem): ChatItem {
  // During an upgrade, a history read from the older version names no replaced message and no stopped reply.
  if (item.sender === "user") {
    const { timestamp, replaces = item.replaces } = incoming as VisitorMessage;
    return { ...item, timestamp, replaces };
  }
  if (incoming.sender === "user" || isOpenReply(incoming)) return item;
  const phase = item.phase === "stopped" ? item.phase : incoming.phase;
  return { ...incoming, key: item.key, phase, rating: incoming.rating ?? item.rating };
}

/** Takes the newest items within a maximum count and a maximum of characters. */
export function tailOf(items: readonly ChatItem[], maxItems: number, maxChars: number): readonly ChatItem[] {
  let left = maxChars;
  const tooMuch = items.findLastIndex(({ text }) => (left -= text.length) < 0);
  return items.slice(Math.max(tooMuch + 1, items.length - maxItems));
}
