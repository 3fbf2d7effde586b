import { randomBytes } from "node:crypto";
import { dropDatabase, runAsAdmin, urlOfDatabase } from "../../shared/testing/stores/postgres-admin.ts";
import { openPostgresServer } from "../../shared/testing/stores/postgres-server.ts";

/** Creates an empty database in the PostgreSQL of the tests; disposing of it removes both. */
export async function openTestingDatabase(): Promise<{ url: string } & AsyncDisposable> {
  const server = await openPostgresServer();
  const name = `parley_image_${randomBytes(4).toString("hex")}`;
  await runAsAdmin(server.adminUrl, `create database ${name}`);
  return {
    url: urlOfDatabase(server.adminUrl, name),
    [Symbol.asyncDispose]: async () => {
      await dropDatabase(server.adminUrl, name);
      await server.close();
    },
  };
}
