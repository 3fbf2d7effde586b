import { setTimeout as sleep } from "node:timers/promises";
import { sum } from "../numbers.ts";

export interface Loop<T> {
  results: T[];
  /** Results per second, summed over the clients: each counts its own time, so that no end is cut off. */
  rate: number;
}

interface LoopOptions {
  /** No client begins anything new after this. */
  ms: number;
  /** Nor after so many results. */
  most?: number;
  /** The clients begin one after the other over this time, as visitors do who know nothing of each other. */
  spreadMs?: number;
}

/** Lets each client do the same again and again. */
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
