import type { AskedAction } from "./shop-visitor.ts";
import { askStatusMs } from "../../../shared/tunables.ts";
import { leavesDoubt, type ShopEntry } from "./hostile-shop.ts";

/** An action as the ledger of the product has it. Times are Unix milliseconds. */
export interface LedgerAction {
  id: string;
  tool: string;
  state: string;
  sentMs: number | null;
  endedMs: number | null;
  /** True if a person was asked for because of it. */
  handedOver: boolean;
}

interface Evidence {
  asked: readonly AskedAction[];
  actions: readonly LedgerAction[];
  /** The shop's own ledger, by key: the id of the action. */
  shop: ReadonlyMap<string, ShopEntry>;
  /** Questions about a key. */
  questions: ReadonlyMap<string, number>;
  /** True if a process that may have been sending, or its database, was ended between two moments. */
  wasBroken: (from: number, to: number) => boolean;
  /** True if the shop shut its door between two moments. */
  wasShut: (from: number, to: number) => boolean;
}

/** @returns what is wrong, a line each */
export function checkActions({ asked, actions, shop, questions, ...times }: Evidence): string[] {
  const faults: string[] = [];
  const confirmed = new Set(asked.filter(isWanted).map(({ actionId }) => actionId));
  for (const key of shop.keys()) if (!confirmed.has(key)) faults.push(`${key} was called, and nobody has confirmed it`);
  for (const action of actions) {
    const entry = shop.get(action.id);
    const tell = (what: string) =>
      faults.push(
        `${action.id} (${action.tool}, ${action.state} after ${spanOf(action)} s; ${entry?.requests.join(", ") ?? "never called"}; asked ${questions.get(action.id) ?? 0} times): ${what}`,
      );
    const changes = entry?.changes ?? 0;
    if (changes > 1) tell(`was done ${changes} times`);
    if (!action.tool.endsWith("key") && (entry?.requests.length ?? 0) > 1) tell("was sent more than once");
    if (["waiting", "refused", "expired", "replaced"].includes(action.state) && entry) tell("was called");
    if (["confirmed", "sent"].includes(action.state)) tell("has no outcome");
    if (action.state === "withdrawn" && confirmed.has(action.id) && entry) tell("was called, and is told as withdrawn");
    if (action.state === "failed" && changes > 0) tell("is told as failed, and was done");
    if (action.state === "done" && changes === 0 && !entry?.requests.includes("nothing done")) tell("was not done");
    if (action.state === "unknown") {
      if (!isExplained(action, entry, times)) tell("is unknown, although its answer came");
      if (!action.handedOver) tell("is unknown, and no person was asked");
    }
  }
  return faults;
}

function isWanted({ answer }: AskedAction): boolean {
  return answer === "yes" || answer === "unasked";
}

/**
 * Lists the actions of which nobody knows the outcome, a line each with its reasons, below a line that compares their number with
 * that of the reasons.
 */
export function listUnknown({ actions, shop, questions, wasBroken }: Evidence): string[] {
  const wasEndedDuring = ({ sentMs, endedMs }: LedgerAction) =>
    sentMs !== null && wasBroken(sentMs, endedMs ?? Date.now());
  const doubtful = [...shop.values()].flatMap(({ requests }) => requests.filter(leavesDoubt));
  const unknown = actions.filter(({ state }) => state === "unknown");
  const ended = actions.filter(wasEndedDuring).length;
  const lines = unknown.map((action) => {
    const { requests = [] } = shop.get(action.id) ?? {};
    const during = wasEndedDuring(action) ? "; a worker or PostgreSQL was ended meanwhile" : "";
    return `  ${action.id} ${action.tool}: ${requests.join(", ") || "never arrived"}; asked ${questions.get(action.id) ?? 0} times, ${spanOf(action)} s${during}`;
  });
  const reasons = `${doubtful.length} answers that left doubt, ${ended} actions with an end of a worker or of PostgreSQL between sending and outcome`;
  return [`unknown ${unknown.length}; ${reasons}`, ...lines];
}

function spanOf({ sentMs, endedMs }: LedgerAction): string {
  return (((endedMs ?? Date.now()) - (sentMs ?? Date.now())) / 1000).toFixed(1);
}

/** True if the outcome could not be known: its only answer left doubt or found no reader, or it was asked for in vain for a time. */
function isExplained(
  { tool, sentMs, endedMs }: LedgerAction,
  entry: ShopEntry | undefined,
  { wasBroken, wasShut }: Pick<Evidence, "wasBroken" | "wasShut">,
): boolean {
  const [from, to] = [sentMs ?? 0, endedMs ?? Date.now()];
  if (!tool.endsWith("never")) return to - from >= askStatusMs;
  // It never arrived: only a door that shut before it leaves that in doubt.
  if (entry === undefined && wasShut(from, to)) return true;
  const [answer] = entry?.requests ?? [];
  return (answer !== undefined && leavesDoubt(answer)) || wasBroken(from, to);
}
