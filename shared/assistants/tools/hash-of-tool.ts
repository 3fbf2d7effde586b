import { createHash } from "node:crypto";
import type { SiteTool } from "./site-tool.ts";

/**
 * Version of a tool: a digest of its whole declaration, whatever the order of its fields. A secret counts by its name.
 * @returns 43 characters of base64url
 */
export function hashOfTool(tool: SiteTool): string {
  return digestOf(tool);
}

/**
 * Digest of a value, whatever the order of its fields.
 * @returns 43 characters of base64url
 */
export function digestOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value, sorted)).digest("base64url");
}

/** Replacer that puts the fields of every object in one order. */
function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
