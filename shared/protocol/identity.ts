import { z } from "zod";

/** A longer one is refused before it is looked into. */
export const maxIdentityChars = 4096;
/** An identity that is good for longer would be a password that nobody can take back. */
export const maxIdentitySeconds = 24 * 60 * 60;

/**
 * What stands in `X-Parley-Identity`: a compact JWS (RFC 7515), HS256 under `IDENTITY_SECRET`, of these claims. Others may be
 * there, and are not read.
 */
export const identityClaims = z
  .object({
    sub: z
      .string()
      .min(1, "must not be empty")
      .max(255, "must have at most 255 characters")
      .refine((text) => text.isWellFormed() && !text.includes("\0"), "must be text without U+0000")
      .meta({ description: "The visitor's id on the site; never used again for somebody else" }),
    name: z.string().max(200, "must have at most 200 characters").optional(),
    email: z.string().max(320, "must have at most 320 characters").optional(),
    exp: z.int("must be a whole number of seconds").meta({ description: "Unix seconds, at most 24 hours from now" }),
  })
  .meta({ id: "Identity" });

const maxPage = 100;
const defaultPage = 20;

/** One of a verified visitor's conversations, as a list shows it. */
const visitorConversation = z
  .object({
    id: z.uuid(),
    assistantType: z.string(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    messageCount: z.int(),
    preview: z.string().optional().meta({ description: "How its newest message begins" }),
  })
  .meta({ id: "VisitorConversation" });

/** `GET /api/me/conversations`: those with the latest news first. */
export const visitorConversations = z
  .object({
    conversations: z.array(visitorConversation),
    nextBefore: z.uuid().optional().meta({ description: "There are older ones: pass it as `before`" }),
  })
  .meta({ id: "VisitorConversations" });
export type VisitorConversationsView = z.output<typeof visitorConversations>;

export const visitorConversationsQuery = z.object({
  limit: z.coerce
    .number("must be a number")
    .int("must be a whole number")
    .min(1, "must be at least 1")
    .max(maxPage, `must be at most ${maxPage}`)
    .default(defaultPage),
  before: z.uuid("must be a conversation id").optional(),
});
