import { readFileSync } from "node:fs";
import type pg from "pg";
import type { Figure } from "../../../figure.ts";
import { type Collection, readShop } from "./collection.ts";
import { measureRanking, type Places, rankingFigure } from "./ranking.ts";
import { measureWithoutModel } from "./without-model.ts";

/** Languages on which the ranking was tuned; the others that a folder has check it. */
const tunedOn = ["ar", "de", "en", "th", "tr", "zh"];
const averages = { tuned: { first: 93, five: 98.5 }, others: { first: 92, five: 98.3, fiveEach: 97 } };
const leastOfShop = 95;
const withoutModel = { answered: 60, answeredAverage: 70, falsely: 10 };

/** Measures the ranking by the questions of shoppers. */
export async function measureShop(pool: pg.Pool): Promise<Figure[]> {
  const shop = readShop(readFile("pages.txt"), readFile("questions.txt"));
  const what = `${shop.questions.length} questions of shoppers, right page among the first three`;
  return [
    rankingFigure({ id: "knowledge/shop", what, among: 3, least: leastOfShop }, [await measureRanking(pool, shop)]),
  ];
}

function readFile(name: string): string {
  return readFileSync(new URL(`../shop/${name}`, import.meta.url), "utf8");
}

/** Measures ranking and answers without a model by XQuAD, for each language and averaged. */
export async function measureXquad(
  pool: pg.Pool,
  collections: readonly Collection[],
  say: (text: string) => void,
): Promise<Figure[]> {
  const ranked = new Map<string, Places>();
  const answers = new Map<string, { answered: number; falsely: number }>();
  for (const collection of collections) {
    say(`  ${collection.name}: ${collection.questions.length} questions`);
    ranked.set(collection.name, await measureRanking(pool, collection));
    answers.set(collection.name, await measureWithoutModel(collection));
  }
  return [...rankingFigures(ranked), ...answerFigures(answers)];
}

function rankingFigures(ranked: ReadonlyMap<string, Places>): Figure[] {
  const figures = [...ranked].flatMap(([language, places]) => {
    const fiveEach = tunedOn.includes(language) ? undefined : averages.others.fiveEach;
    return [
      rankingFigure({ id: `knowledge/first/${language}`, what: `XQuAD ${language}, right passage first`, among: 1 }, [
        places,
      ]),
      rankingFigure(
        { id: `knowledge/five/${language}`, what: `XQuAD ${language}, among five`, among: 5, least: fiveEach },
        [places],
      ),
    ];
  });
  for (const group of ["tuned", "others"] as const) {
    const members = [...ranked].filter(([language]) => tunedOn.includes(language) === (group === "tuned"));
    if (members.length === 0) continue;
    const { first, five } = averages[group];
    const what = `XQuAD, average of ${members.length} ${group === "tuned" ? "" : "other "}languages`;
    const places = members.map(([, each]) => each);
    figures.push(
      rankingFigure(
        { id: `knowledge/first/${group}`, what: `${what}, right passage first`, among: 1, least: first },
        places,
      ),
      rankingFigure({ id: `knowledge/five/${group}`, what: `${what}, among five`, among: 5, least: five }, places),
    );
  }
  return figures;
}

function answerFigures(answers: ReadonlyMap<string, { answered: number; falsely: number }>): Figure[] {
  const all = [...answers.values()];
  const average = all.reduce((total, { answered }) => total + answered, 0) / all.length;
  return [
    ...[...answers].flatMap(([language, { answered, falsely }]) => [
      percent(
        { id: `answered/${language}`, what: `XQuAD ${language}, answered`, better: "more" },
        answered,
        withoutModel.answered,
      ),
      percent(
        {
          id: `falsely/${language}`,
          what: `XQuAD ${language}, answered although the passage is missing`,
          better: "less",
        },
        falsely,
        withoutModel.falsely,
      ),
    ]),
    percent(
      { id: "answered", what: `XQuAD, answered, average of ${all.length} languages`, better: "more" },
      average,
      withoutModel.answeredAverage,
    ),
  ];
}

function percent({ id, what, better }: Pick<Figure, "id" | "what" | "better">, value: number, limit: number): Figure {
  const targets = [{ contender: "parleyPg", limit } as const];
  return {
    id: `knowledge/${id}`,
    what: `without a model, ${what}`,
    unit: "%",
    better,
    values: { parleyPg: [value] },
    targets,
  };
}
