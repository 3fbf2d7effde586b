import { instructionsOf, promptOf } from "../../knowledge/prompt-passages.ts";
import type { PromptMessage, ProviderRequest } from "../provider.ts";

/** Body of a streamed chat completion, as far as we use it. */
export interface ChatCompletionRequest {
  model: string;
  messages: { role: "system" | "user" | "assistant"; content: string }[];
  max_tokens: number;
  stream: true;
  stream_options: { include_usage: true };
}

/**
 * @param defaultModel for assistants that name no provider: their `model` may be the name of another provider's
 */
export function toRequest(request: ProviderRequest, defaultModel: string): ChatCompletionRequest {
  const { assistant } = request;
  return {
    model: (assistant.provider === "compatible" ? assistant.model : undefined) ?? defaultModel,
    messages: [
      { role: "system", content: instructionsOf(request) },
      ...alternating(promptOf(request)).map(({ role, text }) => ({ role, content: text })),
    ],
    // A server that wants another name is handled in `dialect.ts`.
    max_tokens: assistant.maxOutputTokens,
    stream: true,
    stream_options: { include_usage: true },
  };
}

/**
 * Merges consecutive turns of one side, with a blank line between them. Many chat templates answer 400 to consecutive
 * turns of one side, and to an assistant that begins. Such turns arise when a reply was stopped before its first word,
 * and when the prompt begins with metadata or imported history.
 */
function alternating(prompt: readonly PromptMessage[]): PromptMessage[] {
  const turns: PromptMessage[] = [];
  for (const { role, text } of prompt.filter((turn) => turn.text.trim() !== "")) {
    const last = turns.at(-1);
    if (last?.role === role) last.text += `\n\n${text}`;
    else if (last || role === "user") turns.push({ role, text });
  }
  return turns.length > 0 ? turns : prompt.slice(-1);
}

/** URL of chat completions below a base URL like `http://host:11434/v1`. The base URL's query is kept. */
export function completionsUrl(baseUrl: string): URL {
  const url = new URL(baseUrl);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/chat/completions`;
  return url;
}
