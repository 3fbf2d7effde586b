import type { CallItem, JsonObject, ToolTurn } from "./tool.ts";
import { parseArguments } from "./read-arguments.ts";

/** One item of an answer with its one result, as it goes back to a server. */
export interface SentCall {
  /**
   * Our own: servers repeat theirs from answer to answer or send none. Nine letters and digits, which all of them accept;
   * Mistral's accepts nothing else.
   */
  id: string;
  name: string;
  /** Arguments, whatever came. */
  input: JsonObject;
  /** The same as JSON. */
  arguments: string;
  keep: JsonObject | undefined;
  result: string;
  isError: boolean;
}

/** Items of an answer, in their order, with ids of their own among all turns of a request. */
export function sentCallsOf({ calls, results }: ToolTurn, turnNumber: number): SentCall[] {
  const items = [...new Set(calls.map(({ item }) => item))];
  return items.map((item, number) => {
    const own = calls.flatMap((call, at) => (call.item === item ? [results[at] ?? notCarriedOut] : []));
    const texts = own.map(({ text }) => text);
    const input = objectOf(item);
    return {
      id: `t${String(turnNumber).padStart(4, "0")}${String(number).padStart(4, "0")}`,
      name: item.name,
      input,
      arguments: JSON.stringify(input),
      keep: item.keep,
      result: texts.length === 1 ? (texts[0] ?? "") : JSON.stringify(texts),
      isError: own.every(({ isError }) => isError),
    };
  });
}

/** A call without a result is refused by all servers. */
const notCarriedOut = { text: "The call was not carried out.", isError: true };

/** Arguments as an object. What was no object goes back under a name that tells the model so. */
function objectOf({ written }: CallItem): JsonObject {
  if (written.trim() === "" || written.trim() === "null") return {};
  return parseArguments(written) ?? { INVALID_JSON: written };
}
