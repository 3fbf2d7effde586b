import { type MaskedArguments, maskArguments } from "../../../shared/actions/masked-arguments.ts";
import type { JobRecord } from "../../../shared/db/operators/conversation.ts";
import { formatDuration } from "./format.ts";

interface ToolEvent {
  at: number | null;
  what: string;
}

/** Lists for the story of a job what its tools did: each call that read something, and what became of each action. */
export function toolEvents({ id, runs, actions }: Pick<JobRecord, "id" | "runs" | "actions">): ToolEvent[] {
  return [...runs.flatMap(readingEvents), ...actions.flatMap((action) => actionEvents(id, action))];
}

function readingEvents({ claimedAt, attempt, toolCalls }: JobRecord["runs"][number]): ToolEvent[] {
  return (toolCalls ?? []).map(({ tool, arguments: given, outcome, status, afterMs, tookMs }) => {
    const came = status === null ? "" : ` with status ${status}`;
    const how = outcome === "refused" ? "refused before it was sent" : `${outcome}${came} in ${formatDuration(tookMs)}`;
    return { at: claimedAt + afterMs, what: `attempt ${attempt}: ${callOf(tool, given)} read: ${how}` };
  });
}

/** The job that proposed an action tells of the proposal, the one that carried it out of the rest. */
function actionEvents(jobId: string, action: JobRecord["actions"][number]): ToolEvent[] {
  const { id, tool, arguments: given, state, proposedBy, answeredBy, proposedAt, answeredAt, sentAt, endedAt } = action;
  const args = given ?? {};
  const call = `${callOf(tool, maskArguments(args, Object.keys(args)))}, action ${id}`;
  const isOpen = answeredBy === null;
  return [
    ...(proposedBy === jobId && answeredBy !== jobId ? [{ at: proposedAt, what: `asks to do ${call}` }] : []),
    ...(proposedBy === jobId && isOpen && endedAt !== null ? [{ at: endedAt, what: `action ${id}: ${state}` }] : []),
    ...(answeredBy === jobId
      ? [
          { at: answeredAt, what: `the visitor answers ${call}: ${state === "refused" ? "no" : "yes"}` },
          { at: sentAt, what: `sends ${call}` },
          { at: endedAt, what: `action ${id}: ${state}` },
        ]
      : []),
  ];
}

function callOf(tool: string, given: MaskedArguments): string {
  return `${tool} (${Object.entries(given)
    .map(([name, value]) => `${name}: ${value}`)
    .join(", ")})`;
}
