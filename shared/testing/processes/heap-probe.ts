import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Preloaded into a process (`node --import`), so that its parent can ask over IPC what it keeps. `--expose-gc` is not
 * allowed in `NODE_OPTIONS`.
 */
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
/** What one collection frees by a finaliser, the next one collects. */
const collections = 4;

process.on("message", (message: { probe?: string }) => {
  if (message.probe === "heap") void answer();
});
// An IPC channel with a listener would keep a process alive that has nothing else to do.
process.channel?.unref();

async function answer(): Promise<void> {
  for (let count = 0; count < collections; count++) {
    collect();
    await setImmediate();
  }
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ heapBytes: heapUsed + external });
}
