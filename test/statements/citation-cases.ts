import { z } from "zod";
import * as citations from "../../shared/db/replies/citations.ts";
import * as shown from "../../shared/db/replies/reply-passages.ts";
import * as unanswered from "../../shared/db/replies/unanswered.ts";
import { defaultSite } from "../../shared/sites/default-site.ts";
import { addTestSource, citationOf } from "../../shared/testing/fixtures/citations.ts";
import { answerOne, startActive } from "./fixtures.ts";
import { reads, type StatementCase, writes } from "./statement-case.ts";

/** Statements about what replies were made from. */
export const citationCases: StatementCase[] = [
  writes(citations.storeReplyPassagesStatement, async (pool) => {
    const { id: jobId, attempt } = await startActive(pool);
    const sourceId = await addTestSource(pool);
    const passages = [{ passageId: "1", documentId: sourceId, sourceId }];
    await citations.storeReplyPassages(pool, { jobId, attempt, siteId: defaultSite, passages });
  }),
  reads(
    shown.replyPassagesStatement,
    z.strictObject({
      no: z.int(),
      title: z.string(),
      url: z.string(),
      heading: z.string(),
      cited: z.boolean(),
      removed: z.boolean(),
    }),
    async (pool) => {
      const { id: jobId, attempt } = await startActive(pool);
      const sourceId = await addTestSource(pool);
      const passages = [{ passageId: "1", documentId: sourceId, sourceId }];
      await citations.storeReplyPassages(pool, { jobId, attempt, siteId: defaultSite, passages });
      await shown.readReplyPassages(pool, { siteId: defaultSite, jobId });
    },
  ),
  writes(citations.noteCitationStatement, async (pool) => {
    const { id: jobId, attempt } = await startActive(pool);
    const citation = citationOf(await addTestSource(pool));
    await citations.noteCitation(pool, { jobId, attempt, siteId: defaultSite, no: 0, citation });
  }),
  reads(
    unanswered.listUnansweredStatement,
    z.strictObject({
      id: z.string().length(64),
      sample: z.string(),
      count: z.int(),
      lastAt: z.date(),
      place: z.string(),
      messages: z.array(z.strictObject({ conversationId: z.uuid(), messageId: z.uuid() })),
    }),
    async (pool) => {
      await answerOne(pool);
      await unanswered.listUnanswered(pool, { siteId: defaultSite, limit: 1 });
    },
  ),
  reads(unanswered.putAsideStatement, z.strictObject({ count: z.int() }), async (pool) => {
    await unanswered.putAside(pool, defaultSite, "00");
  }),
];
