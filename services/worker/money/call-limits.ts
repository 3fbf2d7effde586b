import type { ClaimedJob } from "../../../shared/db/jobs/claim.ts";
import { maxMetadataBytes } from "../../../shared/protocol/submit.ts";
import { buildPrompt } from "../run/prompt.ts";
import type { Provider, ProviderRequest } from "../providers/provider.ts";
import type { Limits } from "./spent.ts";
import { wantsThread } from "../run/thread.ts";
import { boundPrompt } from "./token-bound.ts";

/** Some APIs take no smaller limit of output, whatever the assistant asks for. */
const leastOutputTokens = 256;
/** Escaped for its fence, a character of metadata takes up to six bytes. */
const maxMetadataTokens = 6 * maxMetadataBytes;

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
  // The metadata is that of the thread's beginning.
  const metadataTokens = assistant.metadata === undefined ? 0 : maxMetadataTokens;
  const inputTokens = boundPrompt({ assistant, prompt }) + replies * outputTokens + metadataTokens;
  return { inputTokens, outputTokens };
}
