import * as citations from "../../shared/db/replies/citations.ts";
import { defaultSite } from "../../shared/sites/default-site.ts";
import { addTestSource, citationOf } from "../../shared/testing/fixtures/citations.ts";
import { startActive } from "./fixtures.ts";
import { type StatementCase, writes } from "./statement-case.ts";

/** Statements about what replies were made from. */
export const citationCases: StatementCase[] = [
  writes(citations.storeReplyPassagesStatement, async (pool) => {
    const { id: jobId, attempt } = await startActive(pool);
    const sourceId = await addTestSource(pool);
    const passages = [{ passageId: "1", documentId: sourceId, sourceId }];
    await citations.storeReplyPassages(pool, { jobId, attempt, siteId: defaultSite, passages });
  }),
  writes(citations.noteCitationStatement, async (pool) => {
    const { id: jobId, attempt } = await startActive(pool);
    const citation = citationOf(await addTestSource(pool));
    await citations.noteCitation(pool, { jobId, attempt, siteId: defaultSite, no: 0, citation });
  }),
];
