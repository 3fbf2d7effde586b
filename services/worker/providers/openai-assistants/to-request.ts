import type OpenAI from "openai";
import { instructionsOf, newestOf, promptOf } from "../../knowledge/prompt-passages.ts";
import type { ProviderRequest } from "../provider.ts";

/** Minimum: the API answers 400 to less. */
const leastCompletionTokens = 256;

/**
 * Builds the body of a streamed run; the visitor's message is put into the thread with it. The instructions are from
 * our file. Model and tools are the assistant's own, unless our file names a model for this provider.
 */
export function toRequest(request: ProviderRequest, assistantId: string): OpenAI.Beta.Threads.RunCreateParamsStreaming {
  const { assistant } = request;
  const model = assistant.provider === "openai-assistants" ? assistant.model : undefined;
  return {
    assistant_id: assistantId,
    instructions: instructionsOf(request),
    ...(model !== undefined && { model }),
    additional_messages: promptOf(newestOf(request)).map(({ role, text }) => ({ role, content: text })),
    max_completion_tokens: Math.max(assistant.maxOutputTokens, leastCompletionTokens),
    stream: true,
  };
}
