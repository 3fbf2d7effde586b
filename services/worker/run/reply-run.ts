import type { ClaimedJob } from "../../../shared/db/jobs/claim.ts";
import type { ReplyDraft } from "../draft/reply-draft.ts";
import type { RunReport } from "../telemetry/run-report.ts";
import type { ToldAction } from "../actions/told-action.ts";
import type { ToolSession } from "../tools/tool-session.ts";

/** Search for the text of a reply: for one claim of a job, or for a suggestion. */
export interface ReplyRun {
  job: ClaimedJob;
  draft: ReplyDraft;
  report: Pick<RunReport, "log" | "span" | "skipped">;
  tools: ToolSession;
  /** Actions that were carried out for the message: the reply tells what became of them. */
  told?: ToldAction;
  /** True for a suggestion: its operator is told what a visitor would hear an apology for. */
  forOperator?: boolean;
}
