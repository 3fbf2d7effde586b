import { z } from "zod";
import { pageLimit } from "../page-limit.ts";

/** Id of a group of equal questions: a hash of their words. */
export const unansweredGroupId = z.string().regex(/^[\da-f]{64}$/, "must be the id of an unanswered question");

const unansweredGroup = z
  .object({
    id: unansweredGroupId,
    sample: z.string().meta({ description: "The newest of them, as its visitor wrote it" }),
    count: z.int(),
    lastAt: z.iso.datetime(),
    messages: z
      .array(z.object({ conversationId: z.uuid(), messageId: z.uuid() }))
      .meta({ description: "The newest 20 of them" }),
  })
  .meta({ id: "UnansweredQuestion" });

export const unansweredList = z
  .object({
    questions: z.array(unansweredGroup),
    nextBefore: z.string().optional().meta({ description: "There are more: pass it as `before`" }),
  })
  .meta({ id: "UnansweredList" });
export type UnansweredListView = z.output<typeof unansweredList>;

export const unansweredListQuery = z.object({
  limit: pageLimit(100, 50),
  before: z.string().max(100).optional().meta({ description: "`nextBefore` of the page before" }),
});
