import { estimateTokenCount } from "tokenx";
import type { ClaimedJob } from "../../shared/db/claim.ts";
import type { PromptMessage } from "./providers/provider.ts";

/**
 * What a provider is shown of a conversation: the newest messages that fit, whole, oldest first, beginning with one of the
 * visitor's and ending with the message to answer. Replies that came with the request are the visitor's account of
 * them, not the assistant's own words.
 * @param maxTokens of the earlier messages together, by an estimate; the message to answer is always there
 */
export function buildPrompt(history: ClaimedJob["history"], maxTokens: number): PromptMessage[] {
  const prompt = toPrompt(history);
  let first = prompt.length - 1;
  let tokens = 0;
  while (first > 0) {
    tokens += estimateTokenCount(prompt[first - 1]?.text);
    if (tokens > maxTokens) break;
    first -= 1;
  }
  const fitting = prompt.slice(first);
  return fitting.slice(fitting.findIndex(({ role }) => role === "user"));
}

function toPrompt(history: ClaimedJob["history"]): PromptMessage[] {
  return history.map(({ sender, text, imported }) => {
    if (sender === "user") return { role: "user", text };
    if (imported) return { role: "user", text: `(Earlier, the visitor says, they were told:) ${text}` };
    return { role: "assistant", text };
  });
}
