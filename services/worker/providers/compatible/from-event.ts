import { z } from "zod";
import { ProviderError, type TokenUsage } from "../provider.ts";
import { fromErrorObject } from "../upstream/openai-errors.ts";
import type { ReplyPart } from "../upstream/reply.ts";
import { readSources } from "../upstream/sources.ts";
import { tokenCount } from "../upstream/token-count.ts";

const piece = z.looseObject({ content: z.string().nullish(), refusal: z.string().nullish() });
const usage = z
  .object({
    prompt_tokens: tokenCount,
    prompt_tokens_details: z.object({ cached_tokens: tokenCount.optional() }).nullish().catch(undefined),
    completion_tokens: tokenCount,
  })
  .nullish()
  .catch(undefined);

/** Lenient where servers differ and nothing hangs on it; strict about the text. */
const chunk = z.object({
  model: z.string().optional().catch(undefined),
  choices: z
    .array(z.object({ delta: piece.nullish(), message: piece.nullish(), finish_reason: z.string().nullish() }))
    .nullish(),
  usage,
  error: z.unknown().optional(),
});

/**
 * @param json the data of one event, or the body of a completion that was not streamed
 * @throws {ProviderError} `malformed`; `overloaded` for a finish that is none
 */
export function fromEvent(json: string, apiKey?: string): ReplyPart {
  if (json.trim() === "[DONE]") return { ended: true };
  const event = parseJson(json);
  const parsed = chunk.safeParse(event);
  // The fault is not passed on: zod and JSON.parse quote what they read, and that is the visitor's conversation.
  if (!parsed.success) throw new ProviderError("malformed", "an event is not a chunk of a chat completion");
  const { error, choices, model, usage: tokens } = parsed.data;
  if (error !== undefined && error !== null) return { fault: fromErrorObject(error, apiKey) };

  const choice = choices?.[0];
  const said = choice?.delta ?? choice?.message ?? {};
  const { content, refusal } = said;
  return {
    text: content || refusal || "",
    ...signsIn(said),
    sources: readSources(json, event),
    refused: Boolean(refusal),
    finishReason: toFinishReason(choice?.finish_reason),
    model: model || undefined,
    usage: toUsage(tokens),
  };
}

/** Thoughts and tools come in fields of their own, under the names of vLLM, OpenRouter, Ollama and others. */
const thoughtFields = ["reasoning_content", "reasoning", "reasoning_details", "reasoning_text", "thinking", "thoughts"];
const toolFields = ["tool_calls", "function_call"];

function signsIn(said: Readonly<Record<string, unknown>>): Pick<ReplyPart, "thinks" | "sign"> {
  const holds = (field: string) => !isEmpty(said[field]);
  return {
    thinks: thoughtFields.some(holds),
    ...(toolFields.some(holds) && { sign: "work" as const }),
  };
}

/** Servers send fields empty that they do not use. */
function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

function toUsage(tokens: z.output<typeof usage>): TokenUsage | undefined {
  if (!tokens) return undefined;
  const cached = tokens.prompt_tokens_details?.cached_tokens;
  return {
    inputTokens: tokens.prompt_tokens,
    ...(cached !== undefined && { cachedInputTokens: cached }),
    outputTokens: tokens.completion_tokens,
  };
}

/** Some servers send `""` where the API has null. */
function toFinishReason(reason: string | null | undefined): ReplyPart["finishReason"] {
  switch (reason) {
    case null:
    case undefined:
    case "":
      return undefined;
    case "length":
    case "content_filter":
    case "refusal":
      return reason;
    case "error":
    case "abort":
      throw new ProviderError("overloaded", `the upstream gave up: finish_reason "${reason}"`);
    // `stop`; `tool_calls`, which ends the text as well; and words of single servers, such as `eos`.
    default:
      return "stop";
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
