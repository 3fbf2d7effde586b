import type { UpstreamFault } from "../upstream/errors/error-kinds.ts";
import { findError, readFault } from "../upstream/errors/openai-errors.ts";
import { parseJson } from "../upstream/parse-event.ts";
import { type ErrorAnswer, parseBody } from "./to-error.ts";
import type { ChatCompletionRequest } from "./to-request.ts";

/** Request format that a server accepts for one model, as learnt from its refusals. */
export interface Dialect {
  /** Name of the output limit; `none`: the server accepts no limit. */
  limit: "max_tokens" | "max_completion_tokens" | "none";
  /** Sends `stream_options`, for usage in a stream. */
  streamOptions: boolean;
  stream: boolean;
  /** Sends the instructions in a message of their own; `false`: before the visitor's first message. */
  systemRole: boolean;
  /** Offers tools. */
  tools: boolean;
}

type Body = ReturnType<typeof write>;

/** Maximum number of models whose dialect is kept; assistants name few models. */
const maxModels = 100;

/** Dialects of one server, by model, for the life of the process. */
export class Dialects {
  readonly #models = new Map<string, Dialect>();

  of(model: string): Dialect {
    const known = this.#models.get(model);
    if (known) return known;
    const dialect: Dialect = { limit: "max_tokens", streamOptions: true, stream: true, systemRole: true, tools: true };
    const [oldest] = this.#models.keys();
    if (this.#models.size >= maxModels && oldest !== undefined) this.#models.delete(oldest);
    this.#models.set(model, dialect);
    return dialect;
  }
}

/** Renders the body in a server's dialect. */
export function write(
  { max_tokens, stream_options, stream, messages, tools, tool_choice, ...body }: ChatCompletionRequest,
  dialect: Dialect,
) {
  return {
    ...body,
    messages: dialect.systemRole ? messages : withoutSystemRole(messages),
    ...(dialect.limit !== "none" && { [dialect.limit]: max_tokens }),
    ...(dialect.tools && tools && { tools, ...(tool_choice && { tool_choice }) }),
    stream: stream && dialect.stream,
    ...(dialect.stream && dialect.streamOptions && { stream_options }),
  };
}

/**
 * Moves the instructions into the first message: templates of Gemma and older Mistral models lack the role `system`.
 */
function withoutSystemRole(messages: ChatCompletionRequest["messages"]): ChatCompletionRequest["messages"] {
  const [system, first, ...others] = messages;
  if (system?.role !== "system" || first?.role !== "user") return messages;
  return [{ role: "user", content: `${system.content}\n\n${first.content}` }, ...others];
}

/**
 * Learns from a refusal that names a field of the request. Each field can be refused only once or twice, so the same
 * call is made a few times at most. A refused call costs nothing.
 * @param fault the refusal's content
 * @param body the refused body
 * @returns true if the next try would differ
 */
export function learn(dialect: Dialect, { names, words, status }: UpstreamFault, body: Body): boolean {
  if (status !== undefined && settled.has(status)) return false;
  const told = names.map((name) => name.split(".")[0] ?? name);
  if (aboutSystem.test(words) && refusal.test(words)) {
    return change(dialect, "systemRole", false);
  }
  if ("tools" in body && aboutTools.test(words) && !limits.test(words)) return change(dialect, "tools", false);
  const isRefusal = refusal.test(words) || told.some((name) => refusalNames.has(name.toLowerCase()));
  if (!isRefusal || limits.test(words)) return false;
  const refused = Object.keys(body).find((field) => told.includes(field)) ?? fieldIn(words, Object.keys(body));
  switch (refused) {
    case "max_tokens":
      return change(dialect, "limit", "max_completion_tokens");
    case "max_completion_tokens":
      return change(dialect, "limit", "none");
    case "stream_options":
      return change(dialect, "streamOptions", false);
    case "stream":
      return change(dialect, "stream", false);
    case undefined:
    default:
      return false;
  }
}

/** Reads the refusal. Its HTTP status takes precedence over a status named in its body. */
export function faultIn({ status, body }: ErrorAnswer): UpstreamFault {
  return { ...readFault(findError(parseBody(body), true)), status };
}

/**
 * Reads the refusal in an answer of status 200 that begins with an error. A server that has sent a chunk of a reply has
 * not refused the request; the many chunks behind it are not parsed here.
 */
export function faultInEvents(first: readonly string[]): UpstreamFault {
  for (const data of first) {
    const event = parseJson(data) ?? data;
    const error = findError(event);
    if (error !== undefined) return readFault(error);
    if (hasChoice(event)) break;
  }
  return readFault(undefined);
}

function hasChoice(event: unknown): boolean {
  if (typeof event !== "object" || event === null || !("choices" in event)) return false;
  return Array.isArray(event.choices) && event.choices.length > 0;
}

/** Statuses about the key, the credit or the rate, and not about the body. */
const settled = new Set([401, 402, 403, 408, 429]);

const refusal =
  /unsupported|not (?:be )?support|n't support|no support|unrecogni[sz]ed|unknown|unexpected|extra (?:inputs?|fields?)|not (?:permitted|allowed|recogni[sz]ed|accepted|available|known|valid|implemented)|only allowed|forbidden|disallowed|additional propert|deprecated|cannot be (?:used|set)|use ['"`]?max_completion_tokens|does not exist|invalid (?:parameter|argument|field|key|property)/i;

const refusalNames = new Set([
  "unsupported_parameter",
  "unknown_parameter",
  "unrecognized_parameter",
  "extra_forbidden",
  "unsupported_value",
]);

const aboutSystem =
  /\bsystem\b.{0,20}\brole\b|\brole\b.{0,60}\bsystem\b|\bsystem (?:message|prompt|instruction)s?\b|\bdeveloper instruction/i;

/** Words of servers whose model, template or version knows no tools: Ollama, vLLM, llama.cpp, OpenRouter. */
const aboutTools =
  /(?:does ?n[o']t|not|no endpoints? found that) support(?:s|ed|ing)?[^.]{0,40}\b(?:tools?|tool[ _]use|tool[ _]call\w*|function[ _]call\w*)\b|\b(?:tools?|tool[ _]choice|tool[ _]use|tool[ _]calls?|functions?|function[ _]calling)\b[^.]{0,40}(?:not (?:be )?support|unsupported|n't support|not (?:available|enabled|allowed|permitted)|requires? --)/i;

/** Words about a value out of bounds, where the field itself is accepted. */
const limits =
  /too (?:large|big|high|small|low|long)|at (?:most|least)|(?:less|greater|more|larger|smaller) than|exceed|out of range|maximum/i;

/** Finds the field that a sentence names first. `stream` is an English word, and counts in quotes only. */
function fieldIn(words: string, fields: readonly string[]): string | undefined {
  const found = fields
    .filter((field) => ["max_tokens", "max_completion_tokens", "stream_options", "stream"].includes(field))
    .map((field) => ({
      field,
      at: words.search(new RegExp(field === "stream" ? `['"\`]stream['"\`]` : `\\b${field}\\b`)),
    }))
    .filter(({ at }) => at !== -1);
  return found.toSorted((a, b) => a.at - b.at)[0]?.field;
}

/**
 * Returns true even without a change: another call may have learnt the same in the meantime, and this call must be
 * retried, too.
 */
function change<Key extends keyof Dialect>(dialect: Dialect, key: Key, value: Dialect[Key]): boolean {
  dialect[key] = value;
  return true;
}
