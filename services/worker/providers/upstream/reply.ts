import { atomOf, withoutAtoms } from "../../knowledge/atoms.ts";
import { Meter } from "../meter.ts";
import {
  type CallMeter,
  ProviderError,
  type ProviderEvent,
  type ProviderRequest,
  type SignOfLife,
  type TokenUsage,
} from "../provider.ts";
import { type CallPiece, CallAssembler } from "../tools/call-assembler.ts";
import { ThoughtKeeper } from "../tools/thought-keeper.ts";
import type { KeptThoughts } from "../tools/tool.ts";
import { CallFilter } from "./shown/call-filter.ts";
import { LengthLimit } from "./length-limit.ts";
import type { Habits } from "./shown/server-habits.ts";
import { ShownText } from "./shown/shown-text.ts";
import type { Source } from "./shown/sources.ts";
import { limitUsage } from "./token-count.ts";

type FinishEvent = Extract<ProviderEvent, { type: "finish" }>;

/** Part of the reply that one event of a stream, or a whole answer, adds. */
export interface ReplyPart {
  text?: string;
  /** The model declined, in the text of this part. */
  refused?: boolean;
  /** True if the server sends thoughts in a field of their own. */
  thinks?: boolean;
  /** Sign that the upstream is at work, although this part has no text and no thoughts. */
  sign?: SignOfLife | undefined;
  /** Sources of the reply, as far as the server has named them. */
  sources?: readonly Source[];
  /** Numbers of the passages that the text up to here rests on, where the server names them beside its text. */
  cites?: readonly number[];
  /** Parts of the calls of tools that the model makes. */
  calls?: readonly CallPiece[] | undefined;
  /** Thoughts that the server wants back with the calls. */
  thoughts?: KeptThoughts | undefined;
  /** Another message of the same reply begins here. */
  beginsMessage?: boolean;
  finishReason?: FinishEvent["finishReason"] | undefined;
  model?: string | undefined;
  usage?: TokenUsage | undefined;
  /** End mark: nothing more is expected. */
  ended?: boolean;
  /** Error that ended the upstream's reply. */
  fault?: ProviderError;
}

/** Limit of a model's name, which is stored with the reply; longer than any known name. */
const maxModelChars = 200;

interface ReplyOptions {
  /** Request of the reply. Its meter records the usage, and its output limit applies to the reply, too. */
  request: Pick<ProviderRequest, "assistant" | "meter" | "passages" | "tools">;
  /** Habits of the server, for this model. */
  habits?: Habits;
  /** Returns the text that the mapper still holds back after the last event. */
  rest?: () => string;
}

/** Part of the reply that a batch of events adds. */
export interface Added {
  /** Text for the visitor. */
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
  /** True if the prompt has passages: then atoms are ours alone. */
  readonly #cites: boolean;
  /** Calls of tools; absent if none were offered: then what looks like a call is none. */
  readonly #calls: CallAssembler | undefined;
  readonly #thoughts = new ThoughtKeeper();
  readonly #leaks: CallFilter | undefined;
  /** Text of the events that arrived together. Text withdrawn by a later event of the batch was never passed on. */
  #arrived = "";
  #hasText = false;
  /** True if there were thoughts among its events. */
  #thought = false;
  /** Separator before the next text. */
  #between = "";
  /** Sign of life of the events that arrived together. */
  #sign: SignOfLife | undefined;
  /** True once the finish reason or the end mark has arrived: later errors do not matter. */
  whole = false;
  /** True once the end mark has arrived: nothing more is expected. */
  done = false;
  /** True if the finish reason precedes the end, as some servers send it: with each chunk, or with the first. */
  finishedEarly = false;
  /** True if it has text, shown or not. */
  hasWords = false;

  /**
   * @param model the requested model, until the server names its own
   * @param toPart may throw a `ProviderError`
   */
  constructor(model: string, toPart: (data: string) => ReplyPart, { request, habits, rest = () => "" }: ReplyOptions) {
    const { assistant, passages, tools = [], meter = new Meter() } = request;
    this.#limit = new LengthLimit(assistant.maxOutputTokens);
    this.#meter = meter;
    this.#maxOutputTokens = assistant.maxOutputTokens;
    this.#rest = rest;
    this.#cites = passages !== undefined;
    this.#shown = new ShownText(habits, passages?.length);
    this.#calls = tools.length > 0 ? new CallAssembler(tools) : undefined;
    this.#leaks = this.#calls && new CallFilter();
    this.#toPart = toPart;
    this.#end = { type: "finish", finishReason: "stop", model };
  }

  /** True if it exceeds the upstream's output limit: nothing more of it is read. */
  get tooLong(): boolean {
    return this.#limit.reached;
  }

  /** Takes the data of events, and returns their text up to a fault. */
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
   * Ends the reply: returns the text still held back, then its `finish`.
   * @throws {ProviderError} `malformed` when the reply is not whole; `rejected` when its limit was used up before its
   * text
   */
  finish(): ProviderEvent[] {
    if (!this.whole) throw new ProviderError("malformed", "the stream ended without a finish reason", { cut: true });
    this.#meter.whole = !this.#limit.reached;
    const rest = this.#limit.reached ? "" : this.#rest();
    this.#meter.generated(rest);
    this.#arrived += this.#own(rest);
    const text = this.#limit.take(this.#endMessage());
    if (this.#shown.fault) throw this.#shown.fault;
    if (this.#limit.reached) this.#breakOff();
    if (this.#leaks?.found) {
      throw new ProviderError("malformed", "the server passed a call of a tool on as text", { misusedTools: true });
    }
    const calls = this.#endCalls();
    if (calls === undefined) this.#checkLimit();
    this.#dropEmptyCount();
    const said: ProviderEvent[] = text === "" ? [] : [{ type: "delta", text }];
    return [...said, ...(calls ? [calls] : []), this.#end];
  }

  /** @returns the calls of a whole answer. Of one that was cut none is made: the model would make the whole ones again. */
  #endCalls(): ProviderEvent | undefined {
    const calls = this.#end.finishReason === "stop" ? (this.#calls?.calls() ?? []) : [];
    if (calls.length === 0) return undefined;
    const { kept } = this.#thoughts;
    return { type: "calls", calls, ...(kept && { keep: kept }) };
  }

  /** @returns the rest of a message that ended with this event */
  #addOne(data: string): string {
    if (this.done) return "";
    const part = this.#toPart(data);
    if (part.fault !== undefined) {
      // A count sent with the fault is final.
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
    for (const piece of part.calls ?? []) this.#calls?.add(piece);
    if (this.#calls && part.thoughts) this.#thoughts.add(part.thoughts);
    const ended = part.beginsMessage ? this.#endMessage() : "";
    this.#arrived += this.#own(part.text ?? "");
    if (this.#cites && part.cites) this.#arrived += part.cites.map(atomOf).join("");
    return ended;
  }

  #own(text: string): string {
    return this.#cites ? withoutAtoms(text) : text;
  }

  #notice({ text, thinks, sign }: ReplyPart): void {
    if (text) this.hasWords = true;
    const works = Boolean(text) || thinks === true || sign === "work";
    this.#sign = works ? "work" : (this.#sign ?? sign);
    if (works && this.whole) this.finishedEarly = true;
  }

  #note({ refused, finishReason, model, usage, ended }: ReplyPart): void {
    // A refusal arrives in a field of its own, and then ends with a plain `stop`.
    if (refused) this.#end.finishReason = "refusal";
    else if (finishReason && finishReason !== "stop") this.#end.finishReason = finishReason;
    if (model) this.#end.model = model.slice(0, maxModelChars);
    // Zeros at the end do not overwrite an earlier count.
    if (usage && (usage.outputTokens > 0 || !this.#end.usage?.outputTokens)) this.#end.usage = limitUsage(usage);
    if (finishReason || ended) this.whole = true;
    if (ended) this.done = true;
  }

  /** Rejects a reply whose thoughts took all of the output: another call with the same limit would end the same way. */
  #checkLimit(): void {
    const { usage, finishReason } = this.#end;
    const written = usage?.outputTokens ?? 0;
    const spent = finishReason === "length" ? this.#thought || written > 0 : written >= this.#maxOutputTokens;
    if (this.#hasText || !spent) return;
    const limit = `maxOutputTokens (${this.#maxOutputTokens})`;
    throw new ProviderError("rejected", `the reply is empty: ${limit} was used up before the first word; raise it`);
  }

  /** Drops the zeros that some servers send when they have not counted. */
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
    // Thoughts, and text written for tools, are output as well.
    if (thinks || (sign === "work" && text === "")) meter.generatedUnseen();
  }

  /** Ends a reply that reached its limit. Its usage is unknown, since it is not read to its end. */
  #breakOff(): void {
    this.whole = true;
    this.done = true;
    this.#end.finishReason = "length";
    delete this.#end.usage;
  }

  #endMessage(): string {
    const rest = this.#shown.end(this.#end.finishReason);
    const text = this.#show() + this.#join(this.#leaks ? this.#leaks.push(rest) + this.#leaks.end() : rest);
    if (this.#hasText) this.#between = "\n\n";
    return text;
  }

  #show(): string {
    const arrived = this.#arrived;
    this.#arrived = "";
    const text = this.#shown.push(arrived);
    return this.#join(this.#leaks ? this.#leaks.push(text) : text);
  }

  #join(text: string): string {
    if (text === "") return "";
    const between = this.#between;
    this.#between = "";
    this.#hasText = true;
    return between + text;
  }
}
