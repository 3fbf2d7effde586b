import { describe, expect, it } from "vitest";
import { firstPassage, type PassageCursor } from "../../db/knowledge/passages.ts";
import { readAhead } from "./read-ahead.ts";

const rows = ["1", "2", "3", "4", "5"].map((id) => ({ revision: "7", id }));
const after = ({ id }: PassageCursor, count = rows.length) =>
  rows.slice(0, count).filter((row) => Number(row.id) > Number(id));

async function idsOf(pages: AsyncIterable<{ id: string }[]>): Promise<string[][]> {
  const ids: string[][] = [];
  for await (const page of pages) ids.push(page.map(({ id }) => id));
  return ids;
}

describe("readAhead()", () => {
  it.each([
    [5, [["1", "2"], ["3", "4"], ["5"]]],
    [4, [["1", "2"], ["3", "4"], []]],
    [0, [[]]],
  ])("reads each of %i rows once, up to a page that is not full", async (count, pages) => {
    const read = async (cursor: PassageCursor) => after(cursor, count).slice(0, 2);
    expect(await idsOf(readAhead(firstPassage, 2, read))).toEqual(pages);
  });

  it("asks for the next page before the one at hand is dealt with", async () => {
    const asked: string[] = [];
    const read = async (cursor: PassageCursor) => {
      asked.push(cursor.id);
      return after(cursor).slice(0, 2);
    };
    const pages = readAhead(firstPassage, 2, read);
    await pages.next();
    expect(asked).toEqual(["0", "2"]);
    await pages.return(undefined);
  });

  it("fails as the read of the next page does, after the one before was given out", async () => {
    const read = async (cursor: PassageCursor) => {
      if (cursor.id !== "0") throw new Error("the database is away");
      return after(cursor).slice(0, 2);
    };
    const pages = readAhead(firstPassage, 2, read);
    expect((await pages.next()).value).toHaveLength(2);
    await expect(pages.next()).rejects.toThrow("away");
  });
});
