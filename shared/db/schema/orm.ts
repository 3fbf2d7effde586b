import { Migrator } from "@mikro-orm/migrations";
import { defineConfig } from "@mikro-orm/postgresql";
import { fileURLToPath } from "node:url";
import { connectionOptions } from "../../postgres/connection-options.ts";
import { entities } from "./entities.ts";

/** How MikroORM stands in this project: the same for the services, the migrations and the drift check. */
export function ormOptions(databaseUrl: string, log: (message: string) => void = () => undefined) {
  return defineConfig({
    clientUrl: databaseUrl,
    // Of the URL MikroORM passes on host, user and database alone; sslmode and all other settings stand in here.
    driverOptions: connectionOptions(databaseUrl),
    entities,
    logger: log,
    colors: false,
    extensions: [Migrator],
    // Else opening it asks PostgreSQL whether the database exists, and fails while PostgreSQL is away.
    ensureDatabase: false,
    // BullMQ keeps its own tables beside ours; without this the schema generator would drop them.
    schemaGenerator: { ignoreSchema: ["bullmq"] },
    migrations: {
      path: fileURLToPath(new URL("../../../migrations", import.meta.url)),
      glob: "*.ts",
      tableName: "migrations",
      snapshot: false,
    },
  });
}
