import { v7 } from "uuid";
import { z } from "zod";
import type { CallErrorCode } from "../../shared/db/jobs/call-faults.ts";
import { storeJobEnd } from "../../shared/db/jobs/end.ts";
import * as entries from "../../shared/db/operators/search/entries.ts";
import * as search from "../../shared/db/operators/search/search-statements.ts";
import * as timeLimit from "../../shared/db/operators/time-limit.ts";
import { handledBy } from "../../shared/protocol/handling.ts";
import { jobErrorCode, jobStatus } from "../../shared/protocol/job.ts";
import { defaultSite } from "../../shared/sites/default-site.ts";
import { completed, startConversation } from "../../shared/testing/fixtures/conversations.ts";
import { answerOne, answerRated, startActive } from "./fixtures.ts";
import { reads, readsTyped, type StatementCase } from "./statement-case.ts";

const callErrorCode = z.custom<CallErrorCode>((code) => typeof code === "string");
const jobFound = z.strictObject({ id: z.uuid(), jobId: z.uuid(), excerpt: z.null(), place: z.string() });
const found = jobFound.extend({ jobId: z.uuid().nullable() });

/** Statements of searches by operators. */
export const searchCases: StatementCase[] = [
  readsTyped(search.newestStatement, found, async (pool) => {
    await startActive(pool);
    return {};
  }),
  readsTyped(search.byStatusStatement, jobFound, async (pool) => {
    await startActive(pool);
    return { status: "active" as const };
  }),
  readsTyped(search.byFallbackStatement, jobFound, async (pool) => {
    const job = await startActive(pool);
    const end = completed("We are busy.");
    await storeJobEnd(pool, {
      job,
      end: { ...end, reply: { id: v7(), text: "", finishReason: "stop", fallback: true } },
    });
    return { outcome: "apology" as const };
  }),
  readsTyped(
    search.byIdStatement,
    found.extend({ place: z.null() }),
    async (pool) => (await startActive(pool)).messageId,
  ),
  readsTyped(search.byRequestStatement, jobFound.extend({ place: z.null() }), async (pool) => {
    await startActive(pool);
    return "request-1";
  }),
  readsTyped(search.byTextStatement, found.extend({ excerpt: z.string() }), async (pool) => {
    await startActive(pool);
    return { text: "A QUESTION" };
  }),
  readsTyped(search.byMetadataStatement, found.extend({ excerpt: z.string() }), async (pool) => {
    await startConversation(pool, { metadata: { page: "https://shop.example/Teapots" } });
    return { text: "teapots" };
  }),
  readsTyped(search.byRatingStatement, jobFound.extend({ excerpt: z.string().nullable() }), async (pool) => {
    await answerRated(pool);
    await pool.query("update feedback set rating = 'down'");
    return {};
  }),
  readsTyped(search.byFailedCallStatement, jobFound, async (pool) => {
    await answerOne(pool);
    await pool.query("update calls set error_code = 'overloaded'");
    return {};
  }),
  readsTyped(
    entries.entriesStatement,
    z.strictObject({
      id: z.uuid(),
      metadata: z.record(z.string(), z.string()),
      assistantType: z.string(),
      messageCount: z.int(),
      jobId: z.uuid().nullable(),
      jobStatus: jobStatus.nullable(),
      errorCode: jobErrorCode.nullable(),
      provider: z.string().nullable(),
      fallback: z.boolean().nullable(),
      handledBy: handledBy.nullable(),
      updatedAt: z.number(),
      deleted: z.boolean(),
      firstMessage: z.string().nullable(),
      callError: callErrorCode.nullable(),
      failures: z.int().nullable(),
    }),
    async (pool) => {
      const { id: jobId, conversationId: id } = await startActive(pool);
      return { siteId: defaultSite, hits: [{ id, jobId, excerpt: null, place: null }] };
    },
  ),
  reads(timeLimit.limitTimeStatement, z.unknown(), (pool) => timeLimit.withTimeLimit(pool, async () => undefined)),
];
