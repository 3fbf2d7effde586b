import type { Request } from "express";
import type { z } from "zod";
import { type InputFault, Problem } from "../../../shared/errors.ts";
import { inputMessage } from "../../../shared/protocol/input-messages.ts";

/** Each fault repeats the path it is at, which the request chose. */
const maxErrors = 20;
const maxFaultChars = 200;

/**
 * Parses a JSON body. Unknown fields are dropped; they are named when the body is invalid, since one of them is often the
 * misspelt name of a missing one.
 * @throws {Problem} `invalid-request` with every fault
 */
export function parseBody<Schema extends z.ZodObject>(schema: Schema, body: unknown): z.output<Schema> {
  return parse(schema, body, []);
}

/**
 * Parses a query string. `limit[]=5` and `limit[0]=5` are refused: the lists they mean elsewhere would be ignored here.
 * @throws {Problem} `invalid-request` with every fault
 */
export function parseQuery<Schema extends z.ZodObject>(schema: Schema, query: Request["query"]): z.output<Schema> {
  const bracketed = Object.keys(query).filter((name) => (/^([^[]*)\[/.exec(name)?.[1] ?? "") in schema.shape);
  return parse(
    schema,
    query,
    bracketed.map((name) => ({ path: clip(name), message: "is not allowed: give the name without brackets, once" })),
  );
}

function parse<Schema extends z.ZodObject>(schema: Schema, input: unknown, faults: InputFault[]): z.output<Schema> {
  const parsed = schema.safeParse(input, { error: inputMessage });
  if (parsed.success && faults.length === 0) return parsed.data;
  const invalid = (parsed.error?.issues ?? []).map(({ path, message }) => ({
    path: clip(path.join(".")),
    message: clip(message),
  }));
  throw invalidInput([...faults, ...invalid], unknownFields(schema, input));
}

function unknownFields(schema: z.ZodObject, input: unknown): string[] {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return [];
  return Object.keys(input).filter((name) => !Object.hasOwn(schema.shape, name) && !name.includes("["));
}

function invalidInput(faults: InputFault[], unknown: string[]): Problem {
  const errors = [...faults, ...unknown.map((name) => ({ path: clip(name), message: "is not a known field" }))];
  const [first] = faults;
  const detail = first ? `${first.path === "" ? "The body" : first.path}: ${first.message}` : "See errors.";
  const unknownNames =
    unknown.length === 0 ? "" : `. Unknown fields: ${clip(unknown.map((name) => JSON.stringify(name)).join(", "))}`;
  return new Problem("invalid-request", `${detail}${unknownNames}`, { errors: errors.slice(0, maxErrors) });
}

function clip(text: string): string {
  return text.length <= maxFaultChars ? text : `${text.slice(0, maxFaultChars - 1).toWellFormed()}…`;
}
