import { expect, it } from "vitest";
import type { JobRow } from "../../../../shared/db/jobs/read-job.ts";
import { ClientSources } from "./client-sources.ts";

const source = (n: number, offset: number) => ({ n, title: "Returns", url: "", offset });
const row = (...notedSources: ReturnType<typeof source>[]) => ({ notedSources }) as JobRow;

it("sends a citation once its text was sent, and not again until the text is dropped", () => {
  const sources = new ClientSources();
  const passed = (noted: JobRow, attempt: number, resets: number, bytes: number) =>
    [...sources.pass(noted, { attempt, resets, bytes })].map(({ data }) => data);
  const both = row(source(1, 5), source(2, 9));
  expect(passed(both, 1, 0, 4)).toEqual([]);
  expect(passed(both, 1, 0, 5)).toEqual([source(1, 5)]);
  expect(passed(both, 1, 0, 12)).toEqual([source(2, 9)]);
  expect(passed(both, 1, 0, 12)).toEqual([]);
  expect(passed(both, 1, 1, 9)).toEqual([source(1, 5), source(2, 9)]);
  expect(passed(row(source(1, 3)), 2, 1, 3)).toEqual([source(1, 3)]);
});

it("sends those of the stored reply that the client lacks, but none that was removed", () => {
  const sources = new ClientSources();
  expect([...sources.pass(row(source(1, 5)), { attempt: 1, resets: 0, bytes: 5 })]).toHaveLength(1);
  const stored = ({ offset, ...shown }: ReturnType<typeof source>) => ({ ...shown, quote: "", start: 0, end: offset });
  const replySources = [stored(source(1, 5)), { ...stored(source(2, 7)), removed: true }, stored(source(1, 9))];
  const ended = { notedSources: null, replySources } as JobRow;
  const rest = [...sources.pass(ended, { attempt: 1, resets: 0, bytes: 9 })];
  expect(rest.map(({ data }) => data)).toEqual([source(1, 9)]);
});
