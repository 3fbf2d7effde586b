import type Anthropic from "@anthropic-ai/sdk";
import { instructionsOf, promptOf } from "../../knowledge/prompt-passages.ts";
import type { PromptMessage, ProviderRequest } from "../provider.ts";

type Body = Anthropic.MessageCreateParamsStreaming;

/** Cached for five minutes after the last use. */
const cached = { cache_control: { type: "ephemeral" } } as const;

/**
 * Builds the body of a streamed message. It has no `temperature`, `top_p` or `top_k`: newer models answer 400 to them.
 *
 * The cache is marked in two places. The first mark follows the instructions, which all conversations of an assistant
 * share. The second mark follows the message to answer: the next turn of the conversation repeats all of that and reads
 * it. Passages are not repeated, so the mark precedes them. A cache write costs a quarter more than plain input, a read saves nine tenths. So the mark pays when three
 * conversations in ten continue within those five minutes. A prompt below the model's minimum (1,024 tokens or more) is
 * not cached, at no cost.
 * @param defaultModel for assistants that name no provider: their `model` may be the name of another provider's
 */
export function toRequest(request: ProviderRequest, defaultModel: string): Body {
  const { assistant, conversationTag, passages = [] } = request;
  const turns = acceptable(promptOf(request));
  const repeated = turns.length - (passages.length > 0 ? 3 : 1);
  return {
    model: (assistant.provider === "anthropic" ? assistant.model : undefined) ?? defaultModel,
    system: [{ type: "text", text: instructionsOf(request), ...cached }],
    messages: turns.map(({ role, text }, i) => ({
      role,
      content: i === repeated ? [{ type: "text", text, ...cached }] : text,
    })),
    max_tokens: assistant.maxOutputTokens,
    metadata: { user_id: conversationTag },
    stream: true,
  };
}

/**
 * Drops turns that the API answers 400 to: turns without visible text, and turns of the assistant at the beginning.
 * Consecutive turns of one side are allowed: the API joins them.
 */
function acceptable(prompt: readonly PromptMessage[]): PromptMessage[] {
  const turns = prompt.filter(({ text }) => text.trim() !== "");
  const first = turns.findIndex(({ role }) => role === "user");
  return first === -1 ? [] : turns.slice(first);
}

/** Removes a trailing `/v1`: the SDK's paths begin with it, while the base URLs of other APIs end with it. */
export function toBaseUrl(url: string): string {
  return url.replace(/(?:\/v1)?\/*$/, "");
}
