/** A refusal of the service, or no answer from it. */
export class ServiceProblem extends Error {
  override name = "ServiceProblem";
  /** HTTP status; 0 if no answer came. */
  readonly status: number;
  /** The problem's kind, like `handled`; empty if the service gave none. */
  readonly code: string;
  /** Name of the person who has the conversation, if that is the reason. */
  readonly operator: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(
    detail: string,
    about: { status: number; code?: string; operator?: string | undefined; retryAfterMs?: number | undefined },
  ) {
    super(detail);
    this.status = about.status;
    this.code = about.code ?? "";
    this.operator = about.operator;
    this.retryAfterMs = about.retryAfterMs;
  }

  /** True if the same request may be answered later: then nobody knows yet whether it was carried out. */
  get passes(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** Reads an answer that is no success (RFC 9457). */
export async function readProblem(response: Response): Promise<ServiceProblem> {
  const body = (await response.json().catch(() => undefined)) as
    | { type?: unknown; title?: unknown; detail?: unknown; operator?: { name?: unknown } }
    | undefined;
  const detail = [body?.detail, body?.title].find((text) => typeof text === "string");
  const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const operator = body?.operator?.name;
  return new ServiceProblem(detail ?? "", {
    status: response.status,
    code: typeof body?.type === "string" ? (/[^/:#]*$/.exec(body.type)?.[0] ?? "") : "",
    operator: typeof operator === "string" ? operator : undefined,
    retryAfterMs: Number.isFinite(seconds) ? 1000 * seconds : undefined,
  });
}
