import { Random } from "../../test/chaos/random.ts";
import type { ArrivingMessage } from "./arrivals.ts";
import { SimulatedCircuit } from "./simulated-circuit.ts";
import { Heap } from "./heap.ts";
import { Gauge, WaitMeter, type SimulationOutcome, type ReplySource, type Window } from "./wait-meter.ts";
import { type ProviderLimits, SimulatedProvider } from "./simulated-provider.ts";

export interface Setup {
  workers: number;
  /** `WORKER_CONCURRENCY`. */
  concurrency: number;
  provider: ProviderLimits;
  /** True if the assistant has another provider, which takes all calls that the first one refuses. */
  fallback: boolean;
  /** `MAX_BACKLOG`. */
  maxBacklog: number;
  /** `JOB_DEADLINE_MS`. */
  deadlineMs: number;
  own: OwnTime;
  window: Window;
  seed: number;
}

/** Time that Parley adds to a reply while it holds a place. */
export interface OwnTime {
  /**
   * Time from the POST of a message with no other before it until its call, plus that from the first token to its
   * reader.
   */
  beforeMs: number;
  /** Time from the last token until the reply is stored and the place is free. */
  afterMs: number;
}

/**
 * Values of the product: see `services/api/submit/submit-message.ts`, `services/worker/run/call-provider.ts`,
 * `timeouts.ts`.
 */
const mostUnanswered = 5;
const maxRetries = 2;
const firstBackoffMs = 250;
const longestRetryAfterMs = 5000;
const firstTextMs = 90_000;
/** Time of a refusal, shorter than that of a first token. */
const refusalMs = 50;
/** Presets are streamed like any reply, a word every 20 ms; apologies have some sixty words. */
const presetMs = 1200;

interface Job {
  message: ArrivingMessage;
  /** Refused calls. */
  refused: number;
  /** Time from which only the lack of a place kept it waiting. */
  queuedAt: number;
  claimedAt: number;
  firstAt: number;
  worker: number;
}

/**
 * Simulates workers that answer messages as Parley's do: one queue, the oldest first, one message of a conversation at
 * a time, a place for each reply until it is stored. Refused calls are retried, then another provider or a preset
 * answers.
 * @param messages in order of time
 */
export function simulate(messages: Iterable<ArrivingMessage>, setup: Setup): SimulationOutcome {
  const fleet = new Fleet(setup);
  for (const message of messages) {
    fleet.passUntil(message.at);
    fleet.submit(message);
  }
  fleet.passUntil(Number.POSITIVE_INFINITY);
  return fleet.outcome();
}

class Fleet {
  readonly #setup: Setup;
  readonly #events = new Heap<() => void>();
  readonly #random: Random;
  readonly #provider: SimulatedProvider;
  readonly #circuits: SimulatedCircuit[];
  readonly #meter: WaitMeter;
  readonly #waiting: Gauge;
  readonly #busy: Gauge;
  readonly #queue = new Line<Job>();
  /** Workers of the free places; the one idle for longest is next. */
  readonly #free = new Line<number>();
  /** Number of places ever used; unused places have precedence. */
  #opened = 0;
  readonly #conversations = new Map<number, Job[]>();
  #now = 0;

  constructor(setup: Setup) {
    const { workers, provider, window, seed } = setup;
    this.#setup = setup;
    this.#random = new Random(seed);
    this.#provider = new SimulatedProvider(provider);
    this.#circuits = Array.from({ length: workers }, () => new SimulatedCircuit());
    this.#meter = new WaitMeter(window);
    this.#waiting = new Gauge(window);
    this.#busy = new Gauge(window);
  }

  passUntil(at: number): void {
    for (let next = this.#events.takeBy(at); next; next = this.#events.takeBy(at)) {
      this.#now = next.at;
      next.item();
    }
    this.#now = at;
  }

  submit(message: ArrivingMessage): void {
    const open = this.#conversations.get(message.conversation) ?? [];
    const backlog = this.#waiting.value + this.#busy.value;
    if (backlog >= this.#setup.maxBacklog) return this.#meter.refused(message, "backlog");
    if (open.length >= mostUnanswered) return this.#meter.refused(message, "unanswered");
    const job = { message, refused: 0, queuedAt: 0, claimedAt: 0, firstAt: Number.POSITIVE_INFINITY, worker: 0 };
    open.push(job);
    this.#conversations.set(message.conversation, open);
    this.#waiting.add(this.#now, 1);
    if (open.length === 1) this.#enqueueJobs(job);
    this.#dispatch();
  }

  outcome(): SimulationOutcome {
    const { workers, concurrency } = this.#setup;
    const { calls, refusals, most } = this.#provider;
    return {
      ...this.#meter.results(),
      use: this.#busy.mean / (workers * concurrency),
      waiting: { mean: this.#waiting.mean, most: this.#waiting.most, overTime: this.#waiting.overTime },
      provider: { calls, refusals, most },
      circuitsOpened: this.#circuits.reduce((total, { opened }) => total + opened, 0),
    };
  }

  #enqueueJobs(job: Job): void {
    job.queuedAt = this.#now;
    this.#queue.push(job);
  }

  #dispatch(): void {
    const { workers, concurrency } = this.#setup;
    while (this.#free.length > 0 || this.#opened < workers * concurrency) {
      const job = this.#queue.shift();
      if (job === undefined) return;
      const isNew = this.#opened < workers * concurrency;
      job.worker = (isNew ? this.#opened++ % workers : this.#free.shift()) ?? 0;
      job.claimedAt = this.#now;
      this.#waiting.add(this.#now, -1);
      this.#busy.add(this.#now, 1);
      this.#in(this.#setup.own.beforeMs, () => this.#call(job));
    }
  }

  #call(job: Job): void {
    const { message } = job;
    if (this.#timeLeft(job) <= 0) return this.#answer(job, "preset");
    const circuit = this.#circuits[job.worker];
    if (circuit === undefined || circuit.isOpen(this.#now)) return this.#fallBack(job);
    if (!this.#provider.begin(this.#now, message.tokens)) return this.#in(refusalMs, () => this.#refused(job, circuit));
    const late = message.firstMs > firstTextMs;
    const whole = message.firstMs + message.writeMs;
    const callMs = Math.min(late ? firstTextMs : whole, this.#timeLeft(job));
    if (message.firstMs <= callMs) job.firstAt = this.#now + message.firstMs;
    this.#in(callMs, () => {
      this.#provider.end();
      if (!late && callMs === whole) {
        circuit.success();
        return this.#end(job, "provider");
      }
      // A deadline is no sign of a provider failure.
      if (callMs === firstTextMs) {
        circuit.failure(this.#now, true);
        return this.#fallBack(job);
      }
      return this.#answer(job, "preset");
    });
  }

  #refused(job: Job, circuit: SimulatedCircuit): void {
    circuit.failure(this.#now);
    const { retryAfterMs } = this.#setup.provider;
    job.refused++;
    if (job.refused > maxRetries || (retryAfterMs ?? 0) > longestRetryAfterMs) return this.#fallBack(job);
    const backoffMs = firstBackoffMs * 2 ** (job.refused - 1) * (0.5 + this.#random.next());
    return this.#in(Math.min(retryAfterMs ?? backoffMs, this.#timeLeft(job)), () => this.#call(job));
  }

  #fallBack(job: Job): void {
    this.#answer(job, this.#setup.fallback ? "fallback" : "preset");
  }

  /** Answers from another source: a fallback takes as long as the provider would have. */
  #answer(job: Job, source: ReplySource): void {
    const { firstMs, writeMs } = source === "fallback" ? job.message : { firstMs: 0, writeMs: presetMs };
    job.firstAt = Math.min(job.firstAt, this.#now + firstMs);
    this.#in(firstMs + writeMs, () => this.#end(job, source));
  }

  #end(job: Job, source: ReplySource): void {
    this.#in(this.#setup.own.afterMs, () => {
      this.#meter.answered(job.message, { ...job, doneAt: this.#now, source });
      this.#busy.add(this.#now, -1);
      this.#free.push(job.worker);
      this.#next(job.message.conversation);
      this.#dispatch();
    });
  }

  /** Puts the next message of the conversation at the end of the queue. */
  #next(conversation: number): void {
    const open = this.#conversations.get(conversation) ?? [];
    open.shift();
    const [head] = open;
    if (head === undefined) this.#conversations.delete(conversation);
    else this.#enqueueJobs(head);
  }

  #timeLeft({ claimedAt }: Job): number {
    return claimedAt + this.#setup.deadlineMs - this.#now;
  }

  #in(ms: number, act: () => void): void {
    this.#events.push(this.#now + ms, act);
  }
}

/** First-in, first-out queue with a constant cost per removal. */
class Line<T> {
  #items: T[] = [];
  #taken = 0;

  get length(): number {
    return this.#items.length - this.#taken;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    const item = this.#items[this.#taken];
    if (item === undefined) return undefined;
    this.#taken++;
    if (this.#taken > 1000 && this.#taken * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#taken);
      this.#taken = 0;
    }
    return item;
  }
}
