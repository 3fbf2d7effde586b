import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { analyzePassage } from "../analysis/passage-terms.ts";
import { fuse } from "./fuse.ts";
import { SiteIndex } from "./site-index.ts";
import { leastSureness } from "./sureness.ts";
import { isOneEditApart } from "./question-terms.ts";

function passage(id: number, text: string, source = "shop") {
  return { id, source, terms: analyzePassage(text) };
}

function indexOf(texts: readonly string[]): SiteIndex {
  const index = new SiteIndex();
  for (const [at, text] of texts.entries()) index.add(passage(at + 1, text));
  return index;
}

function ids(index: SiteIndex, question: string, options: { limit?: number; sources?: string[] } = {}): number[] {
  return index.search(question, { limit: 5, ...options }).matches.map(({ id }) => id);
}

const shop = [
  "Die Versandkosten betragen 4,90 Euro in Deutschland.",
  "You can send a teapot back within thirty days.",
  "收到商品后三十天内可以退货。运费由我们承担。",
  "返品は三十日以内にお願いします。送料は無料です。",
  "반품은 삼십일 이내에 가능합니다. 배송비는 무료입니다.",
  "คืนสินค้าได้ภายในสามสิบวัน ค่าจัดส่งฟรี",
  "T-shirts of size AB-1234 take 3-5 days.",
  "يمكنك إرجاع المنتج خلال ثلاثين يوما. الشحن مجاني.",
];

describe("SiteIndex", () => {
  it.each([
    ["Versand", 1],
    ["teapots", 2],
    ["退货", 3],
    ["送料", 4],
    ["배송비", 5],
    ["จัดส่ง", 6],
    ["tshirt", 7],
    ["ab1234", 7],
    ["الشحن", 8],
    ["taepot", 2],
    ["teapto", 2],
  ])("finds by %s passage %i", (question, id) => {
    expect(ids(indexOf(shop), question)[0]).toBe(id);
  });

  it("finds nothing by words that no passage has, and by none", () => {
    expect(ids(indexOf(shop), "xylophone")).toEqual([]);
    expect(ids(indexOf(shop), " ?! ")).toEqual([]);
    expect(ids(new SiteIndex(), "teapot")).toEqual([]);
  });

  it("forgives a typing error only where nothing else matches", () => {
    const index = indexOf(["We sell plates.", "Blank places."]);
    expect(ids(index, "plates")[0]).toBe(1);
    expect(ids(index, "plaecs")[0]).toBe(2);
  });

  it("orders equal passages by id, in whatever order they came", () => {
    const texts = ["red tea", "red pot", "red cup"];
    const index = new SiteIndex();
    for (const id of [3, 1, 2]) index.add(passage(id, texts[id - 1] ?? ""));
    expect(ids(index, "red")).toEqual([1, 2, 3]);
  });

  it("gives a text once that stands on two pages, and both if the question tells them apart", () => {
    const text = Array.from({ length: 60 }, (_, at) => `word${at}`).join(" ");
    const index = indexOf([`${text} Austria`, `${text} Germany`]);
    expect(ids(index, "word5 word6")).toEqual([1]);
    expect(ids(index, "word5 word6 Germany")).toEqual([2, 1]);
  });

  it("gives a text once in a site of many passages, too", async () => {
    const index = new SiteIndex();
    const text = Array.from({ length: 60 }, (_, at) => `word${at}`).join(" ");
    const others = Array.from({ length: 4_096 }, (_, at) => passage(at + 3, `other${at % 100} page${at % 90}`));
    await index.load([
      [passage(1, text)],
      others,
      [passage(5_000, `${text} Austria`), passage(5_001, "word5 or word6")],
    ]);
    const found = (question: string) => ids(index, question, { limit: 3 }).filter((id) => id === 1 || id >= 5_000);
    expect(found("word5 word6")).toEqual([5_001, 1]);
    expect(found("word5 word6 Austria").toSorted((a, b) => a - b)).toEqual([1, 5_000, 5_001]);
  });

  it("answers from the wanted sources alone", () => {
    const index = new SiteIndex();
    index.add(passage(1, "tea", "one"));
    index.add(passage(2, "tea tea", "two"));
    expect(ids(index, "tea", { sources: ["one"] })).toEqual([1]);
    expect(ids(index, "tea", { sources: [] })).toEqual([]);
    expect(ids(index, "tea", { sources: ["three"] })).toEqual([]);
  });

  it("forgets a removed passage at once, and replaces one of the same id", () => {
    const index = indexOf(["tea", "tea pot"]);
    expect(index.remove(1)).toBe(true);
    expect(index.remove(1)).toBe(false);
    expect(ids(index, "tea")).toEqual([2]);
    index.add(passage(2, "cup"));
    expect(ids(index, "tea")).toEqual([]);
    expect(ids(index, "cup")).toEqual([2]);
    expect(index.size).toBe(1);
  });

  it("says which words matched", () => {
    const { matches } = indexOf(shop).search("Was kostet der Versand nach Deutschland?", { limit: 1, explain: true });
    const found = new Map(matches[0]?.why?.map(({ term, words, weight }) => [term, { words, weight }]));
    expect(found.get("deutschland")?.words).toEqual(["deutschland"]);
    expect(found.get("versand")?.words).toEqual(["versandkosten"]);
    expect(found.get("deutschland")?.weight).toBeGreaterThan(found.get("der")?.weight ?? 0);
  });

  it("is sure of what one passage says alone, and not of what several say alike", () => {
    const index = indexOf([...shop, "Tea pots are sold here.", "Tea cups are sold here."]);
    expect(index.search("send back within thirty days", { limit: 1 }).sureness).toBeGreaterThan(leastSureness);
    expect(index.search("tea sold here", { limit: 1 }).sureness).toBeLessThan(leastSureness);
    expect(index.search("", { limit: 1 }).sureness).toBe(0);
  });

  it("takes questions of any length", () => {
    expect(ids(indexOf(shop), "word ".repeat(10_000))).toEqual([]);
    expect(ids(indexOf(shop), Array.from({ length: 300 }, (_, at) => `teapot${at}`).join(" "))[0]).toBe(2);
  });
});

/** Texts of words that differ in frequency: `w0` stands in nearly all of them. */
const texts = fc.array(
  fc
    .array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 25 })
    .map((numbers) => numbers.map((number) => `term${Math.floor(number ** 2 / 60)}ing`).join(" ")),
  { minLength: 60, maxLength: 120 },
);

describe("exactness", () => {
  it("finds the same first results however few are wanted", () => {
    fc.assert(
      fc.property(texts, fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 6 }), (all, numbers) => {
        const index = indexOf(all);
        const question = numbers.map((number) => `term${number}ing`).join(" ");
        const everything = index.search(question, { limit: 200 }).matches;
        expect(index.search(question, { limit: 3 }).matches).toEqual(everything.slice(0, 3));
      }),
      { numRuns: 30 },
    );
  });

  it("gives the same results before and after tidying", async () => {
    const index = indexOf(shop);
    await index.tidy();
    const tidied = indexOf([...shop, "Lieferkosten betragen 3 Euro."]);
    index.add(passage(shop.length + 1, "Lieferkosten betragen 3 Euro."));
    for (const round of [1, 2]) {
      for (const question of ["Versand", "Kosten", "taepot"]) {
        const options = { limit: 5, explain: true };
        expect(index.search(question, options), `round ${round}`).toEqual(tidied.search(question, options));
      }
      await tidied.tidy();
    }
  });

  it("finds the passage that has none of the rarest word and all of the others", () => {
    const words = ["amber", "birch"];
    const single = words.flatMap((word) => Array.from({ length: 40 }, (_, at) => `${word} ${at}`));
    const rarest = Array.from({ length: 30 }, (_, at) => `zebra ${at}`);
    const index = indexOf([...rarest, ...single, words.toReversed().join(" or ")]);
    const best = rarest.length + single.length + 1;
    expect(ids(index, `zebra ${words.join(" ")}`, { limit: 1 })).toEqual([best]);
  });

  it("gives the results of an index that never had the removed passages, once it is settled", async () => {
    await fc.assert(
      fc.asyncProperty(texts, fc.integer({ min: 2, max: 5 }), async (all, step) => {
        const index = indexOf(all);
        const other = new SiteIndex();
        await other.load([all.flatMap((text, at) => (at % step === 0 ? [] : [passage(at + 1, text)])).toReversed()]);
        for (const at of all.keys()) if (at % step === 0) index.remove(at + 1);
        await index.settle();
        for (const question of ["term0ing term7ing", "term3ing term60ing term1ing", "term"]) {
          expect(index.search(question, { limit: 5 })).toEqual(other.search(question, { limit: 5 }));
        }
      }),
      { numRuns: 20 },
    );
  });

  it("counts frequent words as it counts rare ones, before and after removals", async () => {
    const index = new SiteIndex();
    const all = Array.from({ length: 3000 }, (_, at) => at + 1);
    await index.load([all.map((id) => passage(id, id % 2 === 0 ? `common word${id}` : `other word${id}`))]);
    expect(ids(index, "common", { limit: 3 })).toEqual([2, 4, 6]);
    expect(ids(index, "common word1800", { limit: 1 })).toEqual([1800]);
    for (let id = 2; id <= 2900; id += 2) index.remove(id);
    await index.settle();
    expect(ids(index, "common", { limit: 3 })).toEqual([2902, 2904, 2906]);
    expect(index.removedShare).toBeGreaterThan(0.4);
  });
});

describe("fuse", () => {
  it("puts first what both lists have, and orders equal ones by id", () => {
    expect(
      fuse([
        [1, 2, 3],
        [2, 4],
      ]),
    ).toEqual([2, 1, 4, 3]);
    expect(fuse([[5], [4]])).toEqual([4, 5]);
    expect(fuse([])).toEqual([]);
  });
});

describe("isOneEditApart", () => {
  it.each([
    ["teapot", "teapt", true],
    ["teapot", "teapots", true],
    ["teapot", "taepot", true],
    ["teapot", "teapet", true],
    ["teapot", "teapot", false],
    ["teapot", "taeopt", false],
    ["teapot", "pots", false],
    ["", "a", true],
  ])("compares %s and %s", (one, other, expected) => {
    expect(isOneEditApart(one, other)).toBe(expected);
  });
});
