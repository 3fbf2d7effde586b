import type { ChildProcess } from "node:child_process";

export interface SoakedProcess {
  name: string;
  /** Memory retained after forced collections; see `shared/testing/processes/heap-probe.ts`. */
  heapBytes(): Promise<number>;
}

export interface SoakOptions {
  chats: number;
  /** Each visitor has one chat at a time. */
  visitors: readonly { chat(number: number): Promise<void> }[];
  processes: readonly SoakedProcess[];
}

/** Heap of one process after each quarter of a soak, in bytes. */
export interface SoakedHeap {
  name: string;
  quarters: number[];
  /** Bytes retained for each chat of the service, over the second half. */
  bytesPerChat: number;
  /** Ratio of the last quarter to the second. */
  growth: number;
}

/** Maximum ratio of the last quarter to the second, of {@link chatsForGrowth} chats and more. */
export const maxGrowth = 1.05;
const chatsForGrowth = 2000;
export const maxBytesPerChat = 0.2 * 1024;

/** Maximum ratio of the last quarter to the second: of fewer chats a smaller one, so that it finds the same leak. */
export function maxGrowthOf(chats: number): number {
  return 1 + (maxGrowth - 1) * Math.min(1, chats / chatsForGrowth);
}

/** Preload for the measured processes. */
export const heapProbeOption = `--import=${new URL("../../shared/testing/processes/heap-probe.ts", import.meta.url).href}`;

const quarters = 4;
/** Number of readings: one taken while the last chats are being cleaned up includes temporary memory. */
const looks = 3;

/** Runs many chats, and after each quarter reads the retained memory of every process. */
export async function soak({ chats, visitors, processes }: SoakOptions): Promise<SoakedHeap[]> {
  const heaps = processes.map(({ name }) => ({ name, quarters: [] as number[] }));
  let begun = 0;
  for (let quarter = 1; quarter <= quarters; quarter++) {
    const until = Math.round((chats * quarter) / quarters);
    await Promise.all(
      visitors.map(async (visitor) => {
        while (begun < until) await visitor.chat(begun++);
      }),
    );
    for (const [index, process] of processes.entries()) {
      const seen: number[] = [];
      while (seen.length < looks) seen.push(await process.heapBytes());
      heaps[index]?.quarters.push(Math.min(...seen));
    }
  }
  return heaps.map(({ name, quarters: [first = 0, second = 0, third = 0, last = 0] }) => ({
    name,
    quarters: [first, second, third, last],
    bytesPerChat: (last - second) / (chats / 2),
    growth: last / second,
  }));
}

/** Queries a process started with {@link heapProbeOption} and an IPC channel. */
export function askHeap(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const hear = (message: { heapBytes?: number }) => {
      if (message.heapBytes === undefined) return;
      child.off("message", hear);
      resolve(message.heapBytes);
    };
    child.on("message", hear);
    child.send({ probe: "heap" }, (error) => error && reject(error));
  });
}
