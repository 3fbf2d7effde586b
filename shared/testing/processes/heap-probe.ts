import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Preloaded into a process (`node --import`), so that its parent can query its heap over IPC. `--expose-gc` is not
 * allowed in `NODE_OPTIONS`.
 */
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
/** Number of collections. The next one collects objects freed by a finaliser of the previous one. */
const collections = 4;

process.on("message", (message: { probe?: string }) => {
  if (message.probe === "heap") void answer();
});
// An IPC channel with a listener would keep an otherwise idle process alive.
process.channel?.unref();

async function answer(): Promise<void> {
  for (let count = 0; count < collections; count++) {
    collect();
    await setImmediate();
  }
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ heapBytes: heapUsed + external });
}
