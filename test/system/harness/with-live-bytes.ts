import type { ServiceProcess } from "./processes.ts";
import { eventually } from "./suite.ts";

/** The environment of a process that can be asked what it really holds. */
export const withLiveBytes: Readonly<Record<string, string>> = {
  NODE_OPTIONS: `--import ${new URL("live-bytes.ts", import.meta.url).href}`,
};

/**
 * What a process started `withLiveBytes` holds, without garbage.
 * @param time 1 for the first time it is asked, and so on
 */
export async function readLiveBytes(asked: ServiceProcess | undefined, time: number): Promise<number> {
  asked?.signal("SIGUSR2");
  const line = new RegExp(`^live bytes, time ${time}: (\\d+)$`, "m");
  return Number(await eventually("the process says what it holds", () => line.exec(asked?.output ?? "")?.[1]));
}
