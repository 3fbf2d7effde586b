import type { FaultKind } from "./fault-plan.ts";

/** A broken rule. */
export interface Breach {
  rule: string;
  detail: string;
  jobId?: string | undefined;
}

/** Fault of a part, with its start and end (Unix milliseconds); `to` is open while it lasts. */
export interface FaultRecord {
  kind: FaultKind;
  /** A process, `postgres`, `redis` or `provider`. */
  part: string;
  from: number;
  to: number;
}

/** Numbers of operators, where visitors have theirs, begin after this one. */
export const operatorNumbers = 100;

export interface RequestRecord {
  at: number;
  ms: number;
  /** Number of the visitor; of an operator, counted from `operatorNumbers`. */
  visitor: number;
  api: string;
  method: string;
  /** Route without ids. */
  route:
    | "POST chat"
    | "GET job"
    | "GET timeline"
    | "GET events"
    | "GET conversation events"
    | "GET inbox"
    | "GET inbox events"
    | "DELETE job"
    | "DELETE conversation"
    | "POST handoff"
    | "DELETE handoff"
    | "POST sources"
    | "POST refresh"
    | "DELETE source"
    | `POST ${OperatorAct}`;
  /** `broken`: the connection failed without an answer. */
  status: number | "broken";
  /** True if the client asked for the wait. */
  waits: boolean;
  jobId?: string | undefined;
}

/** Changes of a conversation by an operator. */
export type OperatorAct = "take" | "messages" | "release" | "assign" | "close";

/** A message that was answered with 202. */
export interface AcceptedMessage {
  visitor: number;
  jobId: string;
  conversationId: string;
  text: string;
  /** Times of its first POST and of its acceptance. */
  sentAt: number;
  acceptedAt: number;
}

/** One client's view of a job, to its end. */
export interface FollowedJob {
  jobId: string;
  visitor: number;
  how: "stream" | "poll";
  /** Text assembled from deltas, or the reply of the last poll. */
  text: string;
  status: string;
  reply: string | undefined;
  /** Numbers and places of the sources that the last connection of a stream was sent. */
  sources: { n: number; offset: number }[];
  at: number;
  /** Start time of the connection that delivered the end, and its API process. */
  connectedAt: number;
  api: string;
}

/** Most that a client was ever shown of an attempt, also what was withdrawn from it later. */
export interface ShownBytes {
  jobId: string;
  attempt: number;
  bytes: number;
  who: string;
}

/** An event as a reader of a conversation or of the inbox received it. */
export interface ReadEvent {
  /** Its place in the log that is read: `seq` of a conversation, `pos` of the inbox. */
  place: number;
  conversationId: string;
  /** Content, in the words of `describeEvent`. */
  what: string;
}

/** One reader's view of a log, over all its connections. */
export interface Reading {
  who: string;
  /** Absent: it reads the inbox. */
  conversationId?: string;
  /** Place after which it began. Undefined until the first answer tells. */
  began: number | undefined;
  /** In the order of their first arrival. */
  events: ReadEvent[];
  doubles: number;
  connections: number;
  /** Places that it was told to skip: after the first, up to the second. `garbled`: its cursor was no cursor. */
  resyncs: { from: number; to: number; garbled: boolean }[];
  /** Messages that it was sent when it asked for everything. */
  everything: string[];
  /** Place up to which it reads before it leaves. */
  target: number | undefined;
  /** `deleted`: so is its conversation. `late`: it did not reach its target. */
  ended: "deleted" | "at target" | "late" | undefined;
}

/** A message that an operator has sent, once or several times under one key. */
export interface OperatorMessageRecord {
  conversationId: string;
  text: string;
  /** Id of the stored message; undefined: it was refused, or its fate is unknown. */
  messageId: string | undefined;
  outcome: "stored" | "refused" | "unknown";
}

/** A source of the site's knowledge as its owner left it. */
export interface SourceRecord {
  /** Word that its text has, and no other; undefined: its page was taken away. */
  mark: string | undefined;
  deleted: boolean;
}

/** Observations of the harness itself. Times are Unix milliseconds. */
export class RunLog {
  readonly requests: RequestRecord[] = [];
  #closed = false;
  readonly faultRecords: FaultRecord[] = [];
  readonly accepted: AcceptedMessage[] = [];
  readonly followed: FollowedJob[] = [];
  readonly breaches: Breach[] = [];
  /** Jobs whose cancel was answered with 200: they were queued and are cancelled. */
  readonly cancelled: string[] = [];
  /** Conversations with a requested deletion; true if it was answered with 204. */
  readonly deleted = new Map<string, boolean>();
  /**
   * Messages sent, accepted or not, by text, with their conversation. A first message has no conversation before its
   * 202.
   */
  readonly sent = new Map<string, { conversationId: string | undefined; jobId?: string }>();
  /** By job and attempt. */
  readonly shown = new Map<string, ShownBytes>();
  readonly readings: Reading[] = [];
  readonly operatorMessages: OperatorMessageRecord[] = [];
  /** Sources that were added, by id. */
  readonly sources = new Map<string, SourceRecord>();
  /** Last place of the log of all conversations that readers were to reach. */
  logEnd = 0;
  /** Usage of each process at the end. */
  readonly usage: { name: string; memoryMb: number; sockets: number }[] = [];
  /** Memory of each run of a process (`worker-1/3`), every few seconds, in MB. */
  readonly memory = new Map<string, number[]>();

  /** Periods in which the harness itself was stalled. Its gates and clients were late as well. */
  readonly stalls: { from: number; to: number }[] = [];

  wasStalled(from: number, to: number): boolean {
    return this.stalls.some((each) => each.from <= to && each.to >= from);
  }

  note(request: RequestRecord): void {
    if (!this.#closed) this.requests.push(request);
  }

  noteShown(text: ShownBytes): void {
    const key = `${text.jobId} ${text.attempt}`;
    if (text.bytes > (this.shown.get(key)?.bytes ?? 0)) this.shown.set(key, text);
  }

  /** Ignores later events of abandoned clients. */
  close(): void {
    this.#closed = true;
  }

  breach(rule: string, detail: string, jobId?: string): void {
    this.breaches.push({ rule, detail, jobId });
  }

  /** Records the start of a fault. A call of the returned function records its end; only the first call counts. */
  begin(kind: FaultKind, part: string): () => void {
    const record: FaultRecord = { kind, part, from: Date.now(), to: Number.POSITIVE_INFINITY };
    this.faultRecords.push(record);
    return () => (record.to = Math.min(record.to, Date.now()));
  }

  /** Lists the faults of these parts between two moments, or a little before. */
  faultsOf(parts: readonly string[], from: number, to: number, afterMs = 0): FaultRecord[] {
    return this.faultRecords.filter(
      (record) => parts.includes(record.part) && record.from <= to && record.to + afterMs >= from,
    );
  }
}
