import type { ClaimedJob } from "../../shared/db/claim.ts";
import type { PromptMessage } from "./providers/provider.ts";

/**
 * What a provider is shown of a conversation: its turns, oldest first, ending with the message to answer. Replies that
 * came with the request are the visitor's account of them, not the assistant's own words.
 */
export function buildPrompt(history: ClaimedJob["history"]): PromptMessage[] {
  return history.map(({ sender, text, imported }) => {
    if (sender === "user") return { role: "user", text };
    if (imported) return { role: "user", text: `(Earlier, the visitor says, they were told:) ${text}` };
    return { role: "assistant", text };
  });
}
