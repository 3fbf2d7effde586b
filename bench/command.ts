import { help, type Options, readOptions } from "./options.ts";
import type { Figure } from "./figure.ts";
import { type Fall, findFalls } from "./report/regressions.ts";
import { writeDocument } from "./report/document.ts";
import { readRecorded, type Run, writeLatest, writeRecorded } from "./report/results.ts";
import { describeRun, describeScenario } from "./report/table.ts";
import type { Bench, Scenario } from "./scenario.ts";
import { scenarios } from "./scenarios.ts";
import { Cast } from "./testbed/contenders.ts";
import { openStage, type Stage } from "./testbed/testbed.ts";

const rounds = { usual: 5, quick: 3 };
/** Share of the usual length. */
const quickShare = 0.5;

/** @returns the exit code: 1 if `--check` finds a slower figure */
export async function bench(args: string[]): Promise<number> {
  const options = readOptions(
    args,
    scenarios.map(({ name }) => name),
  );
  if (options === "help") {
    console.log(help);
    return 0;
  }
  if (options.plot) {
    for (const path of await writeDocument(await readRecorded(), scenarios)) console.log(path);
    return 0;
  }
  const recorded = options.check ? await readRecorded() : undefined;
  const began = performance.now();
  await using stage = await openStage();
  endOnSignals(stage);
  await using cast = new Cast(stage, (usual) => length(options, usual));
  const run = await measure({ stage, cast }, options, wanted(options, stage));
  run.seconds = Math.round((performance.now() - began) / 1000);
  console.log(describeRun(run));
  await writeLatest(run, describeAll(run));
  if (options.record) await writeRecorded(run);
  return recorded === undefined
    ? 0
    : reportFalls(await confirm({ stage, cast }, options, findFalls(run.figures, recorded.figures)));
}

function wanted({ only, full }: Options, { hasRedis }: Stage): Scenario[] {
  if (!hasRedis) console.log("Redis is not here (install redis-server): only what stands on PostgreSQL is measured.\n");
  return scenarios
    .filter(({ name, fullOnlySeconds }) => (only.length > 0 ? only.includes(name) : full || !fullOnlySeconds))
    .filter(({ needsRedis }) => hasRedis || !needsRedis);
}

type Place = Pick<Bench, "stage" | "cast">;

function length({ quick }: Options, usual: number): number {
  return quick ? usual * quickShare : usual;
}

async function measure(place: Place, options: Options, chosen: readonly Scenario[]): Promise<Run> {
  const { quick, full } = options;
  const run: Run = {
    at: new Date().toISOString(),
    cores: place.stage.cores,
    node: process.version,
    quick,
    full,
    seconds: 0,
    figures: [],
  };
  for (const scenario of chosen) {
    const seconds = scenario.fullOnlySeconds;
    console.log(`${scenario.name}: ${scenario.about}${seconds === undefined ? "" : ` (about ${seconds} s)`}`);
    const figures = await scenario.run({
      ...place,
      full,
      rounds: quick ? rounds.quick : rounds.usual,
      ms: (usual) => length(options, usual),
      say: (text) => console.log(text),
    });
    run.figures.push(...figures);
    console.log(describeScenario(figures));
  }
  return run;
}

/** Table of a run, in the order of the scenarios. */
function describeAll(run: Run): string {
  return `${describeScenario(run.figures)}\n${describeRun(run)}\n`;
}

/** Repeats the scenarios of falls. A busy machine causes falls, too, so a fall counts only if it occurs twice. */
async function confirm(place: Place, options: Options, falls: Fall[]): Promise<Fall[]> {
  if (falls.length === 0) return [];
  const recorded = await readRecorded();
  const names = new Set(falls.map(({ figure }) => scenarioOf(figure)));
  console.log(`${reportText(falls)}\nOnce more: ${[...names].join(", ")}\n`);
  const again = await measure(
    place,
    options,
    scenarios.filter(({ name }) => names.has(name)),
  );
  const ids = new Set(falls.map(({ id }) => id));
  return findFalls(again.figures, recorded.figures).filter(({ id }) => ids.has(id));
}

function scenarioOf({ id }: Figure): string {
  return id.split("/", 1)[0] ?? "";
}

function reportFalls(falls: readonly Fall[]): number {
  console.log(falls.length === 0 ? "Nothing has fallen 20 % under the recorded run." : reportText(falls));
  return falls.length === 0 ? 0 : 1;
}

function reportText(falls: readonly Fall[]): string {
  return falls.map(({ text }) => `fallen: ${text}`).join("\n");
}

/** Cleans up on signals: PostgreSQL shuts down in order, other processes are killed. */
function endOnSignals(stage: Stage): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      void Promise.resolve(stage[Symbol.asyncDispose]()).finally(() => process.exit(1));
    });
  }
}
