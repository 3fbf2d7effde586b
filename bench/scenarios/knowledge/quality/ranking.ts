import type pg from "pg";
import type { Contender, Figure, Target } from "../../../figure.ts";
import type { Collection } from "./collection.ts";
import { openMiniSearch, openParley, openPostgresSearch, type Searcher } from "./searchers.ts";

/** For each contender and question, the place of the first right passage, 1 for the best; 0: not among those asked for. */
export type Places = Partial<Record<Contender, number[]>>;

/** Passages that are asked for. */
const limit = 5;

/** Asks all contenders all questions of a collection. */
export async function measureRanking(pool: pg.Pool, collection: Collection): Promise<Places> {
  return {
    postgres: await findPlaces(await openPostgresSearch(pool, collection), collection),
    minisearch: await findPlaces(openMiniSearch(collection), collection),
    parleyPg: await findPlaces(await openParley(collection), collection),
  };
}

export async function findPlaces(search: Searcher, { questions }: Pick<Collection, "questions">): Promise<number[]> {
  const places: number[] = [];
  for (const question of questions) {
    const found = await search(question, limit);
    places.push(found.findIndex((id) => question.right.has(id)) + 1);
  }
  return places;
}

/** Figure of the questions whose right passage is among the first few: percent, averaged over collections. */
export function rankingFigure(
  { id, what, among, least }: { id: string; what: string; among: number; least?: number | undefined },
  measured: readonly Places[],
): Figure {
  const names = Object.keys(measured[0] ?? {}) as Contender[];
  const values = names.map((name) => {
    const shares = measured.map((places) => shareAmong(places[name] ?? [], among));
    return [name, [shares.reduce((total, share) => total + share, 0) / shares.length]] as const;
  });
  const targets: Target[] = least === undefined ? [] : [{ contender: "parleyPg", limit: least }];
  return { id, what, unit: "%", better: "more", values: Object.fromEntries(values), targets };
}

/** Percent of the places among the first few. */
function shareAmong(places: readonly number[], among: number): number {
  return (places.filter((place) => place > 0 && place <= among).length / places.length) * 100;
}
