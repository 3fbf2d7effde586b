import { createFaults, scriptOf } from "./fake-faults.ts";
import {
  type FakeProviderOptions,
  fakeProviderHelp,
  FakeProviderOptionsError,
  readFakeProviderOptions,
} from "./options.ts";
import { type FakeProvider, type FakeRequest, startFakeProvider } from "./fake-provider.ts";
import { paceOf } from "./fake-replies.ts";
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
  const script = ({ model, path }: FakeRequest): Script => {
    number++;
    const fault = nextFault();
    if (fault !== undefined) say(`call ${number}, ${path}: ${fault}\n`);
    const errorBody = (status: number) => findWire(path)?.error(status, "The fake provider was told to fail.") ?? "";
    return scriptOf(fault, { pace: paceOf(model, options), number, errorBody });
  };
  try {
    return await startFakeProvider({ port: options.port, record: false, script });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    throw new FakeProviderOptionsError(`--port: ${options.port} is in use, by another fake provider perhaps`);
  }
}

function welcome(options: FakeProviderOptions, origin: string): string {
  const { firstMs, interMs, tokens, faultRate, faults, seed } = options;
  const wrong =
    faultRate === 0 || faults.length === 0
      ? "No call goes wrong (--fault-rate 0.3 changes that)."
      : `Of 100 calls ${Math.round(faultRate * 100)} go wrong: ${faults.join(", ")} (seed ${seed}).`;
  return `The fake provider listens at ${origin}. Ctrl-C ends it, --help shows its options.
A reply begins after ${firstMs} ms and has ${tokens} tokens, ${interMs} ms from each to the next.
${wrong}

Let Parley use it, by one of the APIs that it speaks, with these lines in .env or before npm start:

  # chat completions
  COMPATIBLE_BASE_URL=${origin}/v1

  # messages
  ANTHROPIC_BASE_URL=${origin}
  ANTHROPIC_API_KEY=fake

  # responses and conversations
  OPENAI_BASE_URL=${origin}/v1
  OPENAI_API_KEY=fake

  # assistants: these two as well, and "provider": "openai-assistants" for an assistant in config/assistants.json
  OPENAI_ASSISTANT_ID=asst_fake

To see one provider take over from another, start a second fake with --port, let another API use it, and name the
provider of that API under "fallback" in config/assistants.json.

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
