import type { MessageView } from "../../../shared/protocol/conversation.ts";
import type { JobView } from "../../../shared/protocol/job.ts";
import type { SubmitRequest } from "../../../shared/protocol/submit.ts";
import { sourcesOf } from "./cited-source.ts";
import type { PersonMessage, ReplyMessage, VisitorMessage } from "./chat-state.ts";

/** A reply and, while its job has not ended, the data needed to resume it. */
export interface ReplyItem extends ReplyMessage {
  readonly jobId?: string | undefined;
  /** Position in the text up to which it has arrived, as the service names it. */
  readonly at?: string | undefined;
}

/** Accepted messages and their replies, and those of people; oldest first, each reply after its own message. */
export type ChatItem = VisitorMessage | ReplyItem | PersonMessage;

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

/** Adds a message just accepted, and a placeholder for its reply, unless a person is to answer. */
export function withAccepted(
  items: readonly ChatItem[],
  { key, text, timestamp, request }: Accepted,
  { messageId, jobId }: { messageId: string; jobId: string | undefined },
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
  const all = known ? items : [...items, message];
  return jobId === undefined ? all : withReply(all, messageId, { jobId, timestamp });
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

/** True if a job ended because a person answers its message. */
export function isLeftToPeople({ handledBy, error }: JobView): boolean {
  return handledBy !== undefined || error?.code === takenOver;
}

const takenOver = "taken_over";

/** Maps the end of a job to the reply's final fields. */
export function finalFields({ status, reply, error }: JobView): Partial<ReplyItem> {
  return {
    jobId: undefined,
    at: undefined,
    position: undefined,
    id: reply?.id,
    text: reply?.text ?? "",
    sources: sourcesOf(reply),
    phase: status === "failed" ? "failed" : status === "cancelled" ? "stopped" : "complete",
    takenOver: error?.code === takenOver,
    failure: status === "failed" ? error?.message : undefined,
    problem: error?.code,
    ...(reply && { timestamp: reply.timestamp }),
  };
}

export function fromHistory(message: MessageView): ChatItem {
  const { id, sender, text, timestamp, rating, finishReason, replaces, operator } = message;
  const item = { key: id, id, text, timestamp };
  if (sender === "user") return { ...item, sender, delivery: "sent", replaces };
  if (sender === "operator") return { ...item, sender, operator };
  const isCut = finishReason === takenOver;
  const phase = isCut || finishReason === "cancelled" ? "stopped" : "complete";
  return { ...item, sender: "ai", phase, takenOver: isCut, rating, sources: sourcesOf(message) };
}

/** Form in which an item is stored. To pages of an earlier version, all that is no visitor's is a reply. */
export function toStored(item: ChatItem): ChatItem {
  return item.sender === "operator" ? { ...item, sender: "ai", phase: "complete" } : item;
}

export function fromStored(item: ChatItem): ChatItem {
  return "operator" in item ? { ...item, sender: "operator" } : item;
}

/** Leaves out each message that another one replaces, and its reply; also replies without a word, which people answer. */
export function withoutReplaced(items: readonly ChatItem[]): readonly ChatItem[] {
  const replaced = new Set(items.flatMap((item) => (item.sender === "user" && item.replaces) || []));
  return items.filter((item, at) => {
    const isReply = item.sender === "ai";
    if (isReply && item.phase === "complete" && !item.text) return false;
    return !replaced.has((isReply ? items[at - 1] : item)?.id ?? "");
  });
}

/** True if messages follow this one whose replies are unknown here. */
export function hasUnansweredAfter(items: readonly ChatItem[], key: string): boolean {
  const rest = items.slice(items.findIndex((item) => item.key === key) + 1);
  return rest.some(({ sender }, index) => sender === "user" && rest[index + 1]?.sender !== "ai");
}

/**
 * Merges a gapless page of the conversation into the items.
 * @param replaceable items to drop if the page does not overlap them: there is a gap then, and the page is newer
 * @param isOrdered true for a page of the service: what is elsewhere here, as events alone do not tell each place, is moved
 */
export function merge(
  items: readonly ChatItem[],
  page: readonly ChatItem[],
  replaceable: ReadonlySet<string>,
  isOrdered = false,
): readonly ChatItem[] {
  if (page.length === 0) return items;
  const touches = page.some((incoming) => items.some((item) => isSame(item, incoming)));
  const merged = touches ? [...items] : items.filter(({ key }) => !replaceable.has(key));
  let last = -1;
  for (const incoming of page) {
    let same = merged.findIndex((item) => isSame(item, incoming));
    if (isOrdered && same >= 0 && same < last) {
      merged.splice(last, 0, ...merged.splice(same, 1));
      same = last;
    }
    last = same < 0 ? indexAfter(merged, last, incoming) : same;
    const there = merged[last];
    if (there && (same >= 0 || isUnnamedReply(there, incoming))) merged[last] = combine(there, incoming);
    else merged.splice(last, 0, incoming);
  }
  return merged;
}

/**
 * Finds an item's position. A reply follows its message directly, even before one without an id; all else follows that
 * reply.
 */
function indexAfter(items: readonly ChatItem[], last: number, incoming: ChatItem): number {
  const answered = items[last]?.sender === "user" && items[last + 1]?.sender === "ai";
  return answered && incoming.sender !== "ai" ? last + 2 : last + 1;
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
  // A page of an earlier version stores a person's message without its author.
  if (incoming.sender === "operator") return { ...item, ...incoming, key: item.key };
  if (item.sender !== "ai" || incoming.sender !== "ai" || isOpenReply(incoming)) return item;
  const phase = item.phase === "stopped" ? item.phase : incoming.phase;
  const { rating = item.rating, sources = item.sources } = incoming;
  return { ...incoming, key: item.key, phase, rating, sources };
}

/** Takes the newest items within a maximum count and a maximum of characters. */
export function tailOf(items: readonly ChatItem[], maxItems: number, maxChars: number): readonly ChatItem[] {
  let left = maxChars;
  const tooMuch = items.findLastIndex((item) => (left -= lengthOf(item)) < 0);
  return items.slice(Math.max(tooMuch + 1, items.length - maxItems));
}

function lengthOf(item: ChatItem): number {
  const sources = (item.sender === "ai" && item.sources) || [];
  return sources.reduce(
    (sum, { title, url, quote }) => sum + title.length + url.length + quote.length,
    item.text.length,
  );
}
