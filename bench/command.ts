import { help, type Options, readBenchOptions } from "./options.ts";
import type { Figure } from "./figure.ts";
import { type Regression, findRegressions } from "./report/regressions.ts";
import { writeDocument } from "./report/document.ts";
import { readRecorded, type BenchRun, writeLatest, writeRecorded } from "./report/results.ts";
import { describeBenchRun, describeScenario } from "./report/table.ts";
import type { Bench, Scenario } from "./scenario.ts";
import { scenarios } from "./scenarios.ts";
import { Contenders } from "./testbed/contenders.ts";
import { openTestbed, type Testbed } from "./testbed/testbed.ts";

const rounds = { usual: 5, quick: 3 };
/** Share of the usual length. */
const quickShare = 0.5;

/** @returns the exit code: 1 if `--check` finds a slower figure */
export async function bench(args: string[]): Promise<number> {
  const options = readBenchOptions(
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
  await using testbed = await openTestbed();
  endOnSignals(testbed);
  await using contenders = new Contenders(testbed, (usual) => length(options, usual));
  const run = await measure({ testbed, contenders }, options, wanted(options, testbed));
  run.seconds = Math.round((performance.now() - began) / 1000);
  console.log(describeBenchRun(run));
  await writeLatest(run, describeAll(run));
  if (options.record) await writeRecorded(run);
  return recorded === undefined
    ? 0
    : reportRegressions(
        await confirm({ testbed, contenders }, options, findRegressions(run.figures, recorded.figures)),
      );
}

function wanted({ only, full }: Options, { hasRedis }: Testbed): Scenario[] {
  if (!hasRedis) console.log("Redis is not here (install redis-server): only what stands on PostgreSQL is measured.\n");
  return scenarios
    .filter(({ name, fullOnlySeconds }) => (only.length > 0 ? only.includes(name) : full || !fullOnlySeconds))
    .filter(({ needsRedis }) => hasRedis || !needsRedis);
}

type Context = Pick<Bench, "testbed" | "contenders">;

function length({ quick }: Options, usual: number): number {
  return quick ? usual * quickShare : usual;
}

async function measure(context: Context, options: Options, chosen: readonly Scenario[]): Promise<BenchRun> {
  const { quick, full } = options;
  const run: BenchRun = {
    at: new Date().toISOString(),
    cores: context.testbed.cores,
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
      ...context,
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
function describeAll(run: BenchRun): string {
  return `${describeScenario(run.figures)}\n${describeBenchRun(run)}\n`;
}

/** Repeats the scenarios of regressions. A busy machine causes regressions, too, so a fall counts only if it occurs twice. */
async function confirm(context: Context, options: Options, regressions: Regression[]): Promise<Regression[]> {
  if (regressions.length === 0) return [];
  const recorded = await readRecorded();
  const names = new Set(regressions.map(({ figure }) => scenarioOf(figure)));
  console.log(`${reportText(regressions)}\nOnce more: ${[...names].join(", ")}\n`);
  const again = await measure(
    context,
    options,
    scenarios.filter(({ name }) => names.has(name)),
  );
  const ids = new Set(regressions.map(({ id }) => id));
  return findRegressions(again.figures, recorded.figures).filter(({ id }) => ids.has(id));
}

function scenarioOf({ id }: Figure): string {
  return id.split("/", 1)[0] ?? "";
}

function reportRegressions(regressions: readonly Regression[]): number {
  console.log(regressions.length === 0 ? "Nothing has fallen 20 % under the recorded run." : reportText(regressions));
  return regressions.length === 0 ? 0 : 1;
}

function reportText(regressions: readonly Regression[]): string {
  return regressions.map(({ text }) => `fallen: ${text}`).join("\n");
}

/** Cleans up on signals: PostgreSQL shuts down in order, other processes are killed. */
function endOnSignals(testbed: Testbed): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      void Promise.resolve(testbed[Symbol.asyncDispose]()).finally(() => process.exit(1));
    });
  }
}
