import { z } from "zod";
import { replySource } from "../knowledge/reply-source.ts";

/** `lost`: its worker stopped. */
export const suggestionError = z.enum(["budget", "unavailable", "lost"]);
export type SuggestionError = z.output<typeof suggestionError>;

/** Draft of an answer that the assistant writes for an operator. It is no message. */
export const suggestion = z
  .object({
    id: z.uuid(),
    status: z.enum(["writing", "done", "failed"]),
    text: z.string().optional(),
    sources: z.array(replySource).optional().meta({ description: "As of a reply: what the text rests on" }),
    error: z.object({ code: suggestionError, message: z.string() }).optional(),
  })
  .meta({ id: "Suggestion" });
export type SuggestionView = z.output<typeof suggestion>;
