import { v4 } from "uuid";
import { endProviderReport, reportProviders as report } from "../../../shared/db/operators/provider-reports.ts";
import { describeProviders } from "../../../shared/assistants/provider-catalog.ts";
import { repeat } from "./repeat.ts";
import type { WorkerContext } from "../worker-context.ts";

const everyMs = 30_000;

/**
 * Tells the APIs, which have no keys, what this worker has. The first report is there when this resolves: who starts a worker,
 * and asks an API then, is told of it.
 * @returns ends it
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
    what.catch((error: unknown) => log.debug({ err: error }, "providers not reported"));
  const once = () => tell(report(db.pool, workerId, providers));
  await once();
  const stop = repeat(everyMs, once);
  return async () => {
    await stop();
    await tell(endProviderReport(db.pool, workerId));
  };
}
