import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";

export interface Binaries {
  /** Absolute paths. */
  initdb: string;
  postgres: string;
}

/**
 * Finds the PostgreSQL that npm installed for this platform.
 * @throws {EmbeddedPostgresError} if there is none
 */
export async function findBinaries(
  platform: string = process.platform,
  arch: string = process.arch,
): Promise<Binaries> {
  const name = `@embedded-postgres/${platform}-${arch}`;
  let found: unknown;
  try {
    found = await import(name);
  } catch (error) {
    throw new EmbeddedPostgresError(
      `There is no embedded PostgreSQL for ${platform} on ${arch} here (npm package ${name}).\n` +
        "Set DATABASE_URL to a PostgreSQL server of your own, in the environment or in .env. If you installed with\n" +
        "--omit=optional, install again without it.",
      { cause: error },
    );
  }
  if (!hasPaths(found)) throw new EmbeddedPostgresError(`The npm package ${name} does not say where its programs are`);
  return found;
}

function hasPaths(found: unknown): found is Binaries {
  return (
    typeof found === "object" &&
    found !== null &&
    "initdb" in found &&
    typeof found.initdb === "string" &&
    "postgres" in found &&
    typeof found.postgres === "string"
  );
}
