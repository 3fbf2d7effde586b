import { startEmbeddedPostgres } from "../../embedded-postgres/embedded-postgres.ts";
import { quietLog } from "../fixtures/quiet-log.ts";

/**
 * An embedded PostgreSQL whose owner can be killed: `node postgres-holder-main.ts <data folder>`. Prints its URL and
 * process id as one line of JSON when it is ready; SIGTERM shuts it down in order.
 */
const [, , dataDir = ""] = process.argv;
const { url, pid, stop } = await startEmbeddedPostgres({ dataDir, log: quietLog() });
process.stdout.write(`${JSON.stringify({ url, pid })}\n`);
process.once("SIGTERM", () => void stop());
