import { Meter } from "../meter.ts";
import {
  type CallMeter,
  ProviderError,
  type ProviderEvent,
  type ProviderRequest,
  type SignOfLife,
  type TokenUsage,
} from "../provider.ts";
import { LengthLimit } from "./length-limit.ts";
import type { Habits } from "./shown/server-habits.ts";
import { ShownText } from "./shown/shown-text.ts";
import type { Source } from "./shown/sources.ts";
import { limitUsage } from "./token-count.ts";

type FinishEvent = Extract<ProviderEvent, { type: "finish" }>;

/** What one event of a stream, or a whole answer, adds to the reply. */
export interface ReplyPart {
  text?: string;
  /** The model declined, in the text of this part. */
  refused?: boolean;
  /** The server sends thoughts in a field of their own. */
  thinks?: boolean;
  /** The upstream is at work, although this part has no text and no thoughts. */
  sign?: SignOfLife | undefined;
  /** All that the reply rests on, as far as the server has told. */
  sources?: readonly Source[];
  /** Another message of the same reply begins here. */
  beginsMessage?: boolean;
  finishReason?: FinishEvent["finishReason"] | undefined;
  model?: string | undefined;
  usage?: TokenUsage | undefined;
  /** The end mark: nothing more is expected. */
  ended?: boolean;
  /** The upstream gave up. */
  fault?: ProviderError;
}

/** Longer than the names of all models; it is stored with the reply. */
const maxModelChars = 200;

interface ReplyOptions {
  /** What it answers: its meter is told of it, and its limit of output is one of the reply, too. */
  request: Pick<ProviderRequest, "assistant" | "meter">;
  /** Of the server, for this model. */
  habits?: Habits;
  /** What the mapper still holds back of the text once the last event was read. */
  rest?: () => string;
}

/** What some events have added to a reply. */
export interface Added {
  /** For the visitor. */
  text: string;
  sign: SignOfLife | undefined;
  fault?: ProviderError;
}

/** A reply while its events arrive. */
export class Reply {
  readonly #toPart: (data: string) => ReplyPart;
  readonly #end: FinishEvent;
  readonly #meter: CallMeter;
  readonly #shown: ShownText;
  readonly #limit: LengthLimit;
  readonly #maxOutputTokens: number;
  readonly #rest: () => string;
  /** Of the events that arrived together: what is taken back by a later one of them was never passed on. */
  #arrived = "";
  #hasText = false;
  /** Thoughts were among its events. */
  #thought = false;
  /** Goes before the next text. */
  #between = "";
  /** Of the events that arrived together. */
  #sign: SignOfLife | undefined;
  /** Its finish reason or its end mark is there: nothing that follows can spoil it. */
  whole = false;
  /** Its end mark is there: nothing more is expected. */
  done = false;
  /** Its finish reason came before its end, as some servers send it: with each chunk, or with the first. */
  finishedEarly = false;
  /** It has text, shown or not. */
  hasWords = false;

  /**
   * @param model the one asked for, until the server names its own
   * @param toPart may throw a `ProviderError`
   */
  constructor(model: string, toPart: (data: string) => ReplyPart, { request, habits, rest = () => "" }: ReplyOptions) {
    const { assistant, meter = new Meter() } = request;
    this.#limit = new LengthLimit(assistant.maxOutputTokens);
    this.#meter = meter;
    this.#maxOutputTokens = assistant.maxOutputTokens;
    this.#rest = rest;
    this.#shown = new ShownText(habits);
    this.#toPart = toPart;
    this.#end = { type: "finish", finishReason: "stop", model };
  }

  /** Longer than the upstream was allowed: nothing more of it is read. */
  get tooLong(): boolean {
    return this.#limit.reached;
  }

  /** Takes the data of events; of their text as much is returned as came before a fault. */
  add(events: readonly string[]): Added {
    let text = "";
    let fault: ProviderError | undefined;
    this.#sign = undefined;
    try {
      for (const data of events) text += this.#addOne(data);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      fault = error;
    }
    text = this.#limit.take(text + this.#show());
    fault ??= this.#shown.fault;
    if (this.#limit.reached) this.#breakOff();
    return { text, sign: this.#sign, ...(fault && { fault }) };
  }

  /**
   * Ends the reply: what was held back of its text, then its `finish`.
   * @throws {ProviderError} `malformed` when the reply is not whole; `rejected` when its limit was spent before its text
   */
  finish(): ProviderEvent[] {
    if (!this.whole) throw new ProviderError("malformed", "the stream ended without a finish reason");
    this.#meter.whole = !this.#limit.reached;
    const rest = this.#limit.reached ? "" : this.#rest();
    this.#meter.generated(rest);
    this.#arrived += rest;
    const text = this.#limit.take(this.#endMessage());
    if (this.#shown.fault) throw this.#shown.fault;
    if (this.#limit.reached) this.#breakOff();
    this.#checkLimit();
    this.#dropEmptyCount();
    return text === "" ? [this.#end] : [{ type: "delta", text }, this.#end];
  }

  /** @returns the rest of a message that ended with this event */
  #addOne(data: string): string {
    if (this.done) return "";
    const part = this.#toPart(data);
    if (part.fault !== undefined) {
      // Sent with the fault, a count is final.
      if (part.usage) Object.assign(this.#meter, { begun: true, whole: true, usage: limitUsage(part.usage) });
      throw part.fault;
    }
    this.#notice(part);
    this.#note(part);
    this.#measure(part);
    if (part.thinks) {
      this.#thought = true;
      this.#shown.thoughtsAreApart();
    }
    if (part.sources) this.#shown.know(part.sources);
    const ended = part.beginsMessage ? this.#endMessage() : "";
    this.#arrived += part.text ?? "";
    return ended;
  }

  #notice({ text, thinks, sign }: ReplyPart): void {
    if (text) this.hasWords = true;
    const works = Boolean(text) || thinks === true || sign === "work";
    this.#sign = works ? "work" : (this.#sign ?? sign);
    if (works && this.whole) this.finishedEarly = true;
  }

  #note({ refused, finishReason, model, usage, ended }: ReplyPart): void {
    // A refusal comes in a field of its own, and then ends with a plain `stop`.
    if (refused) this.#end.finishReason = "refusal";
    else if (finishReason && finishReason !== "stop") this.#end.finishReason = finishReason;
    if (model) this.#end.model = model.slice(0, maxModelChars);
    // Zeros at the end do not undo an earlier count.
    if (usage && (usage.outputTokens > 0 || !this.#end.usage?.outputTokens)) this.#end.usage = limitUsage(usage);
    if (finishReason || ended) this.whole = true;
    if (ended) this.done = true;
  }

  /** Thoughts took all of the output: another call with the same limit would end the same. */
  #checkLimit(): void {
    const { usage, finishReason } = this.#end;
    const written = usage?.outputTokens ?? 0;
    const spent = finishReason === "length" ? this.#thought || written > 0 : written >= this.#maxOutputTokens;
    if (this.#hasText || !spent) return;
    const limit = `maxOutputTokens (${this.#maxOutputTokens})`;
    throw new ProviderError("rejected", `the reply is empty: ${limit} was spent before the first word; raise it`);
  }

  /** Some servers send zeros where they have not counted. */
  #dropEmptyCount(): void {
    const { usage } = this.#end;
    if (!usage || !this.#hasText || (usage.inputTokens > 0 && usage.outputTokens > 0)) return;
    delete this.#end.usage;
    this.#meter.usage = undefined;
  }

  #measure({ text = "", thinks, sign }: ReplyPart): void {
    const meter = this.#meter;
    meter.begun = true;
    meter.usage = this.#end.usage;
    meter.generated(text);
    // Thoughts, and what is written for tools, are output as well.
    if (thinks || (sign === "work" && text === "")) meter.generatedUnseen();
  }

  /** It is as long as it may be. What the call comes to is not known, since it is not read to its end. */
  #breakOff(): void {
    this.whole = true;
    this.done = true;
    this.#end.finishReason = "length";
    delete this.#end.usage;
  }

  #endMessage(): string {
    const text = this.#show() + this.#join(this.#shown.end(this.#end.finishReason));
    if (this.#hasText) this.#between = "\n\n";
    return text;
  }

  #show(): string {
    const arrived = this.#arrived;
    this.#arrived = "";
    return this.#join(this.#shown.push(arrived));
  }

  #join(text: string): string {
    if (text === "") return "";
    const between = this.#between;
    this.#between = "";
    this.#hasText = true;
    return between + text;
  }
}
