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
