import { v4 } from "uuid";
import { endProviderReport, storeProviderReport } from "../../../shared/db/operators/provider-reports.ts";
import { describeProviders } from "../../../shared/assistants/provider-catalog.ts";
import { providerReportEveryMs } from "../../../shared/tunables.ts";
import { repeat } from "../../../shared/async/repeat.ts";
import type { WorkerContext } from "../worker-context.ts";

/**
 * Publishes this worker's providers to the APIs, which have no keys. The first report is stored when this resolves, so
 * an API that is asked after the start already knows it.
 * @returns a function that stops the reports
 */
export async function reportProviders({ db, config, log }: WorkerContext): Promise<() => Promise<void>> {
  const workerId = v4();
  const providers = describeProviders(config).map(({ name, model, available, reason }) => ({
    name,
    model,
    available,
    reason,
  }));
  const tell = (what: Promise<void>) =>
    what.catch((error: unknown) => log.debug({ err: error }, "could not report the configured providers"));
  const once = () => tell(storeProviderReport(db.pool, workerId, providers));
  await once();
  const stop = repeat(providerReportEveryMs, once);
  return async () => {
    await stop();
    await tell(endProviderReport(db.pool, workerId));
  };
}
