import type { ClaimedJob } from "../../shared/db/claim.ts";
import { buildPrompt } from "./prompt.ts";
import type { Provider, ProviderRequest } from "./providers/provider.ts";
import type { Limits } from "./spent.ts";
import { wantsThread } from "./thread.ts";
import { boundPrompt } from "./token-bound.ts";

/** Some APIs take no smaller limit of output, whatever the assistant asks for. */
const leastOutputTokens = 256;

/** The most that a call may use, before it is made. */
export function limitsOf(
  provider: Provider,
  request: ProviderRequest,
  job: Pick<ClaimedJob, "history" | "metadata">,
): Limits {
  const { assistant } = request;
  const outputTokens = Math.max(assistant.maxOutputTokens, leastOutputTokens);
  if (!wantsThread(provider, assistant)) return { inputTokens: boundPrompt(request), outputTokens };
  // A thread may hold more than fits into a prompt of ours, and its replies as they were written: with thoughts, and with
  // links that the visitor was not shown.
  const prompt = buildPrompt(job, { ...assistant, maxHistoryTokens: Infinity });
  const replies = prompt.filter(({ role }) => role === "assistant").length;
  return { inputTokens: boundPrompt({ assistant, prompt }) + replies * outputTokens, outputTokens };
}
