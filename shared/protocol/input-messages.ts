import type { z } from "zod";

/**
 * Words an input error that has no message of its own: says what is allowed, and never repeats a value, which may be a
 * secret. Pass it to `parse` and `safeParse` as `error`.
 */
export const inputMessage: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined
        ? "is required"
        : `must be ${nounOf(issue.expected)}, not ${describeValue(issue.input)}`;
    case "invalid_value":
      return `must be ${oneOf(issue.values)}`;
    case "too_big":
      return `must ${limitOf("at most", issue.origin, issue.maximum)}`;
    case "too_small":
      return `must ${limitOf("at least", issue.origin, issue.minimum)}`;
    case "invalid_format":
      return `must be a valid ${issue.format}`;
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "unrecognized_keys":
      return `has unknown fields: ${issue.keys.map((key) => JSON.stringify(key)).join(", ")}`;
    case "invalid_key":
      return `has an invalid name: ${issue.issues.map(({ message }) => message).join("; ")}`;
    case "invalid_element":
    case "invalid_union":
    case "custom":
      return "is not valid";
  }
};

const nouns: Record<string, string> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
  null: "null",
};

function nounOf(expected: string): string {
  return nouns[expected] ?? expected;
}

function describeValue(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "number" && !Number.isInteger(value)) return Number.isNaN(value) ? "text" : "a fraction";
  return nounOf(typeof value);
}

function oneOf(values: readonly z.core.util.Primitive[]): string {
  const quoted = values.map((value) => JSON.stringify(value) ?? String(value));
  return quoted.length <= 1 ? quoted.join("") : `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1) ?? ""}`;
}

function limitOf(bound: string, origin: string, limit: number | bigint): string {
  const one = Number(limit) === 1;
  if (origin === "string") return `have ${bound} ${limit} ${one ? "character" : "characters"}`;
  if (origin !== "number" && origin !== "int" && origin !== "bigint") {
    return `have ${bound} ${limit} ${one ? "entry" : "entries"}`;
  }
  return `be ${bound} ${limit}`;
}
