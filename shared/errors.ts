/** Every problem a client can meet: its HTTP status and the title that names it (RFC 9457). */
const problems = {
  "invalid-request": { status: 400, title: "The request is not valid" },
  unauthorized: { status: 401, title: "A conversation token is needed" },
  "admin-unauthorized": { status: 401, title: "Operator credentials are needed" },
  forbidden: { status: 403, title: "This token does not open that" },
  "not-found": { status: 404, title: "Not found" },
  "method-not-allowed": { status: 405, title: "Method not allowed" },
  "already-ended": { status: 409, title: "The job has already ended" },
  "idempotency-conflict": { status: 409, title: "The idempotency key was used with another body" },
  "too-large": { status: 413, title: "The body is too large" },
  "unsupported-media-type": { status: 415, title: "The body must be JSON" },
  "too-many-unanswered": { status: 429, title: "Too many unanswered messages" },
  internal: { status: 500, title: "Something went wrong on our side" },
  unavailable: { status: 503, title: "The service is not available right now" },
  backlog: { status: 503, title: "Too many messages are waiting" },
} as const;

export type ProblemCode = keyof typeof problems;

export interface InputFault {
  /** Where in the request, e.g. `message` or `history.3.text`; `""` is the body itself. */
  path: string;
  message: string;
}

interface ProblemOptions {
  errors?: InputFault[];
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** An error meant for a client. `detail` is shown as it is: it says what to do, and holds no secret. */
export class Problem extends Error {
  override name = "Problem";
  readonly code: ProblemCode;
  readonly errors: InputFault[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ProblemCode, detail: string, { errors, retryAfterSeconds, cause }: ProblemOptions = {}) {
    super(detail, { cause });
    this.code = code;
    this.errors = errors;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  get status(): number {
    return problems[this.code].status;
  }

  get title(): string {
    return problems[this.code].title;
  }
}
