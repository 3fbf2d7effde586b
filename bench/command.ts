import { type BenchOptions, benchHelp, readBenchOptions } from "./options.ts";
import { type Figure, judge } from "./figure.ts";
import { type Regression, findRegressions } from "./report/regressions.ts";
import { writeDocument } from "./report/document.ts";
import { readRecorded, type BenchRun, writeLatest, writeRecorded } from "./report/results.ts";
import { describeBenchRun, describeScenario } from "./report/table.ts";
import type { Bench, Scenario } from "./scenario.ts";
import { scenarios } from "./scenarios.ts";
import { againstScenario } from "./scenarios/against.ts";
import { openCheckout } from "./testbed/checkout.ts";
import { Contenders } from "./testbed/contenders.ts";
import { openTestbed, type Testbed } from "./testbed/testbed.ts";

const rounds = { usual: 5, quick: 3 };
/** Share of the usual length. */
const quickShare = 0.5;

/** @returns the exit code: 1 if `--check` or `--against` finds a slower figure */
export async function bench(args: string[]): Promise<number> {
  const options = readBenchOptions(
    args,
    scenarios.map(({ name }) => name),
  );
  if (options === "help") {
    console.log(benchHelp);
    return 0;
  }
  if (options.plot) {
    for (const path of await writeDocument(await readRecorded(), scenarios)) console.log(path);
    return 0;
  }
  const checkout = options.against === undefined ? undefined : await openCheckout(options.against);
  const recorded = options.check ? await readRecorded() : undefined;
  const began = performance.now();
  await using testbed = await openTestbed(options);
  endOnSignals(testbed);
  await using contenders = new Contenders(testbed, (usual) => length(options, usual));
  const context = { testbed, contenders };
  const run = await measure(context, options, checkout ? [againstScenario(checkout)] : wanted(options, testbed));
  run.seconds = Math.round((performance.now() - began) / 1000);
  console.log(describeBenchRun(run));
  if (checkout) return run.figures.every(isMet) ? 0 : 1;
  await writeLatest(run, describeAll(run));
  if (options.record) await writeRecorded(run);
  if (recorded === undefined) return 0;
  return reportRegressions(await confirm(context, options, findRegressions(run.figures, recorded.figures)));
}

function isMet(figure: Figure): boolean {
  return (figure.targets ?? []).every((target) => judge(figure, target)?.met ?? true);
}

function wanted({ only, full }: BenchOptions, { hasRedis }: Testbed): Scenario[] {
  if (!hasRedis) console.log("redis-server is not installed: only PostgreSQL alone is measured.\n");
  return scenarios
    .filter(({ name, fullOnlySeconds }) => (only.length > 0 ? only.includes(name) : full || !fullOnlySeconds))
    .filter(({ needsRedis }) => hasRedis || !needsRedis);
}

type Context = Pick<Bench, "testbed" | "contenders">;

function length({ quick }: BenchOptions, usual: number): number {
  return quick ? usual * quickShare : usual;
}

async function measure(context: Context, options: BenchOptions, chosen: readonly Scenario[]): Promise<BenchRun> {
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
      quick,
      data: options.data,
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

/** Repeats the scenarios of regressions. A busy machine causes some, too, so one counts only if it occurs twice. */
async function confirm(context: Context, options: BenchOptions, first: Regression[]): Promise<Regression[]> {
  if (first.length === 0) return [];
  const recorded = await readRecorded();
  const names = new Set(first.map(({ figure }) => scenarioOf(figure)));
  console.log(`${reportText(first)}\nRepeating: ${[...names].join(", ")}\n`);
  const again = await measure(
    context,
    options,
    scenarios.filter(({ name }) => names.has(name)),
  );
  const ids = new Set(first.map(({ id }) => id));
  return findRegressions(again.figures, recorded.figures).filter(({ id }) => ids.has(id));
}

function scenarioOf({ id }: Figure): string {
  return id.split("/", 1)[0] ?? "";
}

function reportRegressions(regressions: readonly Regression[]): number {
  console.log(
    regressions.length === 0 ? "No ratio is more than 20 % below the recorded run." : reportText(regressions),
  );
  return regressions.length === 0 ? 0 : 1;
}

function reportText(regressions: readonly Regression[]): string {
  return regressions.map(({ text }) => `regression: ${text}`).join("\n");
}

/** Cleans up on signals: PostgreSQL shuts down in order, other processes are killed. */
function endOnSignals(testbed: Testbed): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      void Promise.resolve(testbed[Symbol.asyncDispose]()).finally(() => process.exit(1));
    });
  }
}
