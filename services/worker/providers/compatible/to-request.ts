import { instructionsOf, promptOf } from "../../knowledge/prompt-passages.ts";
import type { PromptMessage, ProviderRequest } from "../provider.ts";
import type { JsonObject, ToolTurn } from "../tools/tool.ts";
import { sentCallsOf } from "../tools/sent-calls.ts";

type ChatMessage =
  | { role: "system" | "user" | "assistant"; content: string }
  | { role: "assistant"; content: string | null; tool_calls: JsonObject[] }
  | { role: "tool"; tool_call_id: string; content: string };

/** Body of a streamed chat completion, as far as we use it. */
export interface ChatCompletionRequest {
  model: string;
  messages: ChatMessage[];
  tools?: { type: "function"; function: { name: string; description: string; parameters: JsonObject } }[];
  tool_choice?: "none";
  max_tokens: number;
  stream: true;
  stream_options: { include_usage: true };
}

/**
 * @param defaultModel for assistants that name no provider: their `model` may be the name of another provider's
 */
export function toRequest(request: ProviderRequest, defaultModel: string): ChatCompletionRequest {
  const { assistant, tools = [], turns = [], mayCall = true } = request;
  return {
    model: (assistant.provider === "compatible" ? assistant.model : undefined) ?? defaultModel,
    messages: [
      { role: "system", content: instructionsOf(request) },
      ...alternating(promptOf(request)).map(({ role, text }) => ({ role, content: text })),
      ...turns.flatMap(toMessages),
    ],
    ...(tools.length > 0 && { tools: tools.map((tool) => ({ type: "function" as const, function: tool })) }),
    ...(!mayCall && { tool_choice: "none" as const }),
    // A server that wants another name is handled in `dialect.ts`.
    max_tokens: assistant.maxOutputTokens,
    stream: true,
    stream_options: { include_usage: true },
  };
}

/** An answer that called tools, then the result of each call: servers refuse any other order, and a call without one. */
function toMessages(turn: ToolTurn, number: number): ChatMessage[] {
  const calls = sentCallsOf(turn, number);
  return [
    {
      role: "assistant",
      content: turn.text === "" ? null : turn.text,
      tool_calls: calls.map(({ id, name, arguments: args, keep }) => ({
        id,
        type: "function",
        function: { name, arguments: args },
        ...keep,
      })),
      ...turn.keep?.fields,
    },
    ...calls.map(({ id, result }) => ({ role: "tool" as const, tool_call_id: id, content: result })),
  ];
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
