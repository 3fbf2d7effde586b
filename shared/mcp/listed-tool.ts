import { z } from "zod";
import { digestOf } from "../assistants/tools/hash-of-tool.ts";
import { compileForeign } from "../assistants/tools/tool-arguments.ts";
import { faultOfForm } from "./tool-schema.ts";

const maxDescriptionChars = 4000;

/** A tool as a server lists it, as far as anything is made of it. */
export const rawTool = z.object({
  name: z.string().regex(/^[\x21-\x7e]{1,128}$/),
  description: z
    .string()
    .nullish()
    .transform((text) => text ?? ""),
  inputSchema: z.unknown(),
  outputSchema: z.unknown().optional(),
  execution: z.object({ taskSupport: z.string().optional() }).optional().catch(undefined),
});
export type RawTool = z.output<typeof rawTool>;

/** A tool of a list, judged: what an operator looks at. */
export interface ListedTool {
  name: string;
  description: string;
  /** JSON text; cut if it is too long to be used. */
  schema: string;
  /** Hash of name, description and schema. */
  hash: string;
  /** Reason why no model can be offered it; null: none. */
  fault: string | null;
}

/** Tools of a server, or why its list could not be read. */
export type ServerLook = { tools: ListedTool[]; leftOut: number; fault?: undefined } | { fault: string };

/** Pin of a tool: another name, description or schema is another tool. */
export function pinOf({ name, description, inputSchema }: RawTool): string {
  return digestOf([name, description, inputSchema]);
}

/** Characters that people do not see and models do read. */
const unseen = /[\u200b\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e0fff}]|[^\P{Cc}\n\r\t]/u;

/** Judges a tool of a list. */
export function judgeTool(tool: RawTool, { isTwice }: { isTwice: boolean }): ListedTool {
  const { name, description, inputSchema, execution } = tool;
  const form = faultOfForm(inputSchema);
  const schema = form === undefined ? JSON.stringify(inputSchema) : "";
  const faults: [boolean, string][] = [
    [isTwice, "it is listed twice"],
    [execution?.taskSupport === "required", "it works as a task alone, which is not supported"],
    [description.length > maxDescriptionChars, `its description is longer than ${maxDescriptionChars} characters`],
    [unseen.test(description) || hasUnseen(inputSchema, form), "it has characters that nobody can see"],
  ];
  const fault = faults.find(([isSo]) => isSo)?.[1] ?? form ?? faultOfCompiling(inputSchema as object);
  return {
    name,
    description: visible(description).slice(0, maxDescriptionChars),
    schema,
    hash: form === undefined ? pinOf(tool) : digestOf([name, description, form]),
    fault: fault === undefined ? null : visible(fault).slice(0, 500),
  };
}

/** Texts of a schema, with escapes undone. */
function hasUnseen(schema: unknown, form: string | undefined): boolean {
  if (form !== undefined) return false;
  let found = false;
  JSON.stringify(schema, (key, value: unknown) => {
    found ||= unseen.test(key) || (typeof value === "string" && unseen.test(value));
    return value;
  });
  return found;
}

function faultOfCompiling(schema: object): string | undefined {
  try {
    compileForeign(schema);
    return undefined;
  } catch (error) {
    return `its schema cannot be used: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Fit to be stored, and to be looked at. */
function visible(text: string): string {
  return text.toWellFormed().replaceAll(new RegExp(unseen.source, "gu"), "\ufffd");
}
