import { z } from "zod";

/** A longer one is refused before it is looked into. */
export const maxIdentityChars = 4096;
/** An identity that is good for longer would be a password that nobody can take back. */
export const maxIdentitySeconds = 24 * 60 * 60;

const asText = (given: string | number) => String(given);
const textOrNumber =
  'must be text, like "4711", or a whole number of at most 9007199254740991: write your id as a string';
const unixSeconds = "must be a number of Unix seconds, like 1767225600";

/** The visitor's id as text. A number beyond 2^53 may have been rounded, so that two visitors would be one. */
const sub = z
  .union(
    [
      z
        .string()
        .min(1, "must not be empty")
        .max(255, "must have at most 255 characters")
        .refine((text) => text.isWellFormed() && !text.includes("\0"), "must be text without U+0000"),
      z.int(textOrNumber),
    ],
    { error: textOrNumber },
  )
  .transform(asText)
  .meta({ description: "The visitor's id on the site; never used again for somebody else" });

/**
 * What stands in `X-Parley-Identity`: a compact JWS (RFC 7515), HS256 under `IDENTITY_SECRET`, of these claims. Others may be
 * there, and are not read. Times may have fractions (RFC 7519, NumericDate); `null` is what many a serializer writes for absent.
 */
export const identityClaims = z
  .object({
    sub,
    name: z.string("must be text, null or absent").max(200, "must have at most 200 characters").nullish(),
    email: z.string("must be text, null or absent").max(320, "must have at most 320 characters").nullish(),
    exp: z.number(unixSeconds).meta({ description: "Unix seconds, at most 24 hours from now" }),
    iat: z.number(unixSeconds).nullish(),
    nbf: z.number(unixSeconds).nullish(),
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
