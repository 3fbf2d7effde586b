import { ProviderError, type ProviderErrorCode } from "../../provider.ts";
import { codeOfStatus, namesIn } from "./errors.ts";
import { kindOf, knownNamesIn, type UpstreamFault } from "./error-kinds.ts";

type Fields = Record<string, unknown>;

/** Maximum characters read of an error's words. An event may have megabytes, and more words add no information. */
const maxWordsChars = 4096;
/** Maximum nesting: no error nests deeper, and a body is not trusted. */
const maxDepth = 4;

/**
 * Finds the error in an event or a body of any shape: below `error`, in an array (Gemini), in a choice (OpenRouter), as
 * `detail` (FastAPI), bare (`code` and `message`: Alibaba, vLLM), a status inside (MiniMax), or a string.
 * @param isAnswer true if the HTTP status was an error, so that any content describes it
 * @returns `undefined` if there is none
 */
export function findError(value: unknown, isAnswer = false): unknown {
  if (Array.isArray(value)) return findError(value[0], isAnswer);
  if (typeof value === "string") return value === "" ? undefined : value;
  if (!isFields(value)) return undefined;
  const said = value["error"] ?? value["fault"];
  if (isPresent(said)) return withNeighbours(said, value);
  const groq = value["x_groq"];
  if (isFields(groq) && isPresent(groq["error"])) return withNeighbours(groq["error"], {});
  const inside = value["base_resp"];
  if (isFields(inside) && numberOf(inside["status_code"]) !== 0) return inside;
  const { choices } = value;
  if (Array.isArray(choices) && choices.length > 0) {
    const choice: unknown = choices[0];
    return isFields(choice) && isPresent(choice["error"]) ? choice["error"] : undefined;
  }
  if (isFields(inside)) return undefined;
  if (isPresent(value["detail"])) return withNeighbours(value["detail"], value);
  if (isPresent(value["errors"])) return findError(value["errors"], true);
  return isAnswer || isBareError(value) ? value : undefined;
}

/**
 * Finds the error in an event of an API that distinguishes events by type. An error event has no type, or that of an
 * error. Its fields are in the event itself, or below it.
 */
export function findTypedError(event: unknown): unknown {
  const type = isFields(event) ? event["type"] : undefined;
  return typeof type !== "string"
    ? findError(event)
    : /(?:error|exception)$/i.test(type)
      ? findError(event, true)
      : undefined;
}

function isBareError(value: Fields): boolean {
  if (value["object"] === "error" || value["type"] === "error" || value["success"] === false) return true;
  if (statusIn(value) !== undefined) return true;
  const says = ["message", "msg", "error_msg", "error_message"].some((name) => typeof value[name] === "string");
  return says && !("id" in value && "object" in value);
}

/** Adds the names beside an error that consists of words only: xAI. */
function withNeighbours(error: unknown, neighbours: Fields): unknown {
  if (Array.isArray(error)) return withNeighbours(error[0], neighbours);
  const { code, type, status, error_type } = neighbours;
  return typeof error === "string" || typeof error === "number" || error === true
    ? {
        message: String(error),
        code: code ?? (typeof error === "number" ? error : undefined),
        type,
        status,
        error_type,
      }
    : error;
}

const nameFields = [
  "type",
  "code",
  "param",
  "status",
  "status_code",
  "error_code",
  "error_type", // TGI
  "errorcode", // Apigee, before Fireworks
  "reason",
];
const wordFields = [
  "message",
  "Message", // AWS
  "msg",
  "status_msg",
  "error_msg",
  "error_message",
  "faultstring",
  "detail",
  "error",
];

/** Reads the names, words and status of an error, whatever its fields are called. */
export function readFault(error: unknown, depth = 0): UpstreamFault {
  if (typeof error === "string" || typeof error === "number") return readWords(String(error));
  if (Array.isArray(error)) return readFault(error[0], depth + 1);
  if (!isFields(error)) return { names: [], words: "", status: undefined };
  const below = ["error", "detail", "message"].map((name) => error[name]).find(isFields);
  const inner = depth < maxDepth && below ? readFault(below, depth + 1) : undefined;
  const field = Array.isArray(error["loc"]) ? (error["loc"].at(-1) as unknown) : undefined;
  const names = [...nameFields.map((name) => error[name]), field].flatMap((name) =>
    typeof name === "string" || typeof name === "number" ? [String(name)] : [],
  );
  const words = wordFields.flatMap((name) => {
    const value = error[name];
    return typeof value === "string" ? [value] : [];
  });
  const said = words.map(readWords);
  const all = [...names, ...said.flatMap((each) => each.names), ...(inner?.names ?? [])];
  return {
    names: [...new Set(all.filter((name) => name !== "error"))],
    words: [...said, ...(inner ? [inner] : [])]
      .map((each) => each.words)
      .join(" ")
      .trim(),
    // FastAPI reports a fault in the request in this form; its status is 422.
    status:
      statusIn(error) ??
      inner?.status ??
      (field === undefined ? undefined : 422) ??
      said.find(({ status }) => status !== undefined)?.status,
  };
}

/**
 * Reads an error given as words. The first word before a colon is often a name: `litellm.AuthenticationError: …`. Some
 * errors begin with a status.
 */
function readWords(all: string): UpstreamFault {
  const words = all.slice(0, maxWordsChars);
  const start = words.trim();
  const [, name] = /^([A-Za-z][\w.-]*)(?=:|$)/.exec(start) ?? [];
  const [, status] =
    /^(?:[A-Za-z_.]+: )?(?:HTTP(?:\/[\d.]+)?|(?:error |status )?code|error|status)?[ :=-]{0,3}([45]\d\d)\b/i.exec(
      start,
    ) ?? [];
  return {
    names: [...(name === undefined ? [] : [name]), ...knownNamesIn(start)],
    words,
    status: status === undefined ? undefined : Number(status),
  };
}

/** Renders the names in an error for the log; see `namesIn`. */
export function describeErrorObject(error: unknown, apiKey: string | undefined): string {
  return namesIn(readFault(error).names, apiKey);
}

export function isOutOfCredit(error: unknown): boolean {
  return kindOf(readFault(error)) === "credit";
}

export function isRefusedKey(error: unknown): boolean {
  return kindOf(readFault(error)) === "key";
}

/**
 * Maps an error inside a stream that began well. Its code may be an HTTP status (OpenRouter, vLLM, llama.cpp).
 * @param setting name of the key's setting
 */
export function fromErrorObject(error: unknown, apiKey: string | undefined, setting: string): ProviderError {
  const fault = readFault(error);
  const kind = kindOf(fault);
  return fromFault(fault, {
    message: `an error in the stream${namesIn(fault.names, apiKey)}`,
    setting,
    otherwise: kind === "ours" ? "rejected" : "overloaded",
  });
}

/** Maps data that is not JSON: a gateway's words, or half an event. */
export function fromWords(data: string, apiKey: string | undefined, setting: string): ProviderError {
  const fault = /^\s*[[{<]/.test(data) ? readFault(undefined) : readWords(data);
  const message = `an event is not JSON${namesIn(fault.names, apiKey)}`;
  return fromFault(fault, { message, setting, otherwise: "malformed" });
}

interface Telling {
  message: string;
  setting: string;
  /** Code used when neither a status nor a name decides. */
  otherwise: ProviderErrorCode;
}

/** `tool_use_failed`: Groq; the others: Gemini, Bedrock. */
const callFaults = new Set(["tool_use_failed", "malformed_function_call", "malformed_tool_use"]);

function fromFault(fault: UpstreamFault, { message, setting, otherwise }: Telling): ProviderError {
  const { status } = fault;
  const details = status === undefined ? {} : { status };
  // Some servers check a call themselves: the request was right, and what the model wrote was not.
  if (fault.names.some((name) => callFaults.has(name.toLowerCase()))) {
    return new ProviderError("malformed", message, { ...details, misusedTools: true });
  }
  const kind = kindOf(fault);
  if (kind === "key" || (kind !== "credit" && (status === 401 || status === 403))) {
    return new ProviderError("rejected", `${message}: check ${setting}`, { ...details, refusedKey: true });
  }
  if (kind === "credit" || status === 402) {
    return new ProviderError("rejected", `${message}: check the account's billing`, { ...details, refusedKey: false });
  }
  const code = status === undefined ? (kind === "ours" ? "rejected" : otherwise) : codeOfStatus(status);
  return new ProviderError(code, message, details);
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
  if (isFields(value)) return Object.keys(value).length > 0;
  return value !== undefined && value !== null && value !== false && value !== "";
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}
