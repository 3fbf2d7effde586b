import { median } from "./statistics.ts";

/** Measured parties; `limits` describe each one. */
export type Contender = keyof typeof contenders;

export const contenders = {
  direct: "the provider, called directly by the client",
  naive: "one handler that waits for the whole reply: no queue, stream or retry",
  floor: "a minimal queue path: one INSERT and one add per POST",
  floor2: "the same, with a second request for the events: the minimal cost of the contract",
  bare: "a server that does nothing but the same request",
  noop: "BullMQ with jobs that do nothing",
  pubsub: "Redis alone, from publish to receive",
  notify: "PostgreSQL alone, from NOTIFY to receive",
  empty: "Parley on Redis, without stored data",
  parley: "Parley on Redis",
  uncached: "Parley on Redis, without its history cache",
  parleyPg: "Parley on PostgreSQL alone",
  crawling: "Parley on PostgreSQL alone, while it reads the pages of a site",
  other: "the other checkout of Parley, on Redis",
  otherPg: "the other checkout of Parley, on PostgreSQL alone",
  postgres: "text search of PostgreSQL, with its configuration for the language",
  minisearch: "MiniSearch as it comes, with the index in memory",
  simulated: "the result of `npm run simulate` for the same messages",
} as const;

/** One line of the table: one quantity, measured for several contenders in interleaved rounds. */
export interface Figure {
  /** Unique in a run; `--check` matches figures by it. */
  id: string;
  what: string;
  unit: string;
  better: "more" | "less";
  /** One value per round; the rounds of all contenders correspond. */
  values: Partial<Record<Contender, number[]>>;
  targets?: Target[];
}

/** Required value of a contender: `limit` times the `of` of the same round, or `limit` itself. */
export interface Target {
  contender: Contender;
  limit: number;
  of?: Contender;
}

export interface Verdict {
  /** Measured value, or its ratio if the target is a ratio. */
  measured: number;
  /** Score: 1 is just met, 0.5 is half as good as required. */
  score: number;
  met: boolean;
}

/** @returns `undefined` if one of the two was not measured */
export function judge(figure: Figure, target: Target): Verdict | undefined {
  const { contender, of = contender } = target;
  if (!figure.values[contender]?.length || !figure.values[of]?.length) return undefined;
  const measured = measure(figure, target);
  const { limit } = target;
  const met = figure.better === "more" ? measured >= limit : measured <= limit;
  // A limit of zero has no "almost".
  if (limit === 0) return { measured, met, score: met ? 1 : 0 };
  return { measured, met, score: figure.better === "more" ? measured / limit : limit / Math.max(measured, 1e-9) };
}

/** Measures a target. Ratios are taken round by round, as a disturbance of a round affects both contenders. */
function measure({ values }: Figure, { contender, of }: Target): number {
  const own = values[contender] ?? [];
  if (of === undefined) return median(own);
  return median(own.map((value, round) => value / (values[of]?.[round] ?? Number.NaN)));
}
