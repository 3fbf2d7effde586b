import { z } from "zod";
import { pageLimit } from "./page-limit.ts";

/** Maximum length of an identity. A longer one is refused before it is parsed. */
export const maxIdentityChars = 4096;
/** Maximum lifetime of an identity. One that is valid for longer would be a password that cannot be revoked. */
export const maxIdentitySeconds = 24 * 60 * 60;

const asText = (given: string | number) => String(given);
const textOrNumber =
  'must be text, like "4711", or a whole number of at most 9007199254740991: write your id as a string';
const unixSeconds = "must be a number of Unix seconds, like 1767225600";

/** The visitor's id as text. A number beyond 2^53 may have been rounded, which would merge two visitors. */
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
 * Claims of the compact JWS (RFC 7515) in `X-Parley-Identity`, HS256 under `IDENTITY_SECRET`. Other claims are ignored.
 * Times may have fractions (RFC 7519, NumericDate). Many serializers write `null` for absent.
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

/** One of a verified visitor's conversations, as shown in a list. */
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

/** `GET /api/me/conversations`: conversations with the latest activity first. */
export const visitorConversations = z
  .object({
    conversations: z.array(visitorConversation),
    nextBefore: z.uuid().optional().meta({ description: "There are older ones: pass it as `before`" }),
  })
  .meta({ id: "VisitorConversations" });
export type VisitorConversationsView = z.output<typeof visitorConversations>;

export const visitorConversationsQuery = z.object({
  limit: pageLimit(maxPage, defaultPage),
  before: z.uuid("must be a conversation id").optional(),
});
