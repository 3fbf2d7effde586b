import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { LargeSite } from "../large/large-site.ts";
import { type Collection, readShop, readXquad } from "./collection.ts";
import { findPlaces, rankingFigure } from "./ranking.ts";
import { openMiniSearch, openParley } from "./searchers.ts";
import { measureWithoutModel } from "./without-model.ts";

const folder = mkdtempSync(join(tmpdir(), "parley-bench-"));
afterAll(() => rmSync(folder, { recursive: true }));

const pages = `= returns | Returns
You can send a teapot back within thirty days.
## Refund
Money goes back to your card.
= delivery | Delivery
A parcel to Norway takes nine days.
`;
const questions = "returns | teapot >> send it back?\ndelivery | how long to norway\n";

describe("the collections", () => {
  it("read XQuAD's files in the order of their names", () => {
    const file = {
      language: "xx",
      passages: [{ id: 3, title: "T", text: "tea" }],
      questions: [{ id: "q", question: "tea?", passage: 3, answers: [] }],
    };
    writeFileSync(join(folder, "xx.json"), JSON.stringify(file));
    expect(readXquad(folder)).toEqual([
      {
        name: "xx",
        passages: [{ id: 3, text: "tea" }],
        questions: [{ text: "tea?", earlier: [], right: new Set([3]) }],
      },
    ]);
  });

  it("name the file that has another form, and a folder without files", () => {
    writeFileSync(join(folder, "zz.json"), "{}");
    expect(() => readXquad(folder)).toThrow("zz.json has another form");
    expect(() => readXquad(import.meta.dirname)).toThrow("has no JSON file");
  });

  it("read a shop's pages as passages, and the messages before a question", () => {
    const shop = readShop(pages, questions);
    expect(shop.passages.map(({ text }) => text)).toEqual([
      "Returns\nYou can send a teapot back within thirty days.\nRefund\nMoney goes back to your card.",
      "Delivery\nA parcel to Norway takes nine days.",
    ]);
    expect(shop.questions).toEqual([
      { text: "send it back?", earlier: ["teapot"], right: new Set([1]) },
      { text: "how long to norway", earlier: [], right: new Set([2]) },
    ]);
    expect(() => readShop(pages, "payment | how to pay\n")).toThrow("no page is right");
  });

  it("make the same large site in each process", () => {
    const [one, other] = [new LargeSite(2000), new LargeSite(2000)];
    expect(one.passage(7)).toBe(other.passage(7));
    expect(one.passage(7)).not.toBe(one.passage(8));
    const [question] = one.questions(100, { first: 5, count: 1 });
    expect(other.questions(100, { first: 5, count: 1 })).toEqual([question]);
    expect(one.passage(question?.right ?? 0)).toContain(question?.text.split(" ").at(-1));
  });
});

describe("the measures of ranking", () => {
  const shop = readShop(pages, questions);

  it("find the right passage with every searcher that needs no database", async () => {
    expect(await findPlaces(await openParley(shop), shop)).toEqual([1, 1]);
    expect(await findPlaces(openMiniSearch(shop), shop)).toEqual([1, 1]);
    expect(await findPlaces(() => [2, 1], shop)).toEqual([2, 1]);
    expect(await findPlaces(() => [], shop)).toEqual([0, 0]);
  });

  it("average shares over collections, and count a passage that was not found as none", () => {
    const measured = [{ parleyPg: [1, 0, 3, 1] }, { parleyPg: [1, 1, 1, 1] }];
    const figure = rankingFigure({ id: "x", what: "x", among: 2, least: 80 }, measured);
    expect(figure.values).toEqual({ parleyPg: [75] });
    expect(figure.targets).toEqual([{ contender: "parleyPg", limit: 80 }]);
  });
});

describe("measureWithoutModel()", () => {
  const ofStraw = "Who packed teapots in straw?";
  const texts = [
    "Teapots are packed in straw by Anna.",
    "Parcels to Norway take nine days.",
    "Parcels to Spain take two days.",
    "Cups break when they fall.",
    "Green tea is brewed at eighty degrees.",
  ];
  const ask = (text: string, right: number) => ({ text, earlier: [], right: new Set([right]) });
  const collection = (...asked: Collection["questions"]): Collection => ({
    name: "en",
    passages: texts.map((text, at) => ({ id: at + 1, text })),
    questions: asked,
  });

  it("counts a question that a passage answers, and none that two passages match alike", async () => {
    const measured = await measureWithoutModel(collection(ask(ofStraw, 1), ask("days to take", 1)));
    expect(measured).toEqual({ answered: 50, falsely: 0 });
  });

  it("counts an answer from another passage as false", async () => {
    expect(await measureWithoutModel(collection(ask(ofStraw, 2)))).toEqual({ answered: 100, falsely: 100 });
  });
});
