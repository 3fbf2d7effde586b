import type { InboxEntry, InboxEvent } from "../../../shared/protocol/operator.ts";

export type EntryEvent = Exclude<InboxEvent, { event: "resync" | "wait" }>;
type EntryChange = (entry: InboxEntry) => InboxEntry;

const excerptLength = 200;

/**
 * Tells what an event changes of its conversation's entry in a list.
 * @param readId the conversation that is before the operator's eyes
 */
export function changeOf(event: EntryEvent, readId: string | undefined): EntryChange | undefined {
  if (event.event === "message") return messageChange(event.data, readId);
  if (event.event === "job") return jobChange(event.data);
  return event.event === "handling" ? handlingChange(event.data) : undefined;
}

/** Shows that this operator has seen all of it. */
export function asSeen({ unread, ...entry }: InboxEntry): InboxEntry {
  return { ...entry, unseen: false, ...(unread !== undefined && { unread: 0 }) };
}

type EventData<Name extends EntryEvent["event"]> = Extract<EntryEvent, { event: Name }>["data"];

function messageChange(
  { conversationId, id, sender, text, timestamp, at }: EventData<"message">,
  readId: string | undefined,
): EntryChange {
  return (entry) => {
    const isNews = sender === "user" && conversationId !== readId && entry.lastMessage?.id !== id;
    const changed: InboxEntry = {
      ...entry,
      ...(isNews && entry.unread !== undefined && { unread: entry.unread + 1 }),
      lastMessage: { id, sender, text: text.slice(0, excerptLength), timestamp },
      updatedAt: at,
      unseen: sender === "user" ? conversationId !== readId : entry.unseen,
    };
    // The first words of a person: the visitor waits no more.
    if (sender === "operator") delete changed.waitingSince;
    return changed;
  };
}

function jobChange({ jobId, status }: EventData<"job">): EntryChange {
  const runs = status === "queued" || status === "active";
  return ({ activeJobId, ...entry }) => ({
    ...entry,
    activeJobId: runs ? (activeJobId ?? jobId) : activeJobId === jobId ? null : activeJobId,
  });
}

function handlingChange({ handledBy, operator, operatorId, waitingSince }: EventData<"handling">): EntryChange {
  return (entry) => {
    const changed: InboxEntry = { ...entry, handledBy };
    delete changed.operator;
    delete changed.unread;
    delete changed.waitingSince;
    delete changed.closedAt;
    if (operator && operatorId !== undefined) changed.operator = { id: operatorId, name: operator.name };
    if (waitingSince !== undefined) changed.waitingSince = waitingSince;
    return changed;
  };
}
