import type { Problem } from "../upstream/errors/error-kinds.ts";
import { findError, readProblem } from "../upstream/errors/openai-errors.ts";
import { parseJson } from "../upstream/parse-event.ts";
import { type ErrorAnswer, parseBody } from "./to-error.ts";
import type { ChatCompletionRequest } from "./to-request.ts";

/** How a server wants the requests for one model, as far as its refusals have told. */
export interface Dialect {
  /** The name of the limit of output; `none`: the server takes no limit. */
  limit: "max_tokens" | "max_completion_tokens" | "none";
  /** `stream_options`, for usage in a stream. */
  streamOptions: boolean;
  stream: boolean;
  /** Instructions in a message of their own; `false`: before the visitor's first one. */
  systemRole: boolean;
}

type Body = ReturnType<typeof write>;

/** Of so many models the dialect is remembered; assistants name few. */
const maxModels = 100;

/** The dialects of one server, by model, for the life of the process. */
export class Dialects {
  readonly #models = new Map<string, Dialect>();

  of(model: string): Dialect {
    const known = this.#models.get(model);
    if (known) return known;
    const dialect: Dialect = { limit: "max_tokens", streamOptions: true, stream: true, systemRole: true };
    const [oldest] = this.#models.keys();
    if (this.#models.size >= maxModels && oldest !== undefined) this.#models.delete(oldest);
    this.#models.set(model, dialect);
    return dialect;
  }
}

/** The body as a server wants it. */
export function write(
  { max_tokens, stream_options, stream, messages, ...body }: ChatCompletionRequest,
  dialect: Dialect,
) {
  return {
    ...body,
    messages: dialect.systemRole ? messages : withoutSystemRole(messages),
    ...(dialect.limit !== "none" && { [dialect.limit]: max_tokens }),
    stream: stream && dialect.stream,
    ...(dialect.stream && dialect.streamOptions && { stream_options }),
  };
}

/** Gemma's and older Mistral's templates know no such role. */
function withoutSystemRole(messages: ChatCompletionRequest["messages"]): ChatCompletionRequest["messages"] {
  const [system, first, ...others] = messages;
  if (system?.role !== "system" || first?.role !== "user") return messages;
  return [{ role: "user", content: `${system.content}\n\n${first.content}` }, ...others];
}

/**
 * Learns from a refusal that names a field of the request. Each field can be refused but once or twice, so the same call
 * is made a few times at most; a refused one costs nothing.
 * @param problem that the refusal names
 * @param body that was refused
 * @returns whether the next try would differ
 */
export function learn(dialect: Dialect, { names, words, status }: Problem, body: Body): boolean {
  if (status !== undefined && settled.has(status)) return false;
  const told = names.map((name) => name.split(".")[0] ?? name);
  if (aboutSystem.test(words) && refusal.test(words)) {
    return change(dialect, "systemRole", false);
  }
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

/** Its HTTP status counts more than one that it names. */
export function problemIn({ status, body }: ErrorAnswer): Problem {
  return { ...readProblem(findError(parseBody(body), true)), status };
}

/** The same in an answer of status 200 that begins with an error. */
export function problemInEvents(first: readonly string[]): Problem {
  const [error] = first.flatMap((data) => findError(parseJson(data) ?? data) ?? []);
  return readProblem(error);
}

/** A key, credit, or a rate: nothing of the body. */
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

/** A value out of its bounds, and not its field, is at fault. */
const limits =
  /too (?:large|big|high|small|low|long)|at (?:most|least)|(?:less|greater|more|larger|smaller) than|exceed|out of range|maximum/i;

/** The field that a sentence names first; `stream` is a word of English, and counts in quotes only. */
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

/** Another call may have learnt the same in the meantime: then this one is made again, too. */
function change<Key extends keyof Dialect>(dialect: Dialect, key: Key, value: Dialect[Key]): boolean {
  dialect[key] = value;
  return true;
}
