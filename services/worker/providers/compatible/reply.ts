import { ProviderError, type ProviderEvent } from "../provider.ts";
import { fromEvent } from "./from-event.ts";

type FinishEvent = Extract<ProviderEvent, { type: "finish" }>;

/** A reply while its events arrive. */
export class Reply {
  readonly #apiKey: string | undefined;
  readonly #end: FinishEvent;
  /** Its finish reason or its end mark is there: nothing that follows can spoil it. */
  whole = false;
  /** Its end mark is there: nothing more is expected. */
  done = false;

  /** @param model the one asked for, until the server names its own */
  constructor(model: string, apiKey: string | undefined) {
    this.#apiKey = apiKey;
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
    if (data.trim() === "[DONE]") {
      this.whole = this.done = true;
      return "";
    }
    const { text, refused, finishReason, model, usage } = fromEvent(data, this.#apiKey);
    // A refusal comes in a field of its own, and then ends with a plain `stop`.
    if (refused) this.#end.finishReason = "refusal";
    else if (finishReason && finishReason !== "stop") this.#end.finishReason = finishReason;
    if (model) this.#end.model = model;
    if (usage) this.#end.usage = usage;
    if (finishReason) this.whole = true;
    return text;
  }
}
