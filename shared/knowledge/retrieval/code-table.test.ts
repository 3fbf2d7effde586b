import { describe, expect, it } from "vitest";
import { toCodeBytes } from "../embeddings/vectors.ts";
import { CodeTable, type PassageCode } from "./code-table.ts";

/** Codes of numbers that repeat in each run. */
function randomCodes(count: number, bits: number): PassageCode[] {
  let seed = 7;
  const next = () => (seed = Math.imul(seed, 1_103_515_245) + 12_345) >> 16;
  return Array.from({ length: count }, (_, at) => {
    const vector = Float32Array.from({ length: bits }, () => ((next() & 1) === 1 ? 1 : -1));
    return { id: at + 1, source: at % 3 === 0 ? "shop" : "blog", code: toCodeBytes(vector) };
  });
}

function tableOf(codes: readonly PassageCode[]): CodeTable {
  const table = new CodeTable();
  for (const code of codes) table.add(code);
  return table;
}

/** Ids by the number of different bits, counted one by one. */
function nearestOf(codes: readonly PassageCode[], { code: asked }: PassageCode, limit: number): number[] {
  const distance = ({ code }: PassageCode) =>
    code.reduce((sum, byte, at) => sum + (byte ^ (asked[at] ?? 0)).toString(2).replaceAll("0", "").length, 0);
  const measured = codes.map((code) => ({ id: code.id, distance: distance(code) }));
  return measured
    .toSorted((one, other) => one.distance - other.distance || one.id - other.id)
    .slice(0, limit)
    .map(({ id }) => id);
}

const lone: PassageCode = { id: 0, source: "", code: toCodeBytes(Float32Array.of(1, 1, 1, 1, 1, 1, 1, 1)) };

describe("the codes of a site", () => {
  it.each([8, 13, 64, 1024])("find the nearest of many passages, equal ones by id (%i bits)", async (bits) => {
    const codes = randomCodes(1500, bits);
    const asked = codes[700] ?? lone;
    expect(await tableOf(codes).nearest(asked.code, { limit: 20 })).toEqual(nearestOf(codes, asked, 20));
  });

  it("find those of some sources alone, and none that was removed", async () => {
    const codes = randomCodes(1500, 64);
    const [asked = lone] = codes;
    const table = tableOf(codes);
    const ofShop = codes.filter(({ source }) => source === "shop");
    expect(await table.nearest(asked.code, { sources: ["shop", "unknown"], limit: 5 })).toEqual(
      nearestOf(ofShop, asked, 5),
    );
    expect(await table.nearest(asked.code, { sources: [], limit: 5 })).toEqual([]);
    const removed = new Set(codes.filter(({ id }) => id % 2 === 1).map(({ id }) => id));
    await table.remove(removed);
    await table.remove(removed);
    const kept = codes.filter(({ id }) => !removed.has(id));
    expect(await table.nearest(asked.code, { limit: 5 })).toEqual(nearestOf(kept, asked, 5));
    expect(table.removedShare).toBe(0.5);
  });

  it("take no code of another length, and find nothing by one", async () => {
    const table = tableOf([...randomCodes(2, 64), { ...lone, id: 9 }]);
    expect(await table.nearest(lone.code, { limit: 5 })).toEqual([]);
    expect(await table.nearest(new Uint8Array(8), { limit: 5 })).toHaveLength(2);
    expect(await new CodeTable().nearest(lone.code, { limit: 5 })).toEqual([]);
  });

  it("hold 140 bytes for a passage of 1,024 numbers", () => {
    expect(tableOf(randomCodes(1024, 1024)).bytes).toBe(1024 * 140);
  });
});
