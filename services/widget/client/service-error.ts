import type { ProblemBody } from "../../../shared/protocol/service.ts";

/** A `Retry-After` beyond this is a mistake, or a clock that is wrong. */
const longestRetryMs = 3_600_000;
/** What the service says where a conversation is not, or no longer, the caller's to open. */
const goneCodes = ["unauthorized", "forbidden", "not-found"];
/** Answers that something else than the service gives: a proxy that starts, a network's login page. */
const foreignStatuses = [401, 403, 404];

interface ErrorDetails {
  code?: string | undefined;
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/** An answer that says no, or none at all. Its message is fit for a visitor, in English. */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  /** Of the HTTP answer; 0: there was none that could be read. */
  readonly status: number;
  /** Which of the service's problems it is, like `too-many-unanswered`; `undefined`: not the service's own answer. */
  readonly code: string | undefined;
  /** When the same call may do, if the service says. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, words: string, { code, retryAfterMs, cause }: ErrorDetails = {}) {
    super(words, { cause });
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }

  get words(): string {
    return this.message;
  }

  /**
   * The same call may do later: no network, a limit, trouble of the service or on the way to it; an identity that has
   * expired, of which the page may have a new one by then.
   */
  get passing(): boolean {
    const { status, code } = this;
    const foreign = code === undefined && foreignStatuses.includes(status);
    return !status || status === 408 || status === 429 || status >= 500 || foreign || code === "identity-invalid";
  }

  /** The conversation was deleted, or its token is refused: only a new one helps. */
  get gone(): boolean {
    return this.code !== undefined && goneCodes.includes(this.code);
  }
}

/** Why a request got no answer that can be used. */
export function unreachable(cause?: unknown, retryAfterMs?: number): ServiceError {
  return new ServiceError(0, "The service cannot be reached.", { cause, retryAfterMs });
}

/** @param text the body of an answer that is not a 2xx */
export function readServiceError(response: Response, text: string): ServiceError {
  const problem = readProblem(text);
  const [, code] = /^\/problems\/(.+)$/.exec(problem.type ?? "") ?? [];
  return new ServiceError(response.status, wordsOf(problem, response.status), {
    code,
    retryAfterMs: readRetryAfter(response.headers),
  });
}

function readProblem(text: string): Partial<ProblemBody> {
  try {
    return (JSON.parse(text) ?? {}) as Partial<ProblemBody>;
  } catch {
    // A proxy's page, say.
    return {};
  }
}

function wordsOf({ errors, detail, title }: Partial<ProblemBody>, status: number): string {
  const fault = errors?.find(({ path }) => path === "message");
  if (fault) return `Your message ${fault.message}.`;
  return detail ?? title ?? `The service answered with status ${status}.`;
}

/** Where it is a date, it is held against the server's own clock, if that is told. */
function readRetryAfter(headers: Headers): number | undefined {
  const value = headers.get("Retry-After");
  if (!value) return undefined;
  const now = Date.parse(headers.get("Date") ?? "") || Date.now();
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), longestRetryMs);
}
