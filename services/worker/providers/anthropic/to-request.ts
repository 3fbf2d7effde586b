import type Anthropic from "@anthropic-ai/sdk";
import { instructionsOf, promptOf } from "../../knowledge/prompt-passages.ts";
import type { PromptMessage, PromptPassage, ProviderRequest } from "../provider.ts";
import type { Tool, ToolTurn } from "../tools/tool.ts";
import { sentCallsOf } from "../tools/sent-calls.ts";

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
 * @param options.citesNatively sends passages as search results, which the API itself cites
 */
export function toRequest(request: ProviderRequest, defaultModel: string, { citesNatively = false } = {}): Body {
  const { assistant, conversationTag, passages = [], tools = [], turns: toolTurns = [], mayCall = true } = request;
  const turns = acceptable(citesNatively ? request.prompt : promptOf(request));
  const results = citesNatively ? passages.map(toSearchResult) : [];
  const unrepeated = citesNatively ? 1 : 2;
  const repeated = turns.length - 1 - (passages.length > 0 ? unrepeated : 0);
  return {
    model: (assistant.provider === "anthropic" ? assistant.model : undefined) ?? defaultModel,
    system: [{ type: "text", text: instructionsOf(request, { natively: citesNatively }), ...cached }],
    messages: [
      ...turns.map(({ role, text }, i) => {
        const isLast = i === turns.length - 1;
        if (i !== repeated && !(isLast && results.length > 0)) return { role, content: text };
        const block = { type: "text" as const, text, ...(i === repeated && cached) };
        return { role, content: isLast ? [...results, block] : [block] };
      }),
      ...toolTurns.flatMap(toMessages),
    ],
    ...(tools.length > 0 && { tools: tools.map(toTool) }),
    ...(!mayCall && { tool_choice: { type: "none" as const } }),
    max_tokens: assistant.maxOutputTokens,
    metadata: { user_id: conversationTag },
    stream: true,
  };
}

/** A search result is cited by its place among all of a request. */
function toSearchResult({ title, heading, text }: PromptPassage, at: number): Anthropic.SearchResultBlockParam {
  const source = `passage ${at + 1}`;
  return {
    type: "search_result",
    source,
    title: [title, heading].filter((part) => part !== "").join(" › ") || source,
    content: [{ type: "text", text }],
    citations: { enabled: true },
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

function toTool({ name, description, parameters }: Tool): Anthropic.Tool {
  return { name, description, input_schema: { ...parameters, type: "object" } };
}

/** An answer that called tools, then one message with all results: the API refuses them in two. */
function toMessages(turn: ToolTurn, number: number): Anthropic.MessageParam[] {
  const calls = sentCallsOf(turn, number);
  return [
    {
      role: "assistant",
      content: [
        ...(turn.keep?.blocks ?? []),
        ...(turn.text.trim() === "" ? [] : [{ type: "text" as const, text: turn.text.trimEnd() }]),
        ...calls.map(({ id, name, input }) => ({ type: "tool_use" as const, id, name, input })),
      ],
    },
    {
      role: "user",
      content: calls.map(({ id, result, isError }) => ({
        type: "tool_result" as const,
        tool_use_id: id,
        content: result,
        ...(isError && { is_error: true }),
      })),
    },
  ];
}
