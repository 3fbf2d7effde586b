import type { KeyReport } from "../../../shared/db/jobs/call-faults.ts";
import type { Logger } from "../../../shared/logger.ts";
import { Circuit } from "./circuit.ts";
import type { Provider } from "./provider.ts";

/** Circuits by provider, shared by all jobs of this process. */
export class Circuits {
  readonly #circuits = new Map<string, Circuit>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  of(provider: Provider): Circuit {
    const circuit = this.#circuits.get(provider.name) ?? new Circuit(provider, this.#log);
    this.#circuits.set(provider.name, circuit);
    return circuit;
  }

  /** Names of the providers skipped now. */
  get open(): string[] {
    return [...this.#circuits].filter(([, circuit]) => circuit.isOpen).map(([name]) => name);
  }

  /** State of each key that was used. */
  get keys(): KeyReport[] {
    return [...this.#circuits].map(([provider, { key }]) => ({ provider, ...key.ages }));
  }

  /** Number of times since the start of this process. */
  timesOpened(provider: string): number {
    return this.#circuits.get(provider)?.timesOpened ?? 0;
  }

  close(): void {
    for (const circuit of this.#circuits.values()) circuit.close();
  }
}
