import type { Figure } from "../../figure.ts";
import { median, percentile, sum } from "../../statistics.ts";
import type { Scenario } from "../../scenario.ts";
import { arrivals, type ArrivingMessage } from "../../simulation/arrivals.ts";
import { noLimits } from "../../simulation/simulated-provider.ts";
import { type ReplayProvider, replay, type ReplayedMessage, startReplayProvider } from "../../simulation/replay.ts";
import { type OwnTime, simulate as simulateFleet } from "../../simulation/simulate.ts";
import type { SimulationOutcome } from "../../simulation/wait-meter.ts";
import { type Parley, startParley } from "../../testbed/parley.ts";

const fleet = { workers: 2, concurrency: 8 };
/** Load of long, slow replies, half as many again as the places can take, so that the machine has little to do. */
const load = { rate: 11, burst: 1, inRow: 1.2, pauseMs: 500 };
const replies = {
  tokens: { median: 12, p95: 30 },
  mostTokens: 60,
  tokensPerSecond: 8,
  firstMs: { median: 400, p95: 800 },
};
const rushMs = 10_000;
const seed = 3;
/**
 * Number of simulated runs, of which the median counts: which messages are refused and when a circuit opens is random.
 */
const chances = 25;
/** Provider's limit of calls in the second rush: below the number of places. */
const fewCalls = 12;

export const simulateScenario: Scenario = {
  name: "simulate",
  about: "a rush with waiting visitors, measured and simulated, and the difference between the two",
  needsRedis: true,
  async run(bench) {
    await using stack = new AsyncDisposableStack();
    const cue = stack.use(await startReplayProvider());
    const env = { WORKER_CONCURRENCY: String(fleet.concurrency), COMPATIBLE_BASE_URL: cue.url };
    const parley = stack.use(await startParley(bench.testbed, { backend: "redis", env }));
    await parley.startWorker();
    const own = await measureOwnTime(parley, cue);
    bench.say(
      `  Parley's own time: ${Math.round(own.beforeMs)} ms before a reply, ${Math.round(own.afterMs)} ms after it`,
    );
    const messages = [...arrivals({ load, replies, untilMs: bench.ms(rushMs), seed })];
    const free = await rush(parley, cue, { messages, own, calls: Number.POSITIVE_INFINITY });
    const limited = await rush(parley, cue, { messages, own, calls: fewCalls });
    return [...describeWaits(free), describePresets(limited), ...describeCpu(free, messages)];
  },
};

interface Rush {
  measured: ReplayedMessage[];
  /** Outcomes with different seeds; without refusals they are all the same. */
  simulated: [SimulationOutcome, ...SimulationOutcome[]];
  /** CPU time per message. */
  cpuMs: { api: number; workers: number };
}

async function rush(
  parley: Parley,
  cue: ReplayProvider,
  { messages, own, calls }: { messages: ArrivingMessage[]; own: OwnTime; calls: number },
): Promise<Rush> {
  cue.expect(messages, calls);
  const before = readCpu(parley);
  const measured = await replay(parley.origin, messages);
  const after = readCpu(parley);
  const unlimited = Number.POSITIVE_INFINITY;
  const simulateOnce = (chance: number) =>
    simulateFleet(messages, {
      ...fleet,
      provider: { ...noLimits, calls },
      fallback: false,
      maxBacklog: unlimited,
      deadlineMs: unlimited,
      own,
      window: { fromMs: 0, untilMs: unlimited },
      seed: chance,
    });
  const others = Array.from({ length: chances - 1 }, (_, chance) => simulateOnce(chance + 1));
  const each = (cpuMs: number) => cpuMs / messages.length;
  const cpuMs = { api: each(after.api - before.api), workers: each(after.workers - before.workers) };
  return { measured, simulated: [simulateOnce(0), ...others], cpuMs };
}

function readCpu(parley: Parley): { api: number; workers: number } {
  const api = parley.api.usage().cpuMs;
  return { api, workers: parley.usage().cpuMs - api };
}

/** Message whose reply takes almost no time. */
const probe = { tokens: 6, firstMs: 20, writeMs: 50 };

/** Measures the own time on isolated messages. */
async function measureOwnTime(parley: Parley, cue: ReplayProvider): Promise<OwnTime> {
  const warmUp = probes({ count: 300, apartMs: 8 });
  cue.expect(warmUp);
  await replay(parley.origin, warmUp);
  const alone = probes({ count: 25, apartMs: 120 });
  cue.expect(alone);
  const took = await replay(parley.origin, alone);
  const beforeMs = median(took.map(({ firstMs }) => firstMs - probe.firstMs));
  return { beforeMs, afterMs: median(took.map(({ firstMs, doneMs }) => doneMs - firstMs - probe.writeMs)) };
}

function probes({ count, apartMs }: { count: number; apartMs: number }): ArrivingMessage[] {
  return Array.from({ length: count }, (_, place) => ({ at: place * apartMs, conversation: place, ...probe }));
}

const shares = [0.5, 0.95, 0.99];

function describeWaits({ measured, simulated: [simulated] }: Rush): Figure[] {
  const kinds = [
    {
      id: "first",
      what: "time to the first token",
      real: measured.map(({ firstMs }) => firstMs),
      like: simulated.waits.first,
    },
    {
      id: "done",
      what: "time to the whole reply",
      real: measured.map(({ doneMs }) => doneMs),
      like: simulated.waits.done,
    },
  ];
  const pairs = kinds.flatMap(({ id, what, real, like }) =>
    shares.map((share) => ({
      id: `${id}-p${share * 100}`,
      what: `${what}, p${share * 100}`,
      parley: percentile(real, share),
      simulated: percentile([...like], share),
    })),
  );
  const apart = Math.max(...pairs.map(({ parley, simulated: said }) => Math.abs(said / parley - 1) * 100));
  return [
    ...pairs.map(({ id, what, parley, simulated: said }) =>
      figure(id, what, "ms", { parley: [parley], simulated: [said] }),
    ),
    {
      ...figure("apart", "largest difference between simulation and measurement", "%", {
        simulated: [apart],
      }),
      targets: [{ contender: "simulated", limit: 15 }],
    },
  ];
}

function describePresets({ measured, simulated }: Rush): Figure {
  const what = `answered by a preset, provider limit of ${fewCalls} calls for ${fleet.workers * fleet.concurrency} places`;
  const share = (presets: number) => [(presets / measured.length) * 100];
  return figure("presets", what, "%", {
    parley: share(measured.filter(({ preset }) => preset).length),
    simulated: share(median(simulated.map(({ answered }) => answered.preset))),
  });
}

/** Describes CPU costs. Each token arrives separately, so it is a delta of its own. */
function describeCpu({ cpuMs }: Rush, messages: readonly ArrivingMessage[]): Figure[] {
  const deltas = Math.round(sum(messages.map(({ tokens }) => tokens)) / messages.length);
  const what = (of: string) => `CPU of ${of} for a message with a reply of ${deltas} separate deltas`;
  return [
    figure("cpu-api", what("the API"), "ms", { parley: [cpuMs.api] }),
    figure("cpu-worker", what("its worker"), "ms", { parley: [cpuMs.workers] }),
  ];
}

function figure(id: string, what: string, unit: string, values: Figure["values"]): Figure {
  return { id: `simulate/${id}`, what, unit, better: "less", values };
}
