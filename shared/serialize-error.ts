/** As much of an error as a log may hold. */
interface ToldError {
  type: string;
  message: string;
  stack?: string;
  code?: string | number;
  status?: number;
  /** Of PostgreSQL, which one was violated. */
  constraint?: string;
  cause?: ToldError;
  errors?: ToldError[];
}

/** Chains are short; one that bites its own tail ends here. */
const maxDepth = 5;

/**
 * What is logged of an error: what it is and where it comes from, not what it was about. Errors carry more: PostgreSQL's
 * `detail` quotes the row, Redis' `command` what was to be written, a `SyntaxError` of JSON what could not be read.
 */
export function tellError(error: unknown, depth = 0): ToldError | string {
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
    ...(depth < maxDepth && error.cause instanceof Error && { cause: told(error.cause, depth) }),
    ...(depth < maxDepth &&
      error instanceof AggregateError && {
        errors: error.errors.filter((each) => each instanceof Error).map((each) => told(each, depth)),
      }),
  };
}

function told(error: Error, depth: number): ToldError {
  const tale = tellError(error, depth + 1);
  return typeof tale === "string" ? { type: tale, message: "" } : tale;
}

/** Parsers quote their input. */
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

/** The message stands before them, over as many lines as it has. */
function framesOf(stack: string): string {
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  return frames.join("\n");
}
