import type { ChildProcess } from "node:child_process";

export interface SoakedProcess {
  name: string;
  /** What it keeps now, after forced collections; see `shared/testing/processes/heap-probe.ts`. */
  heapBytes(): Promise<number>;
}

export interface SoakOptions {
  chats: number;
  /** Each has one chat at a time. */
  visitors: readonly { chat(number: number): Promise<void> }[];
  processes: readonly SoakedProcess[];
}

/** The heap of one process after each quarter of a soak, in bytes. */
export interface SoakedHeap {
  name: string;
  quarters: number[];
  /** Bytes that stay for each chat of the service, over the second half. */
  bytesPerChat: number;
  /** The last quarter beside the second. */
  growth: number;
}

/** From the second quarter to the last. */
export const maxGrowth = 1.05;
export const maxBytesPerChat = 0.2 * 1024;

/** A preload for the processes that are looked at. */
export const heapProbeOption = `--import=${new URL("../../shared/testing/processes/heap-probe.ts", import.meta.url).href}`;

const quarters = 4;
/** A look while the last chats are still being put away sees more than is kept. */
const looks = 3;

/** Has many chats and reads after each quarter of them what every process keeps. */
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

/** Asks a process that was started with {@link heapProbeOption} and an IPC channel. */
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
