import type { ActionState, ProblemBody } from "./protocol.d.ts";

/** Maximum `Retry-After`; a longer one is a mistake, or due to a wrong clock. */
const maxRetryAfterMs = 3_600_000;
/** Problem codes of a conversation that is not, or no longer, accessible to the caller. */
const goneCodes = ["unauthorized", "forbidden", "not-found"];
/** Problem code of a page whose origin the service does not allow. */
export const originRefused = "origin-not-allowed";
/** Statuses that may also originate elsewhere: a proxy that starts, a network's login page. */
const foreignStatuses = [401, 403, 404];

interface ErrorDetails {
  code?: string | undefined;
  problem?: string | undefined;
  retryAfterMs?: number | undefined;
  state?: ActionState | undefined;
  cause?: unknown;
}

/** A negative answer, or none. Its message is fit for a visitor, in English. */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  /** Status of the HTTP answer; 0: no readable answer. */
  readonly status: number;
  /** Code of the service's problem, like `too-many-unanswered`; `undefined`: the answer is not the service's own. */
  readonly code: string | undefined;
  /** Key of the words for the visitor: the code, or `too-large` for any fault of the message itself. */
  readonly problem: string | undefined;
  /** Delay before a retry, if the service gives one. */
  readonly retryAfterMs: number | undefined;
  /** State of an action that cannot be answered any more. */
  readonly state: ActionState | undefined;

  constructor(status: number, message: string, details: ErrorDetails = {}) {
    const { code, problem = code, retryAfterMs, state, cause } = details;
    super(message, { cause });
    this.status = status;
    this.code = code;
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
    this.state = state;
  }

  /** Words for a visitor, who cannot mend what the page asks for wrongly: an unknown assistant, say. */
  get words(): string {
    return this.problem === "invalid-request" ? "Your message could not be sent." : this.message;
  }

  /**
   * True if a retry may succeed: no network, a limit, a failure of the service or on the way to it. An expired identity
   * counts, as the page may have a new one by then.
   */
  get passing(): boolean {
    const { status, code } = this;
    const foreign = code === undefined && foreignStatuses.includes(status);
    return !status || status === 408 || status === 429 || status >= 500 || foreign || code === "identity-invalid";
  }

  /** True if the conversation was deleted or its token is refused: only a new one helps. */
  get gone(): boolean {
    return this.code !== undefined && goneCodes.includes(this.code);
  }
}

/** Error for a request without a usable answer. */
export function unreachable(cause?: unknown, retryAfterMs?: number): ServiceError {
  return new ServiceError(0, "The service cannot be reached.", { cause, retryAfterMs });
}

/** @param text the body of an answer that is not a 2xx */
export function readServiceError(response: Response, text: string): ServiceError {
  const { type = "", errors, detail, title, state } = readProblem(text);
  const [, code] = /^\/problems\/(.+)$/.exec(type) ?? [];
  const fault = errors?.find(({ path }) => path === "message");
  const words = detail ?? title ?? `The service answered with status ${response.status}.`;
  return new ServiceError(response.status, fault ? `Your message ${fault.message}.` : words, {
    code,
    problem: fault ? "too-large" : code,
    retryAfterMs: readRetryAfter(response.headers),
    state,
  });
}

function readProblem(text: string): Partial<ProblemBody> {
  try {
    return (JSON.parse(text) ?? {}) as Partial<ProblemBody>;
  } catch {
    // The body may be a proxy's page.
    return {};
  }
}

/** Reads `Retry-After`. A date is compared with the server's own clock if its `Date` header is present. */
function readRetryAfter(headers: Headers): number | undefined {
  const value = headers.get("Retry-After");
  if (!value) return undefined;
  const now = Date.parse(headers.get("Date") ?? "") || Date.now();
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), maxRetryAfterMs);
}
