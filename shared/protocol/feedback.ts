import { z } from "zod";
import { rating } from "./conversation.ts";
import { cleanText } from "./submit.ts";
import { isVisible } from "./text/visible.ts";

/** Maximum length of a comment, in code points. */
const maxCommentChars = 1000;

/** A comment. An empty one counts as none: a form sends it whether or not the visitor wrote anything. */
export const visitorComment = cleanText(maxCommentChars)
  .transform((text) => (isVisible(text) ? text : undefined))
  .optional()
  .meta({ description: `At most ${maxCommentChars} characters` });

/** A visitor's reason for a rating. */
export const feedbackReason = z.enum(["wrong", "unclear", "unhelpful", "other"]);
export type FeedbackReason = z.output<typeof feedbackReason>;

/** The body of `POST /api/messages/:id/feedback`. */
export const feedbackRequest = z
  .object({
    rating: rating.nullable().meta({ description: "`null` takes it back, reason and comment with it" }),
    reason: feedbackReason.optional(),
    comment: visitorComment,
  })
  .refine((body) => body.rating !== null || body.comment === undefined, {
    path: ["comment"],
    message: "requires a rating",
  })
  .refine((body) => body.rating !== null || body.reason === undefined, {
    path: ["reason"],
    message: "requires a rating",
  })
  .meta({ id: "FeedbackRequest" });
