import type { Assistant } from "../../../shared/assistants/assistants.ts";
import type { ClaimedJob } from "../../../shared/db/jobs/claim.ts";
import { fenceMetadata, quoteAccount, quoteOperator } from "./prompt-quoting.ts";
import type { PromptMessage } from "../providers/provider.ts";
import { boundMessage } from "../money/token-bound.ts";

/**
 * Builds the prompt of a conversation: the newest messages that fit, whole and oldest first. It begins with a visitor's
 * message and ends with the message to answer. Replies that came with the request are quoted as the visitor's account
 * of them, not as the assistant's own words. Metadata shown to the assistant precedes all messages. Everything the
 * visitor or their page can influence is sent as `user`; nothing of it reaches the system instructions.
 */
export function buildPrompt(
  { history, metadata }: Pick<ClaimedJob, "history" | "metadata">,
  assistant: Pick<Assistant, "maxHistoryTokens" | "metadata">,
): PromptMessage[] {
  const visit = fenceMetadata(metadata, assistant.metadata ?? []);
  const messages = newestThatFit(toMessages(history), assistant.maxHistoryTokens);
  return visit === undefined ? messages : [{ role: "user", text: visit }, ...messages];
}

/** @param maxTokens limit for the earlier messages together; the message to answer is always included */
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

/** A person's words are quoted: they are not the assistant's, nor the visitor's. A person's stretch is announced once. */
function toMessages(history: ClaimedJob["history"]): PromptMessage[] {
  let person = false;
  return history.map(({ sender, text, imported }) => {
    if (sender === "user") return { role: "user", text };
    if (sender === "ai") {
      person &&= imported;
      return imported ? { role: "user", text: quoteAccount(text) } : { role: "assistant", text };
    }
    const quoted = quoteOperator(text, { first: !person });
    person = true;
    return { role: "user", text: quoted };
  });
}
