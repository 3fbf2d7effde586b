import type { FaultKind } from "./plan.ts";

/** A rule that did not hold. */
export interface Breach {
  rule: string;
  detail: string;
  jobId?: string | undefined;
}

/** What was done to a part, from when until when (Unix milliseconds); `to` is open while it lasts. */
export interface Incident {
  kind: FaultKind;
  /** A process, `postgres`, `redis` or `provider`. */
  part: string;
  from: number;
  to: number;
}

export interface RequestRecord {
  at: number;
  ms: number;
  visitor: number;
  api: string;
  method: string;
  /** Without ids. */
  route: "POST chat" | "GET job" | "GET timeline" | "GET events" | "DELETE job" | "DELETE conversation";
  /** `broken`: the connection did not bring an answer. */
  status: number | "broken";
  /** The client asked for the wait. */
  waits: boolean;
  jobId?: string | undefined;
}

/** A message that got its 202. */
export interface Accepted {
  visitor: number;
  jobId: string;
  conversationId: string;
  text: string;
  /** When its first POST left, and when it was accepted. */
  sentAt: number;
  acceptedAt: number;
}

/** One client's look at a job, to its end. */
export interface Followed {
  jobId: string;
  visitor: number;
  how: "stream" | "poll";
  /** Put together, or the reply of the last poll. */
  text: string;
  status: string;
  reply: string | undefined;
  at: number;
  /** When the connection that brought the end was opened, and to whom. */
  connectedAt: number;
  api: string;
}

/** Everything the harness saw itself. Times are Unix milliseconds. */
export class Journal {
  readonly requests: RequestRecord[] = [];
  #closed = false;
  readonly incidents: Incident[] = [];
  readonly accepted: Accepted[] = [];
  readonly followed: Followed[] = [];
  readonly breaches: Breach[] = [];
  /** Jobs whose cancel was answered with 200: they were queued and are cancelled. */
  readonly cancelled: string[] = [];
  /** Conversations whose deletion was asked for, and whether that was answered with 204. */
  readonly deleted = new Map<string, boolean>();
  /** What visitors sent, accepted or not, and where to: a first message has no conversation before its 202. */
  readonly sent = new Map<string, { conversationId: string | undefined; jobId?: string }>();
  /** Of each process, at the end. */
  readonly usage: { name: string; memoryMb: number; sockets: number }[] = [];
  /** Of each run of a process (`worker-1/3`), every few seconds; in MB. */
  readonly memory = new Map<string, number[]>();

  /** Moments in which the harness itself did not get to work: gates and clients, which are in it, were late as well. */
  readonly heldUp: { from: number; to: number }[] = [];

  wasHeldUp(from: number, to: number): boolean {
    return this.heldUp.some((each) => each.from <= to && each.to >= from);
  }

  note(request: RequestRecord): void {
    if (!this.#closed) this.requests.push(request);
  }

  /** What clients that were given up still do is no news. */
  close(): void {
    this.#closed = true;
  }

  breach(rule: string, detail: string, jobId?: string): void {
    this.breaches.push({ rule, detail, jobId });
  }

  /** Notes what is done to a part; the returned function says that it is mended, when it is called first. */
  begin(kind: FaultKind, part: string): () => void {
    const incident: Incident = { kind, part, from: Date.now(), to: Number.POSITIVE_INFINITY };
    this.incidents.push(incident);
    return () => (incident.to = Math.min(incident.to, Date.now()));
  }

  /** What was wrong with any of these parts between two moments, or a little before. */
  disturbances(parts: readonly string[], from: number, to: number, afterMs = 0): Incident[] {
    return this.incidents.filter(
      (incident) => parts.includes(incident.part) && incident.from <= to && incident.to + afterMs >= from,
    );
  }
}
