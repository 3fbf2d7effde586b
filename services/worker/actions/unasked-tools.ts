import { hashOfAction } from "../../../shared/actions/declared-action.ts";
import type { Assistant } from "../../../shared/assistants/assistants.ts";
import { hashOfTool } from "../../../shared/assistants/tools/hash-of-tool.ts";
import { offeredParameters } from "../../../shared/assistants/tools/identity-parameters.ts";
import type { SiteTool } from "../../../shared/assistants/tools/site-tool.ts";
import type { ActionToRun } from "../../../shared/db/actions/send.ts";
import type { ClaimedJob } from "../../../shared/db/jobs/claim.ts";
import type { ToolResult } from "../providers/tools/tool.ts";
import type { RunTool, ToolSession } from "../tools/tool-session.ts";
import { type ActingRun, sendUnasked } from "./carry-out.ts";
import { proposeAction, type ProposingOptions, refusalOf, toAction } from "./proposing-tools.ts";
import { NobodyKnows, resultOf } from "./told-action.ts";

/** Actions that a job has sent without asking, those of its earlier runs too, by their hash. */
export type SentUnasked = Map<string, ActionToRun>;

export interface UnaskedOptions extends ProposingOptions {
  run: ActingRun;
  job: ClaimedJob;
  sent: SentUnasked;
  /** Called with each action and its outcome, before a model hears of it. */
  onOutcome: (action: ActionToRun) => void;
}

/**
 * Tools that change something without asking, as a run carries them out: at once, if nothing in the prompt may have tried to
 * give orders. Beside passages, or after the words of an endpoint, the visitor is asked, if the tool has a card.
 */
export function unaskedToolsOf({ tools = [] }: Pick<Assistant, "tools">, options: UnaskedOptions): readonly RunTool[] {
  return tools
    .filter(({ effect, confirm }) => effect === "change" && confirm === "never")
    .map((tool) => ({
      name: tool.name,
      description: tool.description,
      parameters: offeredParameters(tool),
      unasked: tool.card === undefined,
      run: (call, session) => act(tool, call.arguments ?? {}, { ...options, session }),
    }));
}

async function act(
  tool: SiteTool,
  given: Record<string, unknown>,
  { session, ...options }: UnaskedOptions & { session: ToolSession },
): Promise<ToolResult> {
  const { run, job, sent, onOutcome } = options;
  const hash = hashOfAction({ tool: tool.name, version: hashOfTool(tool), arguments: given }).toString("hex");
  const earlier = sent.get(hash);
  if (earlier)
    return { text: `This very call was made already, and is not made again. ${resultOf(earlier)}`, isError: false };
  if (session.holdsRetrieved) return proposeAction(tool, given, { ...options, proposals: session.proposals });
  const refusal = await refusalOf(tool, given, options.claims);
  if (refusal) return refusal;
  const action = await sendUnasked(run, job, { tool, action: toAction(tool, given, options.locale) });
  sent.set(hash, action);
  session.noteRetrieved();
  onOutcome(action);
  if (action.state === "unknown") throw new NobodyKnows();
  return { text: resultOf(action), isError: false };
}
