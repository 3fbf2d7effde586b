import { Migrator } from "@mikro-orm/migrations";
import { defineConfig } from "@mikro-orm/postgresql";
import { fileURLToPath } from "node:url";
import { connectionOptions } from "../../postgres/connection-options.ts";
import { entities } from "./entities/entities.ts";

/** MikroORM's options in this project: the same for the services, the migrations and the drift check. */
export function ormOptions(databaseUrl: string, log: (message: string) => void = () => undefined) {
  return defineConfig({
    clientUrl: databaseUrl,
    // MikroORM passes on only host, user and database of the URL. These options add sslmode and all other settings.
    driverOptions: connectionOptions(databaseUrl),
    entities,
    logger: log,
    colors: false,
    extensions: [Migrator],
    // By default MikroORM asks PostgreSQL at start whether the database exists, and fails while PostgreSQL is down.
    ensureDatabase: false,
    // BullMQ keeps its own tables in this database. Without this the schema generator would drop them.
    schemaGenerator: { ignoreSchema: ["bullmq"] },
    migrations: {
      path: fileURLToPath(new URL("../../../migrations", import.meta.url)),
      glob: "*.ts",
      tableName: "migrations",
      snapshot: false,
    },
  });
}
