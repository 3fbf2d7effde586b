import { z } from "zod";
import { inboxEntry } from "../operator.ts";
import { cleanText } from "../submit.ts";

const maxWords = 200;

/** Conversations in which something went otherwise than it should. */
export const troubleFilter = z.enum(["failed", "failed_call", "apology", "other_provider", "down"]).meta({
  description:
    "`failed`: a message got no reply; `failed_call`: a call to a provider failed; `apology`: the reply is a preset, because no provider " +
    "answered; `other_provider`: another one than the first answered; `down`: the visitor rated the reply so",
});
export type TroubleFilter = z.output<typeof troubleFilter>;

/** Query of `GET /api/operator/search`. */
export const searchQuery = z
  .object({
    q: cleanText(maxWords)
      .transform((text) => text || undefined)
      .optional()
      .meta({
        description:
          "Part of a message, or of a value of the metadata, in any case; or the whole id of a conversation, job, message or request",
      }),
    filter: troubleFilter.optional(),
    before: z.string().max(100).optional(),
  })
  .refine(({ q, filter }) => q !== undefined || filter !== undefined, {
    path: ["q"],
    message: "must not be empty without a `filter`",
  });

export const foundEntry = inboxEntry
  .extend({
    match: z.object({
      excerpt: z.string().optional().meta({
        description: "Part of the message or of the metadata that has the text; the visitor's comment, for `down`",
      }),
      reason: z.string().optional().meta({ description: "Why a call failed, or a job: its code, and what to do" }),
    }),
  })
  .meta({ id: "FoundConversation" });
export type FoundEntry = z.output<typeof foundEntry>;

/** Answer of `GET /api/operator/search`. */
export const foundPage = z
  .object({
    conversations: z.array(foundEntry),
    nextBefore: z.string().optional().meta({ description: "There may be more: pass it as `before`" }),
  })
  .meta({ id: "FoundConversations" });
export type FoundPage = z.output<typeof foundPage>;
