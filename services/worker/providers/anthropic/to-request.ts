import type Anthropic from "@anthropic-ai/sdk";
import type { PromptMessage, ProviderRequest } from "../provider.ts";

type Body = Anthropic.MessageCreateParamsStreaming;

/** Kept for five minutes after its last use. */
const cached = { cache_control: { type: "ephemeral" } } as const;

/**
 * The body of a streamed message. No `temperature`, `top_p` or `top_k`: newer models answer 400 to them.
 *
 * The cache is marked in two places. After the instructions: all conversations of an assistant share them. And after
 * the message to answer: the next turn of the conversation repeats all of that and reads it. Writing costs a quarter
 * more than sending, reading saves nine tenths: the mark pays where three conversations in ten go on within those five
 * minutes. A prompt below the model's minimum (1,024 tokens or more) is not cached, at no cost.
 * @param defaultModel for assistants that name no provider: their `model` may be the name of another provider's
 */
export function toRequest({ assistant, prompt, conversationTag }: ProviderRequest, defaultModel: string): Body {
  const turns = acceptable(prompt);
  return {
    model: (assistant.provider === "anthropic" ? assistant.model : undefined) ?? defaultModel,
    system: [{ type: "text", text: assistant.instructions, ...cached }],
    messages: turns.map(({ role, text }, i) => ({
      role,
      content: i === turns.length - 1 ? [{ type: "text", text, ...cached }] : text,
    })),
    max_tokens: assistant.maxOutputTokens,
    metadata: { user_id: conversationTag },
    stream: true,
  };
}

/**
 * The API answers 400 to a turn without visible text, and to a conversation that the assistant begins. Turns of one
 * side that follow each other are fine: it joins them.
 */
function acceptable(prompt: readonly PromptMessage[]): PromptMessage[] {
  const turns = prompt.filter(({ text }) => text.trim() !== "");
  const first = turns.findIndex(({ role }) => role === "user");
  return first === -1 ? [] : turns.slice(first);
}

/** The SDK's paths begin with `/v1`, while other APIs' base URLs end with it: both are taken. */
export function toBaseUrl(url: string): string {
  return url.replace(/(?:\/v1)?\/*$/, "");
}
