import { glob, readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { openTestDatabase, type OpenTestDatabase } from "../../shared/testing/stores/database.ts";
import { accountCases } from "./account-cases.ts";
import { actionCases } from "./action-cases.ts";
import { citationCases } from "./citation-cases.ts";
import { conversationCases } from "./conversation-cases.ts";
import { deskCases } from "./desk-cases.ts";
import { eventCases } from "./event-cases.ts";
import { jobCases } from "./job-cases.ts";
import { knowledgeCases } from "./knowledge-cases.ts";
import { mailCases } from "./mail-cases.ts";
import { mcpCases } from "./mcp-cases.ts";
import { operatorCases } from "./operator-cases.ts";
import { submitCases } from "./submit-cases.ts";
import { vectorCases } from "./vector-cases.ts";
import { voiceCases } from "./voice-cases.ts";

const cases = [
  ...submitCases,
  ...jobCases,
  ...conversationCases,
  ...eventCases,
  ...operatorCases,
  ...voiceCases,
  ...deskCases,
  ...accountCases,
  ...mailCases,
  ...mcpCases,
  ...knowledgeCases,
  ...vectorCases,
  ...citationCases,
  ...actionCases,
];

/** Sources that may hold statements. */
const sources = await Array.fromAsync(
  glob(["shared/{db,events,live,jobs,queue}/**/*.ts", "services/{api,worker,cli}/**/*.ts"], {
    exclude: ["**/*.test.ts", "**/*.testsuite.ts"],
  }),
);

/** The name beside a text in the source, or the one given to a function that makes statements. */
const written = /\bname: "([\w-]+)",\s*(?:\/\/[^\n]*\s*)*text:|\b\w*statement\(\s*"([\w-]+)"/gi;
/** SQL that is sent without a name; a ping needs none. */
const inline = /\.query(?:<[^(]*>)?\(\s*["'`](?!select 1["'`])/;

/** Files whose SQL is no statement of a service: transactions, the schema, the pooler, other libraries' stores. */
const exempt = /^shared\/db\/(database|pooler)\.ts$|^shared\/db\/schema\/|^services\/api\/limits\/|^shared\/queue\//;

it("finds the statements of the code", async () => {
  const found = (await Promise.all(sources.map(findWritten))).flat();
  expect(found).toEqual(expect.arrayContaining(["claim-jobs", "read-jobs", "operator-newest", "live-notify"]));
});

it("has one case for each statement of the code", async () => {
  const found = (await Promise.all(sources.map(findWritten))).flat();
  expect(cases.map(({ name }) => name).toSorted()).toEqual(found.toSorted());
});

it("finds no SQL that is sent without a name", async () => {
  const unnamed = [];
  for (const file of sources) {
    if (!exempt.test(file) && inline.test(await readFile(file, "utf8"))) unnamed.push(file);
  }
  expect(unnamed).toEqual([]);
});

describe("on a real database", () => {
  let db: OpenTestDatabase;
  beforeAll(async () => {
    db = await openTestDatabase();
    return () => db[Symbol.asyncDispose]();
  });

  it.each(cases)("$name runs, and its first row has its type", async ({ run, row }) => {
    const [first] = await run(db.pool);
    if (row) expect(row.safeParse(first)).toEqual({ success: true, data: first });
  });
});

async function findWritten(file: string): Promise<string[]> {
  const source = await readFile(file, "utf8");
  return [...source.matchAll(written)].map(([, beside, given]) => beside ?? given ?? "");
}
