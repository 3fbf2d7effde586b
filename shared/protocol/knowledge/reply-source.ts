import { z } from "zod";

const n = z.int().meta({ description: "Number of the passage, in order of first appearance in the reply" });
const title = z.string();
const url = z
  .string()
  .meta({ description: "Page, with a text fragment of the quote; empty for a text without an address" });

/** A citation of a stored reply. Offsets: UTF-8 bytes into its text, on character boundaries; ranges never overlap. */
export const replySource = z
  .object({
    n,
    title,
    url,
    quote: z.string().meta({ description: "Sentences of the passage that carry the claim; 300 characters at most" }),
    start: z.int().meta({ description: "Begin of the sentence, or end of the citation before it" }),
    end: z.int().meta({ description: "Where the number belongs" }),
    removed: z
      .literal(true)
      .optional()
      .meta({ description: "The source was deleted: title, address and quote are empty" }),
  })
  .meta({ id: "ReplySource" });
export type ReplySourceView = z.output<typeof replySource>;

/** A citation of a reply that is being written. */
export const sourceEvent = z
  .object({
    n,
    title,
    url,
    offset: z.int().meta({ description: "Where the number belongs: UTF-8 bytes of the attempt's text before it" }),
  })
  .meta({ id: "SourceEvent" });
export type SourceEvent = z.output<typeof sourceEvent>;
