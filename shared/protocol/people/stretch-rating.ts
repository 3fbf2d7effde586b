import { z } from "zod";
import { visitorComment } from "../feedback.ts";
import { operatorView } from "../handling.ts";

/** A visitor's rating of a stretch with a person. */
export const stretchRating = z.enum(["good", "bad"]);
export type StretchRating = z.output<typeof stretchRating>;

/** Body of `POST /api/conversations/:id/stretches/:no/rating`. */
export const stretchRatingRequest = z
  .object({
    rating: stretchRating.nullable().meta({
      description: "`null`: the visitor does not want to say. It takes an earlier answer back, with its comment",
    }),
    comment: visitorComment,
  })
  .refine((body) => body.rating !== null || body.comment === undefined, {
    path: ["comment"],
    message: "requires a rating",
  })
  .meta({ id: "StretchRatingRequest" });
export type StretchRatingRequest = z.output<typeof stretchRatingRequest>;

/** Answer of a visitor, as exports and operators see it. */
export const givenStretchRating = z.object({
  rating: stretchRating,
  comment: z.string().nullable(),
  ratedAt: z.iso.datetime(),
});
export type GivenStretchRating = z.output<typeof givenStretchRating>;

/** Exported answer, with the stretch that it is about. */
export const exportedStretchRating = givenStretchRating
  .extend({ stretch: z.int(), operator: operatorView.nullable() })
  .meta({ id: "ExportedStretchRating" });
