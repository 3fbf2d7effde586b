import { expect, it } from "vitest";
import { openDatabase } from "../db/database.ts";
import { migrate } from "../db/schema/migrate.ts";
import { Lifecycle } from "../process/lifecycle.ts";
import { makeCertificates, opensslAvailable } from "../testing/fixtures/certificates.ts";
import { startEncryptedPostgres } from "../testing/stores/encrypted-postgres.ts";
import { quietLog } from "../testing/fixtures/quiet-log.ts";
import { openJobContext } from "./open-job-context.ts";

it.skipIf(!opensslAvailable)(
  "every connection to PostgreSQL is encrypted and verified if its URL asks for it",
  { timeout: 60_000 },
  async () => {
    await using certificates = await makeCertificates();
    await using server = await startEncryptedPostgres(certificates);
    const untrusted = `${server.url}?sslmode=verify-full`;
    const url = `${untrusted}&sslrootcert=${encodeURIComponent(certificates.ca)}`;

    await expect(migrate(untrusted)).rejects.toThrow(/certificate/);
    const db = openDatabase(untrusted, quietLog());
    await expect(db.pool.query("select 1")).rejects.toThrow(/certificate/);
    await db.close();

    await migrate(url);
    const lifecycle = new Lifecycle(quietLog());
    try {
      const context = await openJobContext({ DATABASE_URL: url, REDIS_URL: undefined }, { log: quietLog(), lifecycle });
      await context.live.listen("01a2021f-b228-7201-8647-4b86be9ed3f2", () => undefined);
      await context.queue.counts();
      const { rows } = await context.db.pool.query(
        `select distinct ssl from pg_stat_ssl join pg_stat_activity using (pid) where backend_type = 'client backend'`,
      );
      expect(rows).toEqual([{ ssl: true }]);
      const { rows: connections } = await context.db.pool.query(
        `select pid from pg_stat_activity where backend_type = 'client backend'`,
      );
      // The statements', the queue's, and the one that listens.
      expect(connections.length).toBeGreaterThanOrEqual(3);
    } finally {
      await lifecycle.close(2000);
    }
  },
);
