import { z } from "zod";
import { ProviderError, type TokenUsage } from "../provider.ts";
import type { ReplyPart } from "../upstream/reply.ts";
import { readContent } from "../upstream/content.ts";
import { toFinishReason } from "../upstream/finish-reasons.ts";
import { GenerationStart } from "../upstream/generation.ts";
import { findTypedError, fromErrorObject, fromWords } from "../upstream/errors/openai-errors.ts";
import { parseJson, readAs } from "../upstream/parse-event.ts";
import { tokenCount } from "../upstream/token-count.ts";
import { MessageBlocks } from "./message-blocks.ts";

const count = tokenCount.nullish();
/** Token counts of the API: the prompt is the sum of the first three. */
const tokenCounts = z.object({
  input_tokens: count,
  cache_creation_input_tokens: count,
  cache_read_input_tokens: count,
  output_tokens: count,
});
type TokenCounts = z.output<typeof tokenCounts>;

/** Optional fields may be malformed; the text may not. */
const usage = tokenCounts.nullish().catch(undefined);
const word = z.string().optional().catch(undefined);
const messageStart = z.object({ message: z.object({ id: word, model: word, usage }) });
const messageDelta = z.object({ delta: z.object({ stop_reason: z.string().nullish() }).nullish(), usage });
const wholeMessage = z.object({ model: word, content: z.unknown(), stop_reason: z.string().nullish(), usage });

/** Blocks and deltas of other types (thinking, signatures, tools, citations) hold no text for the visitor. */
const block = z
  .looseObject({ type: z.string() })
  .transform((each) => ({ type: each.type, text: /^text(_delta)?$/.test(each.type) ? each["text"] : "" }))
  .pipe(z.object({ type: z.string(), text: z.string() }));
const blockStart = z.object({ content_block: block });
/** Event of a switch to another model. */
const fallback = z.object({
  content_block: z.object({ type: z.literal("fallback"), to: z.object({ model: z.string() }) }),
});
/** Citation of a search result, by its place among all of the request. */
const citation = z.object({
  delta: z.object({
    citation: z.object({ type: z.literal("search_result_location"), search_result_index: z.int().min(0).max(30) }),
  }),
});
const blockDelta = z.object({ delta: block });

const typed = z.object({ type: z.string() });
const thinks = /^(?:redacted_)?thinking$/;

/** Setting of the key, named to the operator in errors. */
const setting = "ANTHROPIC_API_KEY";

/**
 * Creates the mapper of one reply's events, which report the usage in parts.
 * @returns a function that maps an event's data to its part of the reply; it throws `ProviderError` `malformed`
 */
export function createFromEvent(apiKey: string): (data: string) => ReplyPart {
  const beginning = new GenerationStart();
  const [cited, blocks] = [new Set<number>(), new MessageBlocks()];
  let counted: TokenCounts = {};
  const add = (counts: TokenCounts | null | undefined) => {
    // Later events omit, or set to null, counts that earlier events reported.
    const known = Object.entries(counts ?? {}).filter(([, tokens]) => tokens !== null && tokens !== undefined);
    counted = { ...counted, ...Object.fromEntries(known) };
    return toUsage(counted);
  };
  return (data) => {
    // Not an event of this API, but some gateways send it.
    if (data.trim() === "[DONE]") return {};
    const event = parseJson(data);
    if (event === undefined) return { fault: fromWords(data, apiKey, setting) };
    const error = findTypedError(event);
    if (error !== undefined) return { fault: fromErrorObject(error, apiKey, setting) };
    switch (typeOf(event)) {
      case "message_start": {
        const { message } = read(messageStart, event);
        beginning.note(message.id);
        return { model: message.model, usage: add(message.usage) };
      }
      case "content_block_start": {
        const { type, text } = read(blockStart, event).content_block;
        const model = fallback.safeParse(event).data?.content_block.to.model;
        // After the head of a thinking block, a model may think unseen. The parts of a tool are work.
        return { text, model, sign: type === "text" || thinks.test(type) ? "alive" : "work", ...blocks.start(event) };
      }
      case "content_block_delta": {
        const { type, text } = read(blockDelta, event).delta;
        const result = type === "citations_delta" ? citation.safeParse(event).data?.delta.citation : undefined;
        if (result) cited.add(result.search_result_index + 1);
        const tools = type === "text_delta" ? undefined : blocks.delta(event);
        return { text, sign: "work", thinks: type === "thinking_delta", ...tools };
      }
      // A block of text is one claim: its citations belong behind it.
      case "content_block_stop": {
        const cites = [...cited];
        cited.clear();
        return { sign: "alive", cites, ...blocks.stop(event) };
      }
      case "message_delta": {
        const { delta, usage: counts } = read(messageDelta, event);
        return ending(delta?.stop_reason, add(counts));
      }
      case "message_stop":
        return { ended: true };
      case "message":
        return { ...whole(event, add), ...blocks.whole(event) };
      // Pings, ends of blocks, and future events: the API asks its clients to ignore events that they do not know.
      default:
        return { sign: "alive" };
    }
  };
}

/** Maps an answer that was not streamed. */
function whole(event: unknown, add: (counts: TokenCounts | null | undefined) => TokenUsage | undefined): ReplyPart {
  const { model, content, stop_reason: reason, usage: counts } = read(wholeMessage, event);
  return { ...readContent(content), ...ending(reason, add(counts)), model, ended: true };
}

/**
 * Maps a stop reason. The API may add reasons, and each one ends a whole message. A server that broke off still reports
 * its usage.
 */
function ending(reason: string | null | undefined, tokens: TokenUsage | undefined): ReplyPart {
  try {
    return { finishReason: toFinishReason(reason, "stop"), usage: tokens };
  } catch (fault) {
    if (!(fault instanceof ProviderError)) throw fault;
    return { fault, usage: tokens };
  }
}

function toUsage(counts: TokenCounts): TokenUsage | undefined {
  const { input_tokens: fresh, output_tokens: outputTokens } = counts;
  const { cache_read_input_tokens: cached, cache_creation_input_tokens: written } = counts;
  if (typeof fresh !== "number" || typeof outputTokens !== "number") return undefined;
  return {
    inputTokens: fresh + (cached ?? 0) + (written ?? 0),
    ...(typeof cached === "number" && { cachedInputTokens: cached }),
    ...(typeof written === "number" && { cacheWriteTokens: written }),
    outputTokens,
  };
}

function typeOf(event: unknown): string {
  return read(typed, event).type;
}

function read<Output>(schema: z.ZodType<Output>, event: unknown): Output {
  return readAs(schema, event, "Messages API");
}
