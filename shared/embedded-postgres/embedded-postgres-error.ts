/** Reason why the embedded PostgreSQL does not run; the message says what to do. */
export class EmbeddedPostgresError extends Error {
  override name = "EmbeddedPostgresError";
}
