import { assistantsWire } from "./assistants.ts";
import { completionsWire } from "./completions.ts";
import { messagesWire } from "./messages.ts";
import { responsesWire } from "./responses.ts";
import type { Wire } from "./wire.ts";

/** Wires by API, one a line. */
const wires: readonly Wire[] = [completionsWire, messagesWire, responsesWire, assistantsWire];

export function findWire(path: string): Wire | undefined {
  return wires.find((wire) => wire.path.test(path));
}

/** Finds the wire for calls about threads, other than those for a reply. */
export function findThreadWire(path: string): Wire | undefined {
  return wires.find(({ threads }) => threads?.path.test(path));
}
