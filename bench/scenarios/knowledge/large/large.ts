import type pg from "pg";
import type { Figure } from "../../../figure.ts";
import type { Bench } from "../../../scenario.ts";
import { openBenchPool } from "../../../testbed/testbed.ts";
import type { Collection } from "../quality/collection.ts";
import { measureIndexing, openLook, storeLines } from "./indexing.ts";
import { LargeSite } from "./large-site.ts";
import { askIndex, type LargeContenders, type LoadedIndex, measureSearches, startIndex } from "./searches.ts";
import { storeSite } from "./store-site.ts";

const sizes = { usual: 100_000, quick: 10_000 };
/** Paragraphs that are indexed in a round, of each language. */
const paragraphsOfRound = 240;
/** Languages that are indexed where the data has them. */
const indexed = ["de", "zh"];
/** Word that no other passage has. */
const newWord = "glockenspiel";

/** Measures searches in a large site beside those of the others, its load, and the indexing of new passages into it. */
export async function measureLarge(bench: Bench, collections: readonly Collection[]): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const passages = bench.quick ? sizes.quick : sizes.usual;
  const databaseUrl = await bench.testbed.createDatabase("migrated");
  const pool = openBenchPool(stack, databaseUrl);
  const site = new LargeSite();
  bench.say(`  storing ${passages.toLocaleString("en")} passages`);
  await storeSite(pool, site, passages);
  bench.say("  loading the indexes");
  const indexes = {
    parleyPg: await startIndex(bench, "site-index", { DATABASE_URL: databaseUrl }),
    minisearch: await startIndex(bench, "minisearch", { PASSAGES: `${passages}` }),
  };
  for (const { process } of Object.values(indexes)) stack.use(process);
  bench.say("  searching");
  const contenders = { site, passages, pool, indexes };
  return [
    ...describeLoads(contenders),
    ...(await measureSearches(bench, contenders)),
    ...(await measureChanges(bench, contenders, textsToIndex(bench, contenders, collections))),
  ];
}

/** Paragraphs by what they are called: generated ones, and those of the data. */
function textsToIndex(
  bench: Bench,
  { site, passages }: LargeContenders,
  collections: readonly Collection[],
): Map<string, string[]> {
  const texts = new Map([
    ["generated", Array.from({ length: paragraphsOfRound }, (_, at) => site.passage(passages + at + 1))],
  ]);
  for (const { name, passages: all } of collections)
    if (indexed.includes(name))
      texts.set(
        name,
        all.slice(0, paragraphsOfRound).map(({ text }) => text),
      );
  if (texts.size <= indexed.length)
    bench.say(`  skipped without --data: rates of indexing in ${indexed.join(" and ")}`);
  return texts;
}

function describeLoads({ passages, indexes: { parleyPg, minisearch } }: LargeContenders): Figure[] {
  const loads = { minisearch: [minisearch.load.ms / 1000], parleyPg: [parleyPg.load.ms / 1000] };
  const held = { minisearch: [minisearch.heldMb], parleyPg: [parleyPg.heldMb] };
  const delays = { parleyPg: [parleyPg.load.loopMs] };
  return [
    figure(passages, { id: "load", what: "load of the index", unit: "s", values: loads }, 2),
    figure(passages, { id: "memory", what: "memory that the index holds", unit: "MB", values: held }, 60),
    figure(passages, { id: "loop", what: "delay of the event loop during the load, p99", values: delays }, 10),
  ];
}

const perSecond = { unit: "/s", better: "more" } as const;

/** Indexes new texts in rounds, and lets the index follow after each. */
async function measureChanges(
  { rounds }: Bench,
  { passages, pool, indexes }: LargeContenders,
  texts: ReadonlyMap<string, readonly string[]>,
): Promise<Figure[]> {
  const rates = new Map<string, number[]>([...texts.keys()].map((name) => [name, []]));
  const delays: number[] = [];
  const found: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const [name, paragraphs] of texts) rates.get(name)?.push(await measureIndexing(pool, paragraphs));
    delays.push((await askIndex(indexes.parleyPg, "follow")).loopMs);
    found.push(await findNewPassage(pool, indexes.parleyPg));
  }
  return [
    ...[...rates].map(([name, values]) =>
      figure(
        passages,
        { id: `indexed-${name}`, what: `new passages indexed, ${name}`, ...perSecond, values: { parleyPg: values } },
        200,
      ),
    ),
    figure(
      passages,
      { id: "follow", what: "delay of the event loop while the index follows, p99", values: { parleyPg: delays } },
      10,
    ),
    figure(
      passages,
      { id: "found", what: "commit of a new passage until it is found", values: { parleyPg: found } },
      1000,
    ),
  ];
}

/**
 * Adds a passage, finds it, and removes it.
 * @returns the time from its commit to the answer
 */
async function findNewPassage(pool: pg.Pool, index: LoadedIndex): Promise<number> {
  const { look, documents } = await openLook(pool, 1);
  const document = { id: documents[0] ?? "" };
  await storeLines(pool, look, { ...document, lines: [newWord] });
  const after = await askIndex(index, "follow", [newWord]);
  await storeLines(pool, look, { ...document, lines: [] });
  const removed = await askIndex(index, "follow", [newWord]);
  // Without it, passages with similar words may be found.
  if (!after.best[0] || removed.best[0] === after.best[0])
    throw new Error("a new passage is not found, or a removed one still is");
  return after.ms[0] ?? Number.NaN;
}

function figure(
  passages: number,
  { id, what, unit = "ms", better = "less", values }: Pick<Figure, "id" | "what" | "values"> & Partial<Figure>,
  limit: number,
): Figure {
  const shown = `${passages.toLocaleString("en")} passages: ${what}`;
  return {
    id: `knowledge/${id}/${passages}`,
    what: shown,
    unit,
    better,
    values,
    targets: [{ contender: "parleyPg", limit }],
  };
}
