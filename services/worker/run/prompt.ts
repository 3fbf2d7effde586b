import type { Assistant } from "../../../shared/assistants/assistants.ts";
import type { ClaimedJob } from "../../../shared/db/jobs/claim.ts";
import { fenceMetadata, quoteAccount } from "./prompt-quoting.ts";
import type { PromptMessage } from "../providers/provider.ts";
import { boundMessage } from "../money/token-bound.ts";

/**
 * What a provider is shown of a conversation: the newest messages that fit, whole, oldest first, beginning with one of the
 * visitor's and ending with the message to answer. Replies that came with the request are the visitor's account of
 * them, not the assistant's own words. Metadata that the assistant is shown comes before all of it. All that a visitor, or
 * their page, has a hand in is in the visitor's name: none of it is ever among the instructions.
 */
export function buildPrompt(
  { history, metadata }: Pick<ClaimedJob, "history" | "metadata">,
  assistant: Pick<Assistant, "maxHistoryTokens" | "metadata">,
): PromptMessage[] {
  const visit = fenceMetadata(metadata, assistant.metadata ?? []);
  const messages = newestThatFit(history.map(toMessage), assistant.maxHistoryTokens);
  return visit === undefined ? messages : [{ role: "user", text: visit }, ...messages];
}

/** @param maxTokens of the earlier messages together, at most; the message to answer is always there */
function newestThatFit(prompt: PromptMessage[], maxTokens: number): PromptMessage[] {
  let first = prompt.length - 1;
  let tokens = 0;
  while (first > 0) {
    tokens += boundMessage(prompt[first - 1]?.text ?? "");
    if (tokens > maxTokens) break;
    first -= 1;
  }
  const fitting = prompt.slice(first);
  return fitting.slice(fitting.findIndex(({ role }) => role === "user"));
}

function toMessage({ sender, text, imported }: ClaimedJob["history"][number]): PromptMessage {
  if (sender === "user") return { role: "user", text };
  return imported ? { role: "user", text: quoteAccount(text) } : { role: "assistant", text };
}
