import { assistantsWire } from "./assistants.ts";
import { completionsWire } from "./completions.ts";
import { messagesWire } from "./messages.ts";
import { responsesWire } from "./responses.ts";
import type { Wire } from "./wire.ts";

/** One line an API. */
const wires: readonly Wire[] = [completionsWire, messagesWire, responsesWire, assistantsWire];

export function findWire(path: string): Wire | undefined {
  return wires.find((wire) => wire.path.test(path));
}

/** For calls about threads that are not for a reply. */
export function findThreadWire(path: string): Wire | undefined {
  return wires.find(({ threads }) => threads?.path.test(path));
}
