import { setTimeout as sleep } from "node:timers/promises";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { conversationEventData } from "../../../shared/protocol/events.ts";
import { inboxEventData } from "../../../shared/protocol/operator.ts";
import { pickApi } from "../follow-reply.ts";
import type { Random } from "../random.ts";
import type { Reading, RequestRecord, RunLog } from "../run-log.ts";
import type { ApiProcess, ChaosTestbed } from "../testbed.ts";
import { describeEvent, type TalkEvent } from "./describe-event.ts";

interface ReaderOptions {
  testbed: ChaosTestbed;
  runLog: RunLog;
  random: Random;
  /** Number of the visitor or operator; see `RequestRecord`. */
  visitor: number;
  token: string;
  /** Absent: it reads the inbox. */
  conversationId?: string;
  /** Cursor to begin after; "0": everything first; absent: from now. */
  after?: string | undefined;
  /** Hears each event once. */
  hear?: (event: TalkEvent) => void;
}

/** Time to reach the target with all parts healthy. */
const lateMs = 25_000;
const lookEveryMs = 100;

/** Follows a conversation or the inbox over connections to any API process, and keeps all that it was told. */
export class EventReader {
  readonly #options: ReaderOptions;
  readonly #reading: Reading;
  readonly #seen = new Map<number, string>();
  #lastId: string | undefined;
  /** Highest place that it knows of. */
  #place: number | undefined;
  /** True while the cursor in use is none of the service's. */
  #garbled = false;

  constructor(options: ReaderOptions) {
    const { runLog, conversationId, after, visitor } = options;
    this.#options = options;
    this.#place = after === undefined || after === "0" ? undefined : placeOf(after);
    this.#reading = {
      who: `${conversationId === undefined ? "the console" : "a stream"} of ${visitor}`,
      ...(conversationId !== undefined && { conversationId }),
      began: this.#place,
      events: [],
      doubles: 0,
      connections: 0,
      resyncs: [],
      everything: [],
      target: undefined,
      ended: undefined,
    };
    runLog.readings.push(this.#reading);
  }

  /** Resolves once it has reached its target, or its conversation is deleted. */
  async read(): Promise<void> {
    const { testbed, random } = this.#options;
    let targetSince: number | undefined;
    while (!this.#isDone()) {
      const dropAfterMs = random.chance(0.5) ? random.between(200, 4000) : random.between(4000, 20_000);
      await this.#connect(pickApi(testbed, random), dropAfterMs, this.#chooseCursor());
      if (this.#reading.target !== undefined) targetSince ??= Date.now();
      if (targetSince !== undefined && Date.now() - targetSince > lateMs) this.#reading.ended ??= "late";
      if (!this.#isDone()) await sleep(random.chance(0.2) ? random.between(1000, 5000) : random.between(20, 400));
    }
    this.#reading.ended ??= "at target";
  }

  #isDone(): boolean {
    const { target, ended } = this.#reading;
    return ended !== undefined || (target !== undefined && (this.#place ?? -1) >= target);
  }

  /** Most often the last id; sometimes an earlier one, or what is none. */
  #chooseCursor(): string | undefined {
    const { random, after } = this.#options;
    const { events } = this.#reading;
    const [back, garbles, ago] = [random.chance(0.1), random.chance(0.03), random.between(1, 30)];
    this.#garbled = garbles && this.#place !== undefined;
    if (this.#garbled) return "7-strange";
    const earlier = back ? events.at(-1 - ago) : undefined;
    const [, mark] = /^\d+(-.*)$/.exec(this.#lastId ?? "") ?? [];
    return earlier && mark !== undefined ? `${earlier.place}${mark}` : (this.#lastId ?? after);
  }

  async #connect(api: ApiProcess, dropAfterMs: number, cursor: string | undefined): Promise<void> {
    const { conversationId, token } = this.#options;
    const path =
      conversationId === undefined ? "/api/operator/inbox/events" : `/api/conversations/${conversationId}/events`;
    const leaving = new AbortController();
    const dropped = setTimeout(() => leaving.abort(), dropAfterMs);
    const looking = setInterval(() => this.#isDone() && leaving.abort(), lookEveryMs);
    const at = Date.now();
    let status: RequestRecord["status"] = "broken";
    this.#reading.connections += 1;
    try {
      const response = await fetch(`${api.url}${path}${cursor === undefined ? "" : `?after=${cursor}`}`, {
        headers: { authorization: `Bearer ${token}` },
        signal: leaving.signal,
      });
      ({ status } = response);
      this.#note(api, at, status);
      if (status === 200) await this.#readFrom(response);
      else this.#takeRefusal(status);
    } catch (error) {
      // The first connection did not tell where it began if it was dropped: without a cursor the next begins anew.
      if (status === "broken" && !leaving.signal.aborted) this.#note(api, at, status);
      if (!(error instanceof TypeError) && !leaving.signal.aborted) this.#breach(String(error));
    } finally {
      clearTimeout(dropped);
      clearInterval(looking);
    }
  }

  #note(api: ApiProcess, at: number, status: RequestRecord["status"]): void {
    const { runLog, visitor, conversationId } = this.#options;
    const route = conversationId === undefined ? "GET inbox events" : "GET conversation events";
    runLog.note({ at, ms: Date.now() - at, visitor, api: api.name, method: "GET", route, status, waits: false });
  }

  #takeRefusal(status: number): void {
    const { runLog, conversationId = "" } = this.#options;
    if ((status === 404 || status === 204) && runLog.deleted.has(conversationId)) this.#reading.ended = "deleted";
    else if (status !== 503) this.#breach(`answered with ${status}`);
  }

  async #readFrom(response: Response): Promise<void> {
    const order = { place: -1 };
    const parser = createParser({ onEvent: (message) => this.#take(message, order) });
    const decoder = new TextDecoder("utf-8", { fatal: true });
    for await (const bytes of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      parser.feed(decoder.decode(bytes, { stream: true }));
    }
  }

  /** @param order place of the last event of this connection */
  #take({ event: name = "", data, id }: EventSourceMessage, order: { place: number }): void {
    const { conversationId } = this.#options;
    const event = parseEvent(name, JSON.parse(data), conversationId);
    if (event.event === "wait" || event.event === "typing" || event.event === "position") return;
    if (id === undefined) {
      if (event.event !== "message") this.#breach(`"${event.event}" without an id`);
      else this.#reading.everything.push(event.data.id);
      return;
    }
    if (event.event === "deleted" && conversationId !== undefined) {
      this.#reading.ended = "deleted";
      return;
    }
    const place = placeOf(id);
    if (place === undefined || place <= order.place)
      this.#breach(`event ${id} after ${order.place} of the same connection`);
    order.place = place ?? order.place;
    this.#lastId = id;
    if (event.event === "resync") this.#skipTo(place ?? 0);
    else if (this.#place === undefined && this.#options.after === "0") this.#begin(place ?? 0);
    else this.#keep(place ?? 0, event);
  }

  #begin(place: number): void {
    this.#place = place;
    this.#reading.began = place;
  }

  #skipTo(to: number): void {
    const from = this.#place;
    if (from === undefined) this.#begin(to);
    else this.#reading.resyncs.push({ from, to, garbled: this.#garbled });
    this.#place = Math.max(to, from ?? 0);
  }

  #keep(place: number, event: TalkEvent): void {
    const what = describeEvent(event);
    const known = this.#seen.get(place);
    if (known !== undefined) {
      this.#reading.doubles += 1;
      if (known !== what) this.#breach(`event ${place} was "${known}", then "${what}"`);
      return;
    }
    // From now: the first event tells where that was.
    if (this.#place === undefined) this.#begin(place - 1);
    this.#place = Math.max(place, this.#place ?? 0);
    this.#seen.set(place, what);
    const conversationId = "conversationId" in event.data ? event.data.conversationId : undefined;
    this.#reading.events.push({ place, conversationId: conversationId ?? this.#options.conversationId ?? "", what });
    this.#options.hear?.(event);
  }

  #breach(what: string): void {
    this.#options.runLog.breach("event streams follow the protocol", `${this.#reading.who}: ${what}`);
  }
}

function placeOf(cursor: string): number | undefined {
  const [, place] = /^(\d+)-/.exec(cursor) ?? [];
  return place === undefined ? undefined : Number(place);
}

/** @throws if it is no event of the contract */
function parseEvent(name: string, data: unknown, conversationId: string | undefined): TalkEvent {
  const shapes: Record<string, { parse: (data: unknown) => unknown } | undefined> =
    conversationId === undefined ? inboxEventData : conversationEventData;
  const shape = shapes[name];
  if (!shape) throw new Error(`an event of unknown name: ${name}`);
  return { event: name, data: shape.parse(data) } as TalkEvent;
}
