/** Why an embeddings endpoint gave no vectors. Messages hold nothing of a text or a key. */
export class EmbeddingError extends Error {
  override name = "EmbeddingError";
  /** `refused`: it will never take these texts, or one of them. `unavailable`: the same request may succeed later. */
  readonly code: "refused" | "unavailable";
  /** Time that the endpoint asks to wait. */
  readonly retryAfterMs: number | undefined;
  /** True if the refusal is about the number of dimensions. */
  readonly isAboutDimensions: boolean;

  constructor(
    code: EmbeddingError["code"],
    message: string,
    { retryAfterMs, isAboutDimensions = false, cause }: EmbeddingErrorOptions = {},
  ) {
    super(message, { cause });
    this.code = code;
    this.retryAfterMs = retryAfterMs;
    this.isAboutDimensions = isAboutDimensions;
  }
}

interface EmbeddingErrorOptions {
  retryAfterMs?: number | undefined;
  isAboutDimensions?: boolean;
  cause?: unknown;
}

/** True if an endpoint refuses a text as such: asked again, it would refuse it again. */
export function isRefused(error: unknown): boolean {
  return error instanceof EmbeddingError && error.code === "refused";
}
