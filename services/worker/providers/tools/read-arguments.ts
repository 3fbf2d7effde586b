import { isJsonObject, type JsonObject } from "./tool.ts";

/**
 * Reads the arguments of a call from the pieces in which they arrived. Nothing is repaired: half a number that becomes one
 * by a closed brace is another number.
 * @returns `undefined` if they are no JSON object
 */
export function readArguments(pieces: readonly string[]): JsonObject | undefined {
  const said = pieces.filter((piece) => piece.trim() !== "");
  // Many servers send nothing for a tool without parameters.
  if (said.length === 0 || (said.length === 1 && said[0]?.trim() === "null")) return {};
  return parseArguments(said.join("")) ?? parseRepeated(said);
}

/** @returns the object of a JSON text, or of one that stands in a JSON string */
export function parseArguments(json: string, depth = 0): JsonObject | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof value === "string" && depth === 0) return parseArguments(value, 1);
  return isJsonObject(value) ? value : undefined;
}

/** Reads pieces of which each repeats all before it, and whole arguments that were sent again at the end. */
function parseRepeated(pieces: readonly string[]): JsonObject | undefined {
  const newest = pieces.at(-1) ?? "";
  const before = pieces.slice(0, -1);
  const grows = before.every((piece, at) => (pieces[at + 1] ?? "").startsWith(piece));
  const sentAgain = before.join("").trim() === newest.trim();
  return grows || sentAgain ? parseArguments(newest) : undefined;
}
