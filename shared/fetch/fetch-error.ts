/** Causes for which a fetch ends without a response. The owner of a site may learn them. */
export type FetchErrorCode =
  | "invalid-url"
  | "not-allowed"
  | "unresolved"
  | "unreachable"
  | "certificate"
  | "proxy"
  | "timeout"
  | "too-large"
  | "too-many-redirects"
  | "bad-response"
  | "aborted";

/** Causes that may have passed when the same address is asked again. */
const passing = new Set<FetchErrorCode>([
  "unresolved",
  "unreachable",
  "certificate",
  "proxy",
  "timeout",
  "bad-response",
]);

/**
 * A fetch without a response. The message tells the owner of a site what is wrong and what to do; it holds no address
 * of a network and nothing of the response.
 */
export class FetchError extends Error {
  override name = "FetchError";
  readonly code: FetchErrorCode;

  constructor(code: FetchErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }

  get retryable(): boolean {
    return passing.has(this.code);
  }
}

/** Codes by which Node and OpenSSL report a certificate that does not prove the host's name. */
const certificateCode = /^(?:CERT_|ERR_TLS_CERT|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH)/;

/** Time limits of undici. The limit of the whole request aborts with a `FetchError` of its own. */
const timeoutCodes = new Set([
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
  "ETIMEDOUT",
]);

/** Codes of undici, zlib, Brotli and zstd for bytes that they cannot read. */
const damageCode = /^(?:UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES_|Z_|ERR__ERROR_|ERR_BROTLI|ZSTD_)/;

/** Classifies an error of a connection, of the HTTP parser or of a decompressor. */
export function toFetchError(error: unknown, host: string): FetchError {
  if (error instanceof FetchError) return error;
  const code = codeOf(error);
  if (timeoutCodes.has(code)) {
    return new FetchError("timeout", `${host} did not answer in time.`, { cause: error });
  }
  if (certificateCode.test(code)) {
    return new FetchError("certificate", `The certificate of ${host} is not valid (${code}).`, { cause: error });
  }
  if (damageCode.test(code) || (error instanceof Error && error.name === "HTTPParserError")) {
    return new FetchError("bad-response", `The response of ${host} is damaged and cannot be read.`, { cause: error });
  }
  return new FetchError("unreachable", `${host} could not be reached, or ended the connection early.`, {
    cause: error,
  });
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "";
}
