/**
 * True if PostgreSQL could not be reached or did not answer, so that the same call may succeed later; or if this process
 * is ending, and the call outlived its drain.
 */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  if (typeof code === "string") return awayCodes.test(code);
  return /timeout|terminated|not queryable|Connection ended|after calling end/i.test(error.message);
}

/**
 * Errors of sockets and name look-ups (not Node's own ERR_…, which are the caller's faults), and SQLSTATEs: 08
 * connection, 53 resources, 57 operator intervention, 25006 read-only, as on a server just replaced by another.
 */
const awayCodes = /^(E(?!RR_)[A-Z_]+|08\w{3}|53\w{3}|57\w{3}|25006)$/;
