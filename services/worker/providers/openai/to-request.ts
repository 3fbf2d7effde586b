import type OpenAI from "openai";
import type { PromptMessage, ProviderRequest } from "../provider.ts";

/** The API answers 400 to less. */
const leastOutputTokens = 16;

/**
 * The body of a streamed response. It is never stored by itself: nobody would delete it before its 30 days are over.
 * What is said in a conversation becomes a part of that all the same.
 *
 * The cache key is the conversation's. OpenAI caches prompts from 1,024 tokens on, where one machine has seen the
 * beginning before, and the key helps it to choose the machine: it should be shared by few calls (up to 15 a minute)
 * that begin alike. Instructions alone are seldom that long, but a conversation repeats itself with each turn.
 * @param defaultModel for assistants that name no provider: their `model` may be the name of another provider's
 */
export function toRequest(
  { assistant, prompt, conversationTag, threadId }: ProviderRequest,
  defaultModel: string,
): OpenAI.Responses.ResponseCreateParamsStreaming {
  return {
    model: (assistant.provider === "openai" ? assistant.model : undefined) ?? defaultModel,
    instructions: assistant.instructions,
    input: toItems(threadId === undefined ? prompt : prompt.slice(-1)),
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
