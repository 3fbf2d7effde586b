import { v4 } from "uuid";
import { reportOpenCircuits } from "../../../shared/db/operators/circuit-reports.ts";
import { repeat } from "./repeat.ts";
import type { WorkerContext } from "../worker-context.ts";

const everyMs = 5000;

/**
 * Lets `GET /health`, which another process answers, show what this worker knows of its providers.
 * @returns ends it
 */
export function reportCircuits({ db, circuits, log }: WorkerContext): () => Promise<void> {
  const workerId = v4();
  return repeat(everyMs, async () => {
    await reportOpenCircuits(db.pool, workerId, circuits.open).catch((error: unknown) => {
      log.debug({ err: error }, "circuits not reported");
    });
  });
}
