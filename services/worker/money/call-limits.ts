import type { ClaimedJob } from "../../../shared/db/jobs/claim.ts";
import { maxMetadataBytes } from "../../../shared/protocol/submit.ts";
import { buildPrompt } from "../run/prompt.ts";
import { maxHeadingChars, maxTextChars, passagesInThread } from "../knowledge/prompt-passages.ts";
import type { Provider, ProviderRequest } from "../providers/provider.ts";
import type { TokenLimits } from "./spent.ts";
import { wantsThread } from "../run/thread.ts";
import { boundPrompt } from "./token-bound.ts";

/** Minimum output limit of some APIs, regardless of the assistant's own limit. */
const leastOutputTokens = 256;
/** A character of metadata takes up to six bytes once escaped for its fence. */
const maxMetadataTokens = 6 * maxMetadataBytes;

/** Bound of the passages that a turn left in a thread: each of their characters takes up to six bytes in its fence. */
const maxThreadPassageTokens = passagesInThread * 6 * (maxTextChars + 2 * maxHeadingChars);

/** Upper bounds on the tokens of a call, computed before it is made. */
export function limitsOf(
  provider: Provider,
  request: ProviderRequest,
  job: Pick<ClaimedJob, "history" | "metadata">,
): TokenLimits {
  const { assistant } = request;
  const outputTokens = Math.max(assistant.maxOutputTokens, leastOutputTokens);
  if (!wantsThread(provider, assistant)) return { inputTokens: boundPrompt(request), outputTokens };
  // A thread may hold more than fits into our prompt. Its replies are the original ones, with the thoughts and links
  // that were removed for the visitor.
  const prompt = buildPrompt(job, { ...assistant, maxHistoryTokens: Infinity });
  const replies = prompt.filter(({ role }) => role === "assistant").length;
  // The metadata of the thread's first turn, which may differ from the current one.
  const metadataTokens = assistant.metadata === undefined ? 0 : maxMetadataTokens;
  const { passages } = request;
  const newest = boundPrompt({ assistant, prompt, ...(passages && { passages }) });
  const keptPassages = passages === undefined ? 0 : replies * maxThreadPassageTokens;
  const inputTokens = newest + replies * outputTokens + metadataTokens + keptPassages;
  return { inputTokens, outputTokens };
}
