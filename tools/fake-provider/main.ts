import { createFaults, scriptOf } from "./fake-faults.ts";
import {
  type FakeProviderOptions,
  fakeProviderHelp,
  FakeProviderOptionsError,
  readFakeProviderOptions,
} from "./options.ts";
import { type FakeProvider, type FakeRequest, startFakeProvider } from "./fake-provider.ts";
import { paceOf } from "./fake-replies.ts";
import { stepsWithTools } from "./fake-tool-calls.ts";
import type { Script } from "./fake-script.ts";
import { findWire } from "./wire/wires.ts";

/** Runs the fake provider as its own process, for people (`npm run fake-provider -- --help`) and for benches. */
async function main(): Promise<void> {
  const options = readFakeProviderOptions(process.argv.slice(2), process.env);
  if (options === "help") return say(fakeProviderHelp);
  const fake = await start(options);
  say(welcome(options, new URL(fake.url).origin));
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void fake.close());
}

async function start(options: FakeProviderOptions): Promise<FakeProvider> {
  const nextFault = createFaults(options);
  let number = 0;
  const script = (request: FakeRequest): Script => {
    const { model, path } = request;
    number++;
    const fault = nextFault();
    const steps = fault === undefined ? stepsWithTools(request) : undefined;
    if (steps) return { steps: [{ waitMs: paceOf(model, options).firstMs }, ...steps] };
    if (fault !== undefined) say(`call ${number}, ${path}: ${fault}\n`);
    const errorBody = (status: number) => findWire(path)?.error(status, "The fake provider injected this fault.") ?? "";
    return scriptOf(fault, { pace: paceOf(model, options), number, errorBody });
  };
  try {
    return await startFakeProvider({ port: options.port, record: false, script });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    throw new FakeProviderOptionsError(`--port: ${options.port} is in use, perhaps by another fake provider`);
  }
}

function welcome(options: FakeProviderOptions, origin: string): string {
  const { firstMs, interMs, tokens, faultRate, faults, seed } = options;
  const wrong =
    faultRate === 0 || faults.length === 0
      ? "No call fails (--fault-rate 0.3 changes that)."
      : `${Math.round(faultRate * 100)} % of the calls fail: ${faults.join(", ")} (seed ${seed}).`;
  return `The fake provider listens at ${origin}. Press Ctrl-C to stop it. --help shows its options.
A reply begins after ${firstMs} ms and has ${tokens} tokens, one every ${interMs} ms.
${wrong}

To connect Parley, set one of these APIs in .env or in the environment of npm start:

  # chat completions
  COMPATIBLE_BASE_URL=${origin}/v1

  # messages
  ANTHROPIC_BASE_URL=${origin}
  ANTHROPIC_API_KEY=fake

  # responses and conversations
  OPENAI_BASE_URL=${origin}/v1
  OPENAI_API_KEY=fake

  # assistants: these two as well, and set "provider": "openai-assistants" of an assistant in config/assistants.json
  OPENAI_ASSISTANT_ID=asst_fake

To try failover, start a second fake provider with --port, connect it by another API, and name the provider of that
API under "fallback" in config/assistants.json.

`;
}

function say(text: string): void {
  process.stdout.write(text);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof FakeProviderOptionsError)) throw error;
  process.stderr.write(`${error.message}\nnpm run fake-provider -- --help shows the options.\n`);
  process.exitCode = 2;
}
