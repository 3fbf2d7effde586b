import { ProviderError, type ProviderEvent, type TokenUsage } from "../provider.ts";
import { fromEvent, type TokenCounts } from "./from-event.ts";

type FinishEvent = Extract<ProviderEvent, { type: "finish" }>;

/** A reply while its events arrive. */
export class Reply {
  readonly #apiKey: string | undefined;
  readonly #end: FinishEvent;
  #tokens: TokenCounts = {};
  /** Its stop reason or its end mark is there: nothing that follows can spoil it, or add to its usage. */
  whole = false;

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
    if (!this.whole) throw new ProviderError("malformed", "the stream ended without a stop reason");
    const usage = toUsage(this.#tokens);
    return usage ? { ...this.#end, usage } : this.#end;
  }

  #addOne(data: string): string {
    const { text = "", finishReason, model, tokens, done } = fromEvent(data, this.#apiKey);
    if (finishReason) this.#end.finishReason = finishReason;
    if (model) this.#end.model = model;
    if (tokens) this.#tokens = { ...this.#tokens, ...known(tokens) };
    if (finishReason || done) this.whole = true;
    return text;
  }
}

/** Later events leave out, or set to null, what earlier ones have told. */
function known(tokens: TokenCounts): TokenCounts {
  return Object.fromEntries(Object.entries(tokens).filter(([, count]) => typeof count === "number"));
}

function toUsage(tokens: TokenCounts): TokenUsage | undefined {
  const { input_tokens: fresh, output_tokens: outputTokens } = tokens;
  const { cache_read_input_tokens: read, cache_creation_input_tokens: written } = tokens;
  if (typeof fresh !== "number" || typeof outputTokens !== "number") return undefined;
  return {
    inputTokens: fresh + (read ?? 0) + (written ?? 0),
    ...(typeof read === "number" && { cachedInputTokens: read }),
    ...(typeof written === "number" && { cacheWriteTokens: written }),
    outputTokens,
  };
}
