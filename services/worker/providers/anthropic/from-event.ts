import { z } from "zod";
import { ProviderError, type ProviderEvent } from "../provider.ts";
import { fromErrorObject } from "./to-error.ts";

type FinishReason = Extract<ProviderEvent, { type: "finish" }>["finishReason"];

/** What one event adds to the reply. */
export interface ReplyPart {
  text?: string;
  finishReason?: FinishReason | undefined;
  model?: string | undefined;
  tokens?: TokenCounts | undefined;
  /** The end mark. */
  done?: true;
}

/** As the API counts: the prompt is the sum of the first three. Each event tells what it knows, counted from the start. */
export type TokenCounts = z.output<typeof tokenCounts>;

const count = z.int().min(0).nullish();
const tokenCounts = z.object({
  input_tokens: count,
  cache_creation_input_tokens: count,
  cache_read_input_tokens: count,
  output_tokens: count,
});
const usage = tokenCounts.nullish().catch(undefined);

/** Blocks and deltas of other types (thinking, signatures, tools, citations) are no text for the visitor. */
const block = z.union([
  z.object({ type: z.literal(["text", "text_delta"]), text: z.string() }),
  z.object({ type: z.string() }).transform(() => ({ text: "" })),
]);

/** Lenient about what nothing hangs on; strict about the text. */
const messageStart = z.object({
  message: z.object({ model: z.string().optional().catch(undefined), usage }),
});
const blockStart = z.object({ content_block: block });
const blockDelta = z.object({ delta: block });
const messageDelta = z.object({ delta: z.object({ stop_reason: z.string().nullish() }).nullish(), usage });
const failure = z.object({ error: z.unknown() });

/**
 * @param json the data of one event
 * @throws {ProviderError} `malformed`, or what an `error` event says
 */
export function fromEvent(json: string, apiKey?: string): ReplyPart {
  const event = parse(json);
  switch (typeOf(event)) {
    case "message_start": {
      const { message } = read(messageStart, event);
      return { model: message.model, tokens: message.usage ?? undefined };
    }
    case "content_block_start":
      return { text: read(blockStart, event).content_block.text };
    case "content_block_delta":
      return { text: read(blockDelta, event).delta.text };
    case "message_delta": {
      const { delta, usage: tokens } = read(messageDelta, event);
      return { finishReason: toFinishReason(delta?.stop_reason), tokens: tokens ?? undefined };
    }
    case "message_stop":
      return { done: true };
    case "error":
      throw fromErrorObject(read(failure, event).error, apiKey);
    // Pings, ends of blocks, and what the API may add: its clients are asked to pass over what they do not know.
    default:
      return {};
  }
}

function toFinishReason(reason: string | null | undefined): FinishReason | undefined {
  switch (reason) {
    case null:
    case undefined:
      return undefined;
    case "refusal":
      return "refusal";
    case "max_tokens":
    case "model_context_window_exceeded":
      return "length";
    // `end_turn` and `stop_sequence`; `tool_use` and `pause_turn`, which end the text as well (we offer no tools); and
    // what the API may add.
    default:
      return "stop";
  }
}

function typeOf(event: unknown): string {
  return read(z.object({ type: z.string() }), event).type;
}

/** The fault is not passed on: zod and JSON.parse quote what they read, and that is the visitor's conversation. */
function read<Output>(schema: z.ZodType<Output>, event: unknown): Output {
  const parsed = schema.safeParse(event);
  if (!parsed.success) throw new ProviderError("malformed", "an event is not one of the Messages API");
  return parsed.data;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
