import type { PromptMessage, ProviderRequest } from "../provider.ts";

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
      ...alternating(prompt).map(({ role, text }) => ({ role, content: text })),
    ],
    // A server that wants another name is learnt; see `dialect.ts`.
    max_tokens: assistant.maxOutputTokens,
    stream: true,
    stream_options: { include_usage: true },
  };
}

/**
 * Many chat templates answer 400 to two turns of one side in a row, and to an assistant that begins: turns of one side are
 * merged, with a blank line between them. They follow each other where a reply was stopped before its first word, and
 * where the prompt begins with metadata or imported history.
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

/** Where chat completions are served, below a base URL like `http://host:11434/v1`; its query is kept. */
export function completionsUrl(baseUrl: string): URL {
  const url = new URL(baseUrl);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/chat/completions`;
  return url;
}
