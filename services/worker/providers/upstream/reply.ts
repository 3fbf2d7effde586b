import { ProviderError, type ProviderEvent, type TokenUsage } from "../provider.ts";

type FinishEvent = Extract<ProviderEvent, { type: "finish" }>;

/** What one event of a stream, or a whole answer, adds to the reply. */
export interface ReplyPart {
  text?: string;
  /** The model declined, in the text of this part. */
  refused?: boolean;
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

/** A reply while its events arrive. */
export class Reply {
  readonly #toPart: (data: string) => ReplyPart;
  readonly #end: FinishEvent;
  #hasText = false;
  /** Goes before the next text. */
  #between = "";
  /** Its finish reason or its end mark is there: nothing that follows can spoil it. */
  whole = false;
  /** Its end mark is there: nothing more is expected. */
  done = false;

  /**
   * @param model the one asked for, until the server names its own
   * @param toPart may throw a `ProviderError`
   */
  constructor(model: string, toPart: (data: string) => ReplyPart) {
    this.#toPart = toPart;
    this.#end = { type: "finish", finishReason: "stop", model };
  }

  /** Takes the data of events; of their text as much is returned as came before a fault. */
  add(events: readonly string[]): { text: string; fault?: ProviderError } {
    let text = "";
    try {
      for (const data of events) text += this.#addOne(data);
      return { text };
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      return { text, fault: error };
    }
  }

  /** @throws {ProviderError} `malformed` when the reply is not whole */
  finish(): FinishEvent {
    if (!this.whole) throw new ProviderError("malformed", "the stream ended without a finish reason");
    return this.#end;
  }

  #addOne(data: string): string {
    if (this.done) return "";
    const { text = "", refused, beginsMessage, finishReason, model, usage, ended, fault } = this.#toPart(data);
    if (fault !== undefined) throw fault;
    // A refusal comes in a field of its own, and then ends with a plain `stop`.
    if (refused) this.#end.finishReason = "refusal";
    else if (finishReason && finishReason !== "stop") this.#end.finishReason = finishReason;
    if (model) this.#end.model = model;
    if (usage) this.#end.usage = usage;
    if (finishReason || ended) this.whole = true;
    if (ended) this.done = true;
    if (beginsMessage && this.#hasText) this.#between = "\n\n";
    if (text === "") return "";
    const between = this.#between;
    this.#between = "";
    this.#hasText = true;
    return between + text;
  }
}
