/** Describes a failed connection or call in a few words. */
export function describeError(error: unknown): string {
  // Node's error for a host with several addresses has no message of its own.
  if (error instanceof AggregateError) return [...new Set(error.errors.map(describeError))].join(", ");
  return error instanceof Error ? error.message : String(error);
}
