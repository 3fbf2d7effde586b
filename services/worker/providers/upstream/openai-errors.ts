import { ProviderError, type ProviderErrorCode } from "../provider.ts";
import { codeOfStatus, namesIn } from "./errors.ts";
import { kindOf, type Problem } from "./error-kinds.ts";

type Fields = Record<string, unknown>;

/** No error nests deeper; a body is not trusted. */
const maxDepth = 4;

/**
 * Finds the error in an event or a body, whatever its shape: below `error`, in an array (Gemini), in a choice (OpenRouter),
 * as `detail` (FastAPI), bare (`code` and `message`: Alibaba, vLLM), a status inside (MiniMax), or a string.
 * @param isAnswer the HTTP status was an error already, so that whatever is there describes it
 * @returns undefined where there is none
 */
export function findError(value: unknown, isAnswer = false): unknown {
  if (Array.isArray(value)) return findError(value[0], isAnswer);
  if (typeof value === "string") return value === "" ? undefined : value;
  if (!isFields(value)) return undefined;
  if (isPresent(value["error"])) return withNeighbours(value["error"], value);
  const { choices } = value;
  if (Array.isArray(choices) && choices.length > 0) {
    const choice: unknown = choices[0];
    return isFields(choice) && isPresent(choice["error"]) ? choice["error"] : undefined;
  }
  const inside = value["base_resp"];
  if (isFields(inside)) return numberOf(inside["status_code"]) === 0 ? undefined : inside;
  if (isPresent(value["detail"])) return withNeighbours(value["detail"], value);
  if (isPresent(value["errors"])) return findError(value["errors"], true);
  return isAnswer || isBareError(value) ? value : undefined;
}

function isBareError(value: Fields): boolean {
  if (value["object"] === "error" || value["type"] === "error" || value["success"] === false) return true;
  if (statusIn(value) !== undefined) return true;
  const says = ["message", "msg", "error_msg", "error_message"].some((name) => typeof value[name] === "string");
  return says && !("id" in value && "object" in value);
}

/** An error of words only, whose name is beside it: xAI. */
function withNeighbours(error: unknown, { code, type, status }: Fields): unknown {
  if (Array.isArray(error)) return withNeighbours(error[0], { code, type, status });
  return typeof error === "string" || typeof error === "number" || error === true
    ? { message: String(error), code: code ?? (typeof error === "number" ? error : undefined), type, status }
    : error;
}

/** Reads what an error names, whatever it calls that. */
export function readProblem(error: unknown, depth = 0): Problem {
  if (typeof error === "string" || typeof error === "number") {
    return { names: [String(error)], words: String(error), status: undefined };
  }
  if (!isFields(error)) return { names: [], words: "", status: undefined };
  const inner = depth < maxDepth && isFields(error["error"]) ? readProblem(error["error"], depth + 1) : undefined;
  const field = Array.isArray(error["loc"]) ? (error["loc"].at(-1) as unknown) : undefined;
  const names = [
    ...["type", "code", "param", "status", "status_code", "error_code", "reason"].map((name) => error[name]),
    field,
  ].flatMap((name) => (typeof name === "string" || typeof name === "number" ? [String(name)] : []));
  const words = ["message", "msg", "status_msg", "error_msg", "error_message", "detail", "error"].flatMap((name) => {
    const value = error[name];
    return typeof value === "string" ? [value] : [];
  });
  return {
    names: [...new Set([...names.filter((name) => name !== "error"), ...(inner?.names ?? [])])],
    words: [...words, inner?.words ?? ""].join(" ").trim(),
    status: statusIn(error) ?? inner?.status,
  };
}

/** The names in an error, for the log; see `namesIn`. */
export function describeErrorObject(error: unknown, apiKey: string | undefined): string {
  return namesIn(readProblem(error).names, apiKey);
}

export function isOutOfCredit(error: unknown): boolean {
  return kindOf(readProblem(error)) === "credit";
}

export function isRefusedKey(error: unknown): boolean {
  return kindOf(readProblem(error)) === "key";
}

/**
 * For an error inside a stream that began well. Its code may be an HTTP status (OpenRouter, vLLM, llama.cpp).
 * @param setting of the key
 */
export function fromErrorObject(error: unknown, apiKey: string | undefined, setting?: string): ProviderError {
  const problem = readProblem(error);
  const { status } = problem;
  const kind = kindOf(problem);
  const message = `an error in the stream${namesIn(problem.names, apiKey)}`;
  if (kind === "key") {
    const hint = setting === undefined ? "" : `: check ${setting}`;
    return new ProviderError("rejected", message + hint, { ...(status && { status }), refusedKey: true });
  }
  if (kind === "credit") return new ProviderError("rejected", `${message}: check the account's billing`);
  const code: ProviderErrorCode =
    status === undefined ? (kind === "ours" ? "rejected" : "overloaded") : codeOfStatus(status);
  return new ProviderError(code, message, { ...(status && { status }) });
}

function statusIn(error: Fields): number | undefined {
  for (const name of ["status", "status_code", "statusCode", "code", "http_code", "error_code"]) {
    const status = numberOf(error[name]);
    if (status !== undefined && status >= 400 && status < 600) return status;
  }
  return undefined;
}

function numberOf(value: unknown): number | undefined {
  if (typeof value !== "number" && (typeof value !== "string" || value.trim() === "")) return undefined;
  const number = Number(value);
  return Number.isNaN(number) ? undefined : number;
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== "";
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}
