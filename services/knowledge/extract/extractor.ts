import { Worker } from "node:worker_threads";
import type { Extraction, ExtractionInput } from "./extraction.ts";

interface ExtractionLimits {
  /** Longest time for one page, in milliseconds. */
  timeoutMs: number;
  /** Largest file in bytes, or largest text in UTF-16 units. */
  maxSize: number;
  /** JavaScript heap of the thread, in megabytes. Texts and trees of a page live there. */
  memoryMb: number;
}

const defaultLimits: ExtractionLimits = { timeoutMs: 10_000, maxSize: 20_000_000, memoryMb: 512 };
/** Deeply nested pages need more than the 4 MB of a thread. */
const stackMb = 8;

export interface Extractor {
  /** Reads one page or file. Never rejects: a page that cannot be read gives the reason. Calls wait for each other. */
  extract: (input: ExtractionInput) => Promise<Extraction>;
  close: () => Promise<void>;
}

/** Reads pages in a thread with limits of time, size and memory. A page that exceeds them ends its thread alone. */
export function openExtractor(limits: Partial<ExtractionLimits> = {}): Extractor {
  const bounds = { ...defaultLimits, ...limits };
  let thread: Worker | undefined;
  let last: Promise<unknown> = Promise.resolve();

  const extractNow = async (input: ExtractionInput): Promise<Extraction> => {
    const size = "text" in input ? input.text.length : input.bytes.byteLength;
    if (size > bounds.maxSize) return { failed: `larger than ${bounds.maxSize} bytes` };
    const used = (thread ??= startThread(bounds.memoryMb));
    const answer = await askThread(used, input, bounds);
    if (answer.ended) {
      thread = undefined;
      await used.terminate();
    }
    return answer.extraction;
  };

  return {
    extract: (input) => {
      const next = last.then(() => extractNow(input));
      last = next.catch(() => undefined);
      return next;
    },
    close: async () => {
      await last;
      await thread?.terminate();
      thread = undefined;
    },
  };
}

function startThread(memoryMb: number): Worker {
  const thread = new Worker(new URL("extract-thread-main.ts", import.meta.url), {
    // The thread reads text of strangers: it gets no secrets, and nothing that is preloaded.
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: 32, stackSizeMb: stackMb },
  });
  thread.unref();
  // An error that comes while the thread is ended has no other listener.
  thread.on("error", ignoreError);
  return thread;
}

interface ThreadAnswer {
  extraction: Extraction;
  /** The thread is dead or busy with a page that takes too long. */
  ended: boolean;
}

async function askThread(
  thread: Worker,
  input: ExtractionInput,
  { timeoutMs, memoryMb }: ExtractionLimits,
): Promise<ThreadAnswer> {
  const { promise, resolve } = Promise.withResolvers<ThreadAnswer>();
  const fail = (failed: string) => resolve({ extraction: { failed }, ended: true });
  const onMessage = (extraction: Extraction) => resolve({ extraction, ended: false });
  const onError = (error: NodeJS.ErrnoException) => {
    const isMemory = error.code === "ERR_WORKER_OUT_OF_MEMORY";
    fail(isMemory ? `takes more than ${memoryMb} MB of memory` : `cannot be read: ${error.message}`);
  };
  const onExit = () => fail("cannot be read: its thread ended");
  const timer = setTimeout(() => fail(`takes longer than ${timeoutMs} ms`), timeoutMs);
  thread.on("message", onMessage).on("error", onError).on("exit", onExit);
  thread.postMessage(input, []);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    thread.off("message", onMessage).off("error", onError).off("exit", onExit);
  }
}

function ignoreError(): void {
  // The page has its answer.
}
