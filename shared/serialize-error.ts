/** The parts of an error that a log may contain. */
interface SerializedError {
  type: string;
  message: string;
  stack?: string;
  code?: string | number;
  status?: number;
  /** PostgreSQL's name of the violated constraint. */
  constraint?: string;
  cause?: SerializedError;
  errors?: SerializedError[];
}

/** Maximum length of a chain of causes. Chains are short; a circular one ends here. */
const maxDepth = 5;

/**
 * Serializes an error for the log: its kind and origin, not its data. Errors contain more: PostgreSQL's `detail` quotes
 * the row, Redis' `command` the value to be written, a `SyntaxError` of JSON the unreadable input.
 */
export function serializeError(error: unknown, depth = 0): SerializedError | string {
  if (!(error instanceof Error)) return typeof error;
  const message = messageOf(error);
  const { code, status, constraint } = error as { code?: unknown; status?: unknown; constraint?: unknown };
  return {
    type: error.name,
    message,
    ...(error.stack !== undefined && { stack: framesOf(error.stack) }),
    ...((typeof code === "string" || typeof code === "number") && { code }),
    ...(typeof status === "number" && { status }),
    ...(typeof constraint === "string" && { constraint }),
    ...(depth < maxDepth && error.cause instanceof Error && { cause: serializeNested(error.cause, depth) }),
    ...(depth < maxDepth &&
      error instanceof AggregateError && {
        errors: error.errors.filter((each) => each instanceof Error).map((each) => serializeNested(each, depth)),
      }),
  };
}

function serializeNested(error: Error, depth: number): SerializedError {
  const serialized = serializeError(error, depth + 1);
  return typeof serialized === "string" ? { type: serialized, message: "" } : serialized;
}

/** Returns a message that quotes no input: messages of parsers do. */
function messageOf(error: Error): string {
  if (error instanceof SyntaxError) return "not valid";
  if ("issues" in error && Array.isArray(error.issues)) return error.issues.map(describeIssue).join(", ");
  return error.message;
}

function describeIssue(issue: unknown): string {
  if (typeof issue !== "object" || issue === null) return "not valid";
  const path = "path" in issue && Array.isArray(issue.path) ? issue.path.join(".") : "";
  return `${path}: ${"code" in issue ? String(issue.code) : "not valid"}`;
}

/** Stack frames without the message, which precedes them and may have several lines. */
function framesOf(stack: string): string {
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  return frames.join("\n");
}
