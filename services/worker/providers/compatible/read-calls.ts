import type { CallPiece } from "../tools/call-assembler.ts";
import { isJsonObject, type JsonObject } from "../tools/tool.ts";

/** Fields of a call that say nothing for the server to have back. */
const known = new Set(["index", "id", "type", "function", "name", "arguments"]);

/**
 * Reads the calls of tools in a message or in a delta of one: of any shape that servers send, since no two agree on which
 * fields stand in which piece.
 */
export function readCallPieces(message: JsonObject | null | undefined): CallPiece[] {
  if (!message) return [];
  const { tool_calls: calls, function_call: legacy } = message;
  const pieces = (Array.isArray(calls) ? calls : [calls]).filter(isJsonObject).map(readPiece);
  return pieces.length === 0 && isJsonObject(legacy) ? [readPiece({ function: legacy })] : pieces;
}

function readPiece(call: JsonObject): CallPiece {
  const named = isJsonObject(call["function"]) ? call["function"] : call;
  const { index, id } = call;
  const others = Object.entries(call).filter(([field, value]) => !known.has(field) && isJsonObject(value));
  return {
    place: typeof index === "number" ? index : undefined,
    id: typeof id === "number" ? String(id) : wordOf(id),
    name: wordOf(named["name"]),
    ...readWritten(named["arguments"] ?? named["parameters"]),
    ...(others.length > 0 && { keep: Object.fromEntries(others) }),
  };
}

/** Some servers send the arguments as an object. */
function readWritten(value: unknown): Pick<CallPiece, "written" | "whole"> {
  if (typeof value === "string") return { written: value };
  return isJsonObject(value) ? { whole: JSON.stringify(value) } : {};
}

function wordOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
