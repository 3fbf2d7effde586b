import type { ActionState } from "./protocol/actions/action-card.ts";

/** Every problem a client can meet: its HTTP status and its title (RFC 9457). */
const problems = {
  "invalid-request": { status: 400, title: "The request is not valid" },
  unauthorized: { status: 401, title: "A conversation token is required" },
  "identity-required": { status: 401, title: "Visitors must be signed in" },
  "identity-invalid": { status: 401, title: "The visitor's identity could not be verified" },
  "admin-unauthorized": { status: 401, title: "Operator credentials are required" },
  "sign-in-failed": { status: 401, title: "The sign-in failed" },
  "metrics-unauthorized": { status: 401, title: "The metrics token is required" },
  forbidden: { status: 403, title: "The token is not valid for this resource" },
  "origin-not-allowed": { status: 403, title: "Requests from this origin are not allowed" },
  "challenge-failed": { status: 403, title: "A bot challenge must be solved first" },
  blocked: { status: 403, title: "Messages of this visitor are refused" },
  "read-only": { status: 403, title: "Read-only account" },
  "role-required": { status: 403, title: "The operator's role does not allow this" },
  "session-required": { status: 403, title: "This is for people who are signed in" },
  "https-required": { status: 403, title: "Signing in needs HTTPS" },
  "queue-action-refused": { status: 403, title: "Only single queue entries may be retried or removed" },
  "not-found": { status: 404, title: "Not found" },
  "method-not-allowed": { status: 405, title: "Method not allowed" },
  "request-timeout": { status: 408, title: "The request took too long to arrive" },
  answered: { status: 409, title: "The other answer was given" },
  "already-ended": { status: 409, title: "The job has already ended" },
  handled: { status: 409, title: "A person has this conversation" },
  "factor-exists": { status: 409, title: "A second factor is set up already" },
  "last-admin": { status: 409, title: "One admin has to stay" },
  "not-removable": { status: 409, title: "This operator cannot be removed" },
  "role-fixed": { status: 409, title: "The role of this operator cannot be changed" },
  "account-exists": { status: 409, title: "There is such an account already" },
  "no-mail": { status: 409, title: "This service sends no mail" },
  "no-people": { status: 409, title: "No people stand behind this assistant" },
  "too-many-addresses": { status: 409, title: "Too many addresses were left" },
  "not-theirs": { status: 409, title: "Nobody has this conversation" },
  "assistant-paused": { status: 409, title: "The assistant is paused" },
  "nothing-to-answer": { status: 409, title: "There is nothing to answer" },
  "tool-differs": { status: 409, title: "The tool is not as it was seen" },
  updating: { status: 409, title: "The service is being updated" },
  "already-replaced": { status: 409, title: "The message has already been replaced" },
  "reply-open": { status: 409, title: "A reply is still being written" },
  "idempotency-conflict": { status: 409, title: "The idempotency key was used with another body" },
  "action-over": { status: 410, title: "The action cannot be answered any more" },
  "tool-changed": { status: 410, title: "The action has changed since it was proposed" },
  "link-ended": { status: 410, title: "The link has ended" },
  "too-large": { status: 413, title: "The body is too large" },
  "unsupported-media-type": { status: 415, title: "The body has another media type than this takes" },
  "rate-limited": { status: 429, title: "Too many requests" },
  "too-many-unanswered": { status: 429, title: "Too many unanswered messages" },
  "headers-too-large": { status: 431, title: "The headers are too large" },
  internal: { status: 500, title: "Internal server error" },
  unavailable: { status: 503, title: "Service temporarily unavailable" },
  backlog: { status: 503, title: "Too many messages are waiting" },
} as const;

export type ProblemCode = keyof typeof problems;

export interface InputFault {
  /** Path in the request, e.g. `message` or `history.3.text`; `""` is the body itself. */
  path: string;
  message: string;
}

/** Limit of a count per time window, with its current state. */
export interface Quota {
  /** Name that clients identify it by. */
  name: string;
  limit: number;
  windowSeconds: number;
}

interface ProblemOptions {
  errors?: InputFault[];
  retryAfterSeconds?: number;
  /** Exhausted quota; `retryAfterSeconds` says until when. */
  quota?: Quota;
  /** Person who has the conversation. */
  operator?: { name: string; avatarUrl?: string | undefined } | undefined;
  /** State of the action that cannot be answered. */
  state?: ActionState | undefined;
  /** Another status than usual: 403 where the request may do something, but not this. */
  status?: 403;
  cause?: unknown;
}

/** An error meant for a client. `detail` is shown unchanged: it says what to do, and contains no secret. */
export class Problem extends Error {
  override name = "Problem";
  readonly code: ProblemCode;
  readonly errors: InputFault[] | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly quota: Quota | undefined;
  readonly operator: ProblemOptions["operator"];
  readonly state: ActionState | undefined;
  readonly status: number;

  constructor(
    code: ProblemCode,
    detail: string,
    { errors, retryAfterSeconds, quota, operator, state, status, cause }: ProblemOptions = {},
  ) {
    super(detail, { cause });
    this.code = code;
    this.errors = errors;
    this.retryAfterSeconds = retryAfterSeconds;
    this.quota = quota;
    this.operator = operator;
    this.state = state;
    this.status = status ?? problems[code].status;
  }

  get title(): string {
    return problems[this.code].title;
  }
}
