import type { ServiceProcess } from "./processes.ts";
import { eventually } from "./suite.ts";

/** Environment of a process that can report its live memory. */
export const withLiveBytes: Readonly<Record<string, string>> = {
  NODE_OPTIONS: `--import ${new URL("live-bytes.ts", import.meta.url).href}`,
};

/**
 * Reads the memory without garbage of a process started `withLiveBytes`.
 * @param time 1 for the first reading, and so on
 */
export async function readLiveBytes(asked: ServiceProcess | undefined, time: number): Promise<number> {
  asked?.signal("SIGUSR2");
  const line = new RegExp(`^live bytes, time ${time}: (\\d+)$`, "m");
  return Number(await eventually("the process says what it holds", () => line.exec(asked?.output ?? "")?.[1]));
}
