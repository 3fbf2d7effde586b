import type { MaskedArguments } from "../../actions/masked-arguments.ts";

/**
 * A call of a tool that reads, noted by the run that made it with the end of its job. It outlives the conversation, so it holds
 * nothing of what was asked or answered.
 */
export interface ReadingCall {
  tool: string;
  arguments: MaskedArguments;
  /** `refused`: nothing was sent, as the arguments did not fit, or the visitor was not signed in. */
  outcome: "done" | "failed" | "refused";
  /** Status of the response; null without one. */
  status: number | null;
  /** Milliseconds from the run's claim to the call. */
  afterMs: number;
  tookMs: number;
}
