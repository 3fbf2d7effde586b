import type OpenAI from "openai";
import { instructionsOf, newestOf, promptOf } from "../../knowledge/prompt-passages.ts";
import type { PromptMessage, ProviderRequest } from "../provider.ts";
import type { Tool, ToolTurn } from "../tools/tool.ts";
import { sentCallsOf } from "../tools/sent-calls.ts";

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
  const { assistant, conversationTag, threadId, tools = [], turns = [], mayCall = true } = request;
  return {
    model: (assistant.provider === "openai" ? assistant.model : undefined) ?? defaultModel,
    instructions: instructionsOf(request),
    input: [...toItems(promptOf(threadId === undefined ? request : newestOf(request))), ...turns.flatMap(toCallItems)],
    ...(tools.length > 0 && { tools: tools.map(toFunction) }),
    ...(!mayCall && { tool_choice: "none" as const }),
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

/** Without `strict: false` the server would make every parameter a required one. */
function toFunction({ name, description, parameters }: Tool): OpenAI.Responses.FunctionTool {
  return { type: "function", name, description, parameters, strict: false };
}

/**
 * All calls of an answer together, then all results, as some servers want it. Ids of items and thoughts are left out: the
 * response was not stored, and the server refuses an id that it does not know.
 */
function toCallItems(turn: ToolTurn, number: number): OpenAI.Responses.ResponseInputItem[] {
  const calls = sentCallsOf(turn, number);
  return [
    ...(turn.text === "" ? [] : toItems([{ role: "assistant", text: turn.text }])),
    ...calls.map(({ id, name, arguments: args }) => ({
      type: "function_call" as const,
      call_id: id,
      name,
      arguments: args,
    })),
    ...calls.map(({ id, result }) => ({ type: "function_call_output" as const, call_id: id, output: result })),
  ];
}
