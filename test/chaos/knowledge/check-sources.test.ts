import { describe, expect, it } from "vitest";
import { deleteSource } from "../../../shared/db/knowledge/sources.ts";
import { addSiteTexts } from "../../../shared/testing/fixtures/site-texts.ts";
import { openTestDatabase } from "../../../shared/testing/stores/database.ts";
import { RunLog, type SourceRecord } from "../run-log.ts";
import { sourceChecks } from "./check-sources.ts";
import {
  type CitedPassage,
  type PassageRecord,
  readKnowledge,
  recordPassages,
  type UsedPassage,
} from "./passage-history.ts";

const passage: PassageRecord = {
  id: "1",
  documentId: "d",
  sourceId: "s",
  text: "Tea is free. Always.",
  begun: 1000,
  ended: null,
};
const used: UsedPassage = {
  jobId: "j",
  attempt: 1,
  no: 1,
  passageId: "1",
  documentId: "d",
  sourceId: "s",
  claimedAt: 5000,
};
const text = "Grüße. Tea is free.";
const cited: CitedPassage = {
  jobId: "j",
  attempt: 1,
  no: 0,
  n: 1,
  passageId: "1",
  sourceId: "s",
  title: "Tea",
  url: "",
  quote: "Tea is free.",
  begins: 9,
  ends: 21,
  text,
  whole: true,
};

interface Found {
  passage?: Partial<PassageRecord>;
  used?: Partial<UsedPassage>[];
  cited?: Partial<CitedPassage>[];
  standing?: string[];
  sources?: [string, SourceRecord][];
}

/** Breaches of all rules in a run with one reply of one passage. */
function breaches(found: Found): string[] {
  const runLog = new RunLog();
  for (const [id, source] of found.sources ?? []) runLog.sources.set(id, source);
  const knowledge = {
    history: new Map([["1", { ...passage, ...found.passage }]]),
    used: (found.used ?? [{}]).map((each) => ({ ...used, ...each })),
    cited: (found.cited ?? [{}]).map((each) => ({ ...cited, ...each })),
    standing: new Set(found.standing ?? ["s"]),
  };
  const details: string[] = [];
  for (const rule of sourceChecks) rule.check({ runLog, jobs: new Map(), knowledge }, (detail) => details.push(detail));
  return details;
}

describe("the rules about sources", () => {
  it("hold for a reply that cites what its attempt had", () => {
    expect(breaches({})).toEqual([]);
    expect(breaches({ passage: { ended: 4500 }, standing: ["s"] })).toEqual([]);
    expect(breaches({ cited: [{}, { no: 1, n: 2, begins: 21 }] })).toEqual([]);
    expect(breaches({ cited: [{ begins: 13, whole: false }] })).toEqual([]);
    expect(breaches({ sources: [["s", { mark: "free", deleted: false }]] })).toEqual([]);
  });

  it.each<[string, Found]>([
    ["never was", { used: [{ passageId: "2" }, {}] }],
    ["is of another document", { used: [{ documentId: "e" }] }],
    ["was removed 3500 ms before", { passage: { ended: 1500 } }],
    ["is none of the passages of attempt 2", { cited: [{ attempt: 2 }] }],
    ["names t, not s", { cited: [{ sourceId: "t" }] }],
    ['quotes "Tea costs."', { cited: [{ quote: "Tea costs." }] }],
    ["begins within a sentence", { cited: [{ begins: 13 }] }],
    ["splits a character", { cited: [{ begins: 0, ends: 3 }] }],
    ["is not within 0 to 21", { cited: [{ ends: 22 }] }],
    ["is not within 21 to 21", { cited: [{}, { no: 1 }] }],
    ["has white space around", { cited: [{ begins: 8 }] }],
    ["still says", { cited: [{ sourceId: null }], passage: { ended: 9000 }, standing: [] }],
    ["of a deleted source can be found", { cited: [], standing: [] }],
    ["was deleted, and stands", { sources: [["s", { mark: undefined, deleted: true }]] }],
    ["is gone", { sources: [["t", { mark: undefined, deleted: false }]] }],
    ['says "milk"', { sources: [["s", { mark: "milk", deleted: false }]] }],
    ['says ""', { sources: [["s", { mark: undefined, deleted: false }]] }],
  ])("report what %s", (detail, found) => {
    expect(breaches(found).join("\n")).toContain(detail);
  });
});

describe("recordPassages()", () => {
  it("keeps the texts of passages, and when they were removed", async () => {
    await using db = await openTestDatabase();
    await recordPassages(db.pool);
    const { sourceId, store } = await addSiteTexts(db.pool, "default", { tea: "Tea für two.", cup: "A cup." });
    await store("tea", "Green tea.");
    await deleteSource(db.pool, { siteId: "default", sourceId });
    const { history, standing } = await readKnowledge(db.pool);
    const texts = [...history.values()].toSorted((a, b) => a.begun - b.begun).map(({ text: of }) => of);
    expect(texts).toEqual(["Tea für two.", "A cup.", "Green tea."]);
    for (const { begun, ended } of history.values()) expect(ended).toBeGreaterThan(begun);
    expect(standing.size).toBe(0);
  });
});
