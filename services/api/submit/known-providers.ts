import type { Pool } from "pg";
import { readProviderReports, type ReportedProvider } from "../../../shared/db/operators/provider-reports.ts";
import { cachedFor } from "../../../shared/async/cached-for.ts";
import { within } from "../../../shared/async/within.ts";
import type { Logger } from "../../../shared/logger.ts";
import type { ProviderInfo } from "../../../shared/protocol/service.ts";

/** Reads the reports at most once in this time, however many requests ask. */
const freshMs = 1000;
const timeoutMs = 1000;

interface ProviderSources {
  pool: Pool;
  /** Providers by the settings of this process, used until a worker has reported. */
  own: readonly ProviderInfo[];
  log: Logger;
}

/** Providers that may be chosen, as reported by the workers: they have the keys, an API does not. */
export class KnownProviders {
  readonly #sources: ProviderSources;
  #last: readonly ProviderInfo[];

  constructor(sources: ProviderSources) {
    this.#sources = sources;
    this.#last = sources.own;
  }

  readonly #look = cachedFor(freshMs, async () => {
    const { pool, own } = this.#sources;
    const reports = await within(timeoutMs, readProviderReports(pool));
    this.#last = reports.length === 0 ? own : own.map((provider) => merge(provider, reports));
  });

  /** Returns the last known providers while PostgreSQL is down. */
  async read(): Promise<readonly ProviderInfo[]> {
    await this.#look().catch((error: unknown) => {
      this.#sources.log.debug({ err: error }, "could not read the reports of providers");
    });
    return this.#last;
  }

  /** @returns the names of the available providers */
  async names(): Promise<string[]> {
    return (await this.read()).filter(({ available }) => available).map(({ name }) => name);
  }
}

/** Available if at least one worker can use it: during an update some workers have a key that others lack. */
function merge(provider: ProviderInfo, reports: readonly ReportedProvider[][]): ProviderInfo {
  const { name, capabilities } = provider;
  const said = reports.flatMap((report) => report.filter((each) => each.name === name));
  const [best] = said.toSorted((one, other) => Number(other.available) - Number(one.available));
  if (best?.available) return { name, model: best.model, available: true, capabilities };
  const reason = best?.reason === "retired" ? "retired" : "not_configured";
  return { name, model: best?.model ?? provider.model, available: false, reason, capabilities };
}
