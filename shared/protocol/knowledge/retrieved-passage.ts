import { z } from "zod";
import { jobView } from "../job.ts";

/** A passage that a reply was made from, whether the reply cites it or not. */
const retrievedPassage = z
  .object({
    no: z.int().meta({ description: "Its place in the search: 1 for the best one" }),
    title: z.string(),
    url: z.string().meta({ description: "Page; empty for a text without an address" }),
    heading: z.string(),
    cited: z.boolean().meta({ description: "The stored reply names it as a source" }),
    removed: z.boolean().meta({ description: "It cannot be quoted any more: title, address and heading are empty" }),
  })
  .meta({ id: "RetrievedPassage" });
export type RetrievedPassage = z.output<typeof retrievedPassage>;

/** A job as operators see it. */
export const operatorJob = jobView
  .extend({
    passages: z
      .array(retrievedPassage)
      .meta({ description: "What its last attempt was made from: all that was found, cited or not" }),
  })
  .meta({ id: "OperatorJob" });
export type OperatorJob = z.output<typeof operatorJob>;
