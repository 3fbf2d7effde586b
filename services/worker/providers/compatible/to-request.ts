import type { ProviderRequest } from "../provider.ts";

/** The body of a streamed chat completion, as far as we use it. */
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
export function toRequest({ assistant, prompt }: ProviderRequest, defaultModel: string): ChatCompletionRequest {
  return {
    model: (assistant.provider === "compatible" ? assistant.model : undefined) ?? defaultModel,
    messages: [
      { role: "system", content: assistant.instructions },
      ...prompt.map(({ role, text }) => ({ role, content: text })),
    ],
    // Newer servers prefer `max_completion_tokens`, but every one still knows this name.
    max_tokens: assistant.maxOutputTokens,
    stream: true,
    stream_options: { include_usage: true },
  };
}

/** Where chat completions are served, below a base URL like `http://host:11434/v1`; its query is kept. */
export function completionsUrl(baseUrl: string): URL {
  const url = new URL(baseUrl);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/chat/completions`;
  return url;
}
