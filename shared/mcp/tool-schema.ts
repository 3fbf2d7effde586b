import { keepWholeSchema } from "../assistants/tools/foreign-schema.ts";
import type { SiteTool } from "../assistants/tools/site-tool.ts";

/** Characters of a schema as JSON: it is part of every prompt, so a larger one would be paid for with every reply. */
const maxChars = 16_384;
const maxDepth = 24;

/** Keywords that servers of models refuse at the root, where they want one plain object. */
const refusedAtRoot = ["anyOf", "oneOf", "allOf", "not", "if", "then", "else", "enum", "const", "$ref"];
/** Keywords that say nothing to a model. */
const idle = ["$schema", "$id", "$comment"];
/** Keywords whose values are data, and no schemas. */
const dataKeywords = new Set(["default", "enum", "const", "examples"]);

type Parameters = SiteTool["parameters"];

/** @returns why no model can be offered a schema; `undefined`: it can, once it compiles */
export function faultOfForm(schema: unknown): string | undefined {
  if (!isObject(schema) || schema["type"] !== "object") return 'its schema is not of "type": "object"';
  if (!isShallow(schema, maxDepth)) return `its schema is nested more than ${maxDepth} deep`;
  if (JSON.stringify(schema).length > maxChars) return `its schema is longer than ${maxChars} characters`;
  const { properties = {} } = schema;
  if (!isObject(properties)) return "its schema has no object in properties";
  const refused = Object.keys(properties).find((name) => !/^[\w.-]{1,64}$/.test(name));
  if (refused !== undefined)
    return `its parameter ${JSON.stringify(refused.slice(0, 80))} has a name that models' servers refuse`;
  return undefined;
}

/** Depth is counted without recursion: a list of a stranger may be nested deeper than the stack. */
function isShallow(value: unknown, most: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > most) return false;
    level = level.flatMap((each) =>
      typeof each === "object" && each !== null ? (Object.values(each) as unknown[]) : [],
    );
  }
  return true;
}

/**
 * Makes of a server's schema what every server of models accepts, so that one tool never spoils the request for all. Arguments
 * are still checked against the whole schema.
 * @param schema without a fault of form
 * @returns also the keywords that models do not see
 */
export function toOfferedSchema(schema: Readonly<Record<string, unknown>>): {
  parameters: Parameters;
  unseen: string[];
} {
  const unseen = refusedAtRoot.filter((keyword) => Object.hasOwn(schema, keyword));
  const left = new Set([...unseen, ...idle]);
  const rest = Object.fromEntries(Object.entries(schema).filter(([keyword]) => !left.has(keyword)));
  const offered = withItems(rest) as Record<string, unknown>;
  const required = Array.isArray(rest["required"]) ? rest["required"].filter((name) => typeof name === "string") : [];
  const parameters = {
    ...offered,
    type: "object" as const,
    properties: (offered["properties"] ?? {}) as Parameters["properties"],
    ...(required.length > 0 && { required }),
  };
  keepWholeSchema(parameters, schema);
  return { parameters, unseen };
}

/** Gives every array without `items` some: a server of models refuses it otherwise. */
function withItems(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withItems);
  if (!isObject(value)) return value;
  const fields = Object.entries(value).map(([key, each]) => [key, dataKeywords.has(key) ? each : withItems(each)]);
  const isArray = value["type"] === "array" || (Array.isArray(value["type"]) && value["type"].includes("array"));
  const lacksItems = isArray && !Object.hasOwn(value, "items");
  return Object.fromEntries(lacksItems ? [...fields, ["items", {}]] : fields);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
