import { expect, it } from "vitest";
import { analyzePassage, eachPassageTerm } from "../analysis/passage-terms.ts";
import { PostingBatch } from "./posting-batch.ts";
import { onePosting, Postings } from "./postings.ts";
import { TermTable } from "./term-table.ts";

/** Passages with words that are rare, frequent from the first passage on, and frequent later on. */
const passages = Array.from({ length: 4_000 }, (_, place) => {
  const early = place % 3 === 0 ? "early early" : "";
  const late = place > 2_500 ? "late late late late late" : "";
  return analyzePassage(`word${place % 700} page${place} ${early} ${late}`);
});

it("fills the lists as adding the passages one by one does", async () => {
  const [terms, plainTerms] = [new TermTable(), new TermTable()];
  const [postings, plain] = [new Postings(terms), new Postings(plainTerms)];
  const batch = new PostingBatch(terms);
  for (const [place, stored] of passages.entries()) {
    batch.add(stored, place);
    eachPassageTerm(stored, (start, end, count) => {
      const term = plainTerms.findOrAdd(stored, start, end);
      plain.add(term, onePosting(place, count), passages.length);
    });
    // The last passages are poured in one go.
    if (place % 900 === 899) await batch.pour((term, run) => postings.add(term, run, passages.length));
  }
  await batch.pour((term, run) => postings.add(term, run, passages.length));
  await batch.pour(() => expect.fail("it is empty"));
  expect(terms.count).toBe(plainTerms.count);
  for (let term = 0; term < terms.count; term++) {
    const lists = [postings, plain].map((some) => {
      const length = some.read(term);
      const places = [...some.places.subarray(0, length)];
      const counts = [...some.counts.subarray(0, length)];
      return { places, counts, most: some.maxCount(term), isBitmap: some.bitmap(term) !== undefined };
    });
    expect(lists[0]).toEqual(lists[1]);
  }
  expect(postings.bitmap(terms.find(Buffer.from("early")))).toBeDefined();
  expect(postings.bitmap(terms.find(Buffer.from("late")))).toBeDefined();
  expect(postings.bytes).toBe(plain.bytes);
});
