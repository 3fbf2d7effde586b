import { createHash } from "node:crypto";
import type { Assistants } from "../assistants/assistants.ts";
import type { SiteTool } from "../assistants/tools/site-tool.ts";

/** Object of a confirmation: this tool, as it is declared now, with exactly these arguments. */
interface Confirmed {
  tool: string;
  /** Hash of the declaration. */
  version: string;
  arguments: { readonly [name: string]: unknown };
}

/** @returns a digest that does not depend on the order of fields: PostgreSQL keeps none */
export function hashOfAction({ tool, version, arguments: given }: Confirmed): Buffer {
  return createHash("sha256")
    .update(JSON.stringify([tool, version, given], sorted))
    .digest();
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/**
 * The tool of an action, as the configuration declares it now.
 * @returns `undefined` if its assistant has no such tool any more, or one that only reads
 */
export function toolOfAction(
  assistants: Assistants,
  { assistantType, tool: name }: { assistantType: string; tool: string },
): SiteTool | undefined {
  return assistants.get(assistantType)?.tools?.find((tool) => tool.name === name && tool.effect === "change");
}
