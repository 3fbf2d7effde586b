/** Why an embeddings endpoint gave no vectors. Messages hold nothing of a text or a key. */
export class EmbeddingError extends Error {
  override name = "EmbeddingError";
  /**
   * `refused`: it will never take these texts, or one of them. `unavailable`: the same request may succeed later. `spent`: it
   * was not asked, as the site's limit of the day would be exceeded.
   */
  readonly code: "refused" | "unavailable" | "spent";
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

/** True if a request says nothing of whether the endpoint can be asked. */
export function isNoOutage(error: unknown): boolean {
  return error instanceof EmbeddingError && error.code !== "unavailable";
}

/** True if an endpoint refuses a text as such: asked again, it would refuse it again. */
export function isRefused(error: unknown): boolean {
  return error instanceof EmbeddingError && error.code === "refused";
}
