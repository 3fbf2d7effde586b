import type OpenAI from "openai";
import { instructionsOf, newestOf, promptOf } from "../../knowledge/prompt-passages.ts";
import type { PromptMessage, ProviderRequest } from "../provider.ts";

/** Minimum: the API answers 400 to less. */
const leastOutputTokens = 16;

/**
 * Builds the body of a streamed response. The response is never stored on its own, since it would not be deleted before
 * its 30 days are over. Messages in a conversation still become part of that conversation.
 *
 * The cache key is the conversation's. OpenAI caches prompts of 1,024 tokens or more, where one machine has seen the
 * beginning before, and the key helps it to choose the machine. A key should be shared by few calls (up to 15 a minute)
 * with the same beginning. Instructions alone are seldom that long, but a conversation repeats itself with each turn.
 * @param defaultModel for assistants that name no provider: their `model` may be the name of another provider's
 */
export function toRequest(
  request: ProviderRequest,
  defaultModel: string,
): OpenAI.Responses.ResponseCreateParamsStreaming {
  const { assistant, conversationTag, threadId } = request;
  return {
    model: (assistant.provider === "openai" ? assistant.model : undefined) ?? defaultModel,
    instructions: instructionsOf(request),
    input: toItems(promptOf(threadId === undefined ? request : newestOf(request))),
    ...(threadId !== undefined && { conversation: threadId }),
    max_output_tokens: Math.max(assistant.maxOutputTokens, leastOutputTokens),
    safety_identifier: conversationTag,
    prompt_cache_key: conversationTag,
    store: false,
    stream: true,
  };
}

export function toItems(turns: readonly PromptMessage[]): OpenAI.Responses.EasyInputMessage[] {
  return turns.map(({ role, text }) => ({ type: "message", role, content: text }));
}
