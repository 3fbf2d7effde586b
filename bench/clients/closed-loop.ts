import { setTimeout as sleep } from "node:timers/promises";
import { sum } from "../statistics.ts";

export interface Loop<T> {
  results: T[];
  /**
   * Results per second, summed over the clients. Each client is timed on its own, so that no result is cut off at the
   * end.
   */
  rate: number;
}

interface LoopOptions {
  /** Time after which no client begins a new turn. */
  ms: number;
  /** Number of results after which no client begins a new turn. */
  most?: number;
  /** Period over which the clients start one after the other, like independent visitors. */
  spreadMs?: number;
}

/** Repeats a turn on each client. */
export async function closedLoop<Client, T>(
  clients: readonly Client[],
  act: (client: Client) => Promise<T>,
  { ms, most = Number.POSITIVE_INFINITY, spreadMs = 0 }: LoopOptions,
): Promise<Loop<T>> {
  const results: T[] = [];
  const rates = await Promise.all(
    clients.map(async (client, place) => {
      if (spreadMs > 0) await sleep((spreadMs * place) / clients.length);
      const began = performance.now();
      let done = 0;
      do {
        results.push(await act(client));
        done++;
      } while (performance.now() - began < ms && results.length < most);
      return (done * 1000) / (performance.now() - began);
    }),
  );
  return { results, rate: sum(rates) };
}
