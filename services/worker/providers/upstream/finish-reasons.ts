import { ProviderError, type ProviderEvent } from "../provider.ts";
import { namesIn } from "./errors/errors.ts";

type FinishReason = Extract<ProviderEvent, { type: "finish" }>["finishReason"];
/** `broken`: the server gave up in the middle. `none`: not the end yet. */
type Meaning = FinishReason | "broken" | "none";

const meanings: Record<Meaning, string> = {
  // Tools end the text as well; we offer none. `eos` and its relatives: Together, TGI, watsonx; `normal`: Baidu.
  stop: `stop end_turn stop_sequence stop_token eos eos_token eos_token_id eot end_of_turn
    end_of_text end_of_sequence turn_end normal complete completed end ended done finish
    finished success tool_calls tool_call tool_use function_call pause_turn unexpected_tool_call too_many_tool_calls`,
  // `model_length`: Mistral; `error_limit`: Cohere; `max_new_tokens`: older TGI.
  length: `length max_tokens max_token max_length max_new_tokens max_output_tokens max_completion_tokens model_length
    token_limit error_limit context_length context_length_exceeded context_window_exceeded model_context_window_exceeded
    max_context_length truncated incomplete`,
  // `sensitive`: Z.ai; `error_toxic`: Cohere; upper-case ones: Gemini; `guardrail_intervened`: Bedrock.
  content_filter: `content_filter content_filtered filter filtered sensitive error_toxic safety recitation language
    blocklist blocked prohibited_content spii model_armor image_safety image_prohibited_content image_recitation
    guardrail guardrails guardrail_intervened moderation moderated`,
  refusal: "refusal refused",
  // `insufficient_system_resource`: DeepSeek; `repetition`: vLLM, for a model stuck in a loop; `load`: Ollama.
  broken: `error abort aborted cancel cancelled canceled user_cancel timeout time_limit interrupted disconnected failed
    failure insufficient_system_resource network_error connection_error server_error internal_error internal_server_error
    engine_error engine_overloaded overloaded unavailable rate_limit repetition load unload other image_other no_image
    malformed_function_call malformed_response malformed_model_output malformed_tool_use missing_thought_signature`,
  // Some servers send one of these with each chunk.
  none: "null none unspecified not_finished in_progress continue",
};

const byName = new Map(
  Object.entries(meanings).flatMap(([meaning, names]) =>
    names.split(/\s+/).map((name): [string, Meaning] => [name, meaning as Meaning]),
  ),
);

/** Patterns for the words of new servers; the first match counts. */
const byWord: readonly [RegExp, Meaning][] = [
  [/filter|safety|sensitive|toxic|moderat|prohibit|block|guardrail|policy/, "content_filter"],
  [/length|limit|max_|_max|window|truncat/, "length"],
  [/error|abort|cancel|fail|timeout|resource|interrupt|overload|unavailable|repetition/, "broken"],
];

/**
 * Maps a server's finish reason, ignoring case and prefix.
 * @param unknown result for an unknown word: the reply may be cut, so it does not count as complete
 * @throws {ProviderError} `overloaded` when the server broke off
 */
export function toFinishReason(
  reason: string | null | undefined,
  unknown: FinishReason = "length",
): FinishReason | undefined {
  // Fast path: most events have none.
  if (!reason) return undefined;
  const name = reason
    .trim()
    .replaceAll(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replaceAll(/[\s-]+/g, "_")
    .replace(/^finish_?reason[._]/, "");
  if (name === "") return undefined;
  const meaning = byName.get(name) ?? byWord.find(([word]) => word.test(name))?.[1] ?? unknown;
  if (meaning === "none") return undefined;
  if (meaning === "broken") {
    throw new ProviderError(
      "overloaded",
      `the upstream aborted the reply: finish reason${namesIn([reason], undefined)}`,
      { misusedTools: /^malformed_(?:function|tool)/.test(name) },
    );
  }
  return meaning;
}
