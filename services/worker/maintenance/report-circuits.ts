import { v4 } from "uuid";
import { reportOpenCircuits } from "../../../shared/db/operators/circuit-reports.ts";
import { circuitReportEveryMs } from "../../../shared/tunables.ts";
import { repeat } from "../../../shared/async/repeat.ts";
import type { WorkerContext } from "../worker-context.ts";

/**
 * Publishes this worker's circuits and keys, so that `GET /health` and the operators' pages, served by
 * another process, can show them.
 * @returns a function that stops the reports
 */
export function reportCircuits({ db, circuits, log }: WorkerContext): () => Promise<void> {
  const workerId = v4();
  return repeat(circuitReportEveryMs, async () => {
    await reportOpenCircuits(db.pool, workerId, circuits.open, circuits.keys).catch((error: unknown) => {
      log.debug({ err: error }, "could not report open circuits");
    });
  });
}
