import { startFakeProvider } from "./fake-provider.ts";
import type { Script, Step } from "./fake-script.ts";

/**
 * The fake provider as a process of its own, for benches and for trying Parley by hand:
 * `PORT=7001 FIRST_MS=300 INTER_MS=20 TOKENS=50 node shared/testing/fake-provider-main.ts`.
 * A model named `fake-<first>-<inter>-<tokens>` sets the pace of one call; `GET /stats` counts them.
 */
interface Pace {
  firstMs: number;
  interMs: number;
  tokens: number;
}

const { PORT = "7001", FIRST_MS = "0", INTER_MS = "0", TOKENS = "50", TOKEN = " word" } = process.env;
const usual: Pace = { firstMs: Number(FIRST_MS), interMs: Number(INTER_MS), tokens: Number(TOKENS) };

const fake = await startFakeProvider({
  port: Number(PORT),
  record: false,
  script: ({ model }): Script => ({ steps: paced(paceOf(model)) }),
});
process.stdout.write(`fake provider at ${fake.url}, ${JSON.stringify(usual)}\n`);
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void fake.close());

function paceOf(model: string): Pace {
  const [, first, inter, tokens] = /^fake-(\d+)-(\d+)-(\d+)$/.exec(model) ?? [];
  if (first === undefined) return usual;
  return { firstMs: Number(first), interMs: Number(inter), tokens: Number(tokens) };
}

function* paced({ firstMs, interMs, tokens }: Pace): Generator<Step> {
  if (firstMs > 0) yield { waitMs: firstMs };
  for (let i = 0; i < tokens; i++) {
    if (i > 0 && interMs > 0) yield { waitMs: interMs };
    yield TOKEN;
  }
}
