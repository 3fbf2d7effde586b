/** Why the embedded PostgreSQL does not run, in words that say what to do. */
export class EmbeddedPostgresError extends Error {
  override name = "EmbeddedPostgresError";
}
