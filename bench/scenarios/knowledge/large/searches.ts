import type pg from "pg";
import { heapProbeOption } from "../../../../test/soak/soak.ts";
import type { Contender, Figure, Target } from "../../../figure.ts";
import { interleave, pick } from "../../../interleave.ts";
import type { Bench } from "../../../scenario.ts";
import { percentile } from "../../../statistics.ts";
import type { MeasuredProcess } from "../../../testbed/measured-process.ts";
import type { LargeQuestion, LargeSite } from "./large-site.ts";
import { type IndexAnswers, type IndexRequest, searchLimit } from "./serve-index.ts";

const questionsOfRound = 25;
/** Most words that PostgreSQL is asked for; all of them take it several times as long. */
const rarestWords = 4;

interface Round {
  ms: number[];
  best: number[];
  asked: LargeQuestion[];
}

/** A process with an index, and what its load took. */
export interface LoadedIndex {
  process: MeasuredProcess;
  load: IndexAnswers["load"];
  /** Heap and typed arrays that the index holds. */
  heldMb: number;
}

/** Sends a request to a process with an index. */
export function askIndex<Name extends keyof IndexAnswers>(
  { process }: Pick<LoadedIndex, "process">,
  does: Name,
  questions: string[] = [],
): Promise<IndexAnswers[Name]> {
  return process.ask<IndexAnswers[Name]>({ does, questions } satisfies IndexRequest);
}

/** Starts a process beside this file, and loads its index. */
export async function startIndex(
  { testbed }: Pick<Bench, "testbed">,
  name: "site-index" | "minisearch",
  env: Record<string, string>,
): Promise<LoadedIndex> {
  const process = await testbed.start({
    name,
    script: `bench/scenarios/knowledge/large/${name}-main.ts`,
    env: { ...env, NODE_OPTIONS: `--max-semi-space-size=16 --max-old-space-size=8192 ${heapProbeOption}` },
  });
  const heap = async () => (await process.ask<{ heapBytes: number }>({ probe: "heap" })).heapBytes;
  const before = await heap();
  const load = await askIndex({ process }, "load");
  return { process, load, heldMb: ((await heap()) - before) / 2 ** 20 };
}

/** Measures searches in interleaved rounds, each with questions of its own. */
export async function measureSearches(
  { rounds, quick }: Bench,
  { site, passages, pool, indexes }: LargeContenders,
): Promise<Figure[]> {
  const ask = (search: (questions: LargeQuestion[]) => Promise<{ ms: number[]; best: number[] }>) => {
    let round = 0;
    return async (): Promise<Round> => {
      const asked = site.questions(passages, { first: round++ * questionsOfRound, count: questionsOfRound });
      return { ...(await search(asked)), asked };
    };
  };
  const turns = {
    postgres: ask((asked) => searchPostgres(pool, asked)),
    minisearch: ask((asked) => askIndex(indexes.minisearch, "search", textsOf(asked))),
    parleyPg: ask((asked) => askIndex(indexes.parleyPg, "search", textsOf(asked))),
  };
  await interleave(turns, 1);
  const results = await interleave(turns, rounds);
  const figure = (id: string, what: string, better: Figure["better"], number: (round: Round) => number) => ({
    id: `knowledge/${id}/${passages}`,
    what: `${passages.toLocaleString("en")} passages: ${what}`,
    unit: better === "more" ? "%" : "ms",
    better,
    values: pick(results, number),
  });
  return [
    { ...figure("p50", "search, p50", "less", ({ ms }) => percentile(ms, 0.5)), targets: [target(3)] },
    {
      ...figure("p95", "search, p95", "less", ({ ms }) => percentile(ms, 0.95)),
      // The ratios are those of a large site.
      targets: [target(10), ...(quick ? [] : [target(1 / 20, "postgres"), target(1 / 50, "minisearch")])],
    },
    figure("best", "questions whose passage is the first", "more", shareFound),
  ];
}

export interface LargeContenders {
  site: LargeSite;
  passages: number;
  pool: pg.Pool;
  indexes: { parleyPg: LoadedIndex; minisearch: LoadedIndex };
}

function textsOf(asked: readonly LargeQuestion[]): string[] {
  return asked.map(({ text }) => text);
}

function target(limit: number, of?: Contender): Target {
  return { contender: "parleyPg", limit, ...(of && { of }) };
}

function shareFound({ best, asked }: Round): number {
  return (asked.filter(({ right }, at) => best[at] === right).length / asked.length) * 100;
}

/** Asks PostgreSQL's index for the rarest words of each question; which these are is looked up outside the measured time. */
async function searchPostgres(
  pool: pg.Pool,
  asked: readonly LargeQuestion[],
): Promise<{ ms: number[]; best: number[] }> {
  const searched: { ms: number[]; best: number[] } = { ms: [], best: [] };
  for (const { text } of asked) {
    const { rows } = await pool.query<{ word: string }>(
      "select word from word_counts where word = any($1) order by ndoc, word limit $2",
      [text.split(" "), rarestWords],
    );
    const began = performance.now();
    const found = await pool.query<{ id: number }>({
      name: "search-large",
      text: `select id from texts where words @@ $1::tsquery order by ts_rank(words, $1::tsquery) desc, id limit ${searchLimit}`,
      values: [rows.map(({ word }) => word).join(" | ")],
    });
    searched.ms.push(performance.now() - began);
    searched.best.push(found.rows[0]?.id ?? 0);
  }
  return searched;
}
