/** Tool that a model may call. */
export interface Tool {
  /** Letters, digits, `_` and `-`; at most 64. */
  name: string;
  description: string;
  /** JSON Schema of an object. */
  parameters: JsonObject;
}

export type JsonObject = { [key: string]: unknown };

/** One call of a tool, as a model made it. */
export interface ToolCall {
  name: string;
  /** Absent if what the model wrote is no JSON object: nothing may be run then. */
  arguments?: JsonObject;
  /** The item of the answer that made it. Several calls can stand in one. */
  item: CallItem;
}

/** Item of an answer, as it goes back with the next request. */
export interface CallItem {
  name: string;
  /** Arguments as they came. */
  written: string;
  /** Fields that the server wants back on it, unchanged. */
  keep?: JsonObject;
}

/** One answer that called tools, with what became of each call: every call has a result. */
export interface ToolTurn {
  /** Text before the calls; may be empty. */
  text: string;
  calls: readonly ToolCall[];
  /** In the order of the calls. */
  results: readonly ToolResult[];
  /** Thoughts that the server wants back with the answer, unchanged. */
  keep?: KeptThoughts;
}

export interface ToolResult {
  text: string;
  /** True if the call was not carried out. */
  isError: boolean;
}

/** Thoughts that belong to the calls of an answer: a server may refuse the calls without them. */
export interface KeptThoughts {
  /** Fields of the message, in chat completions. */
  fields?: Record<string, string>;
  /** Blocks before the calls, in the Messages API. */
  blocks?: readonly ThoughtBlock[];
}

/** Block of the Messages API, as it came. */
export type ThoughtBlock =
  | { type: "thinking"; thinking: string; signature: string }
  | { type: "redacted_thinking"; data: string };

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
