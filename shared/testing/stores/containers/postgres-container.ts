import { PostgreSqlContainer } from "@testcontainers/postgresql";
import { Wait } from "testcontainers";
import { images } from "./stores-in-use.ts";

/** Folder of the data, in memory. The images of PostgreSQL 18 and of older ones have different default folders. */
const dataDir = "/parley-data";

/** Starts a PostgreSQL in a container, for databases that do not outlive the run. */
export async function startPostgresContainer(
  settings: Record<string, string>,
): Promise<{ url: string; stop: () => Promise<void> }> {
  const image = images.postgres();
  const container = await new PostgreSqlContainer(image)
    .withUsername("postgres")
    .withDatabase("postgres")
    .withEnvironment({ PGDATA: dataDir })
    .withTmpFs({ [dataDir]: "rw" })
    // Docker's default of 64 MB is too little for parallel queries.
    .withSharedMemorySize(256 * 1024 ** 2)
    .withCommand(["postgres", ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])])
    // The image starts the server once to prepare it, and then for good.
    .withWaitStrategy(Wait.forLogMessage(/database system is ready to accept connections/, 2))
    .start()
    .catch((cause: Error) => {
      throw new Error(`${image} does not start (${cause.message}; local servers: TEST_STORES=local)`, { cause });
    });
  return { url: container.getConnectionUri(), stop: async () => void (await container.stop()) };
}
