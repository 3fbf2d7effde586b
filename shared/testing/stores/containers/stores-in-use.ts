import { redisServer } from "../../requirements.ts";
import type { StoresChoice } from "./choose-stores.ts";

// `global-setup.ts` writes its choice into the environment, which the test processes inherit. Programs that run
// without Vitest use local servers, unless the person who starts them sets the variable.

/** True if PostgreSQL and Redis come from containers. */
export function usesContainers(): boolean {
  return process.env["TEST_STORES"] === "containers";
}

/** Images of the servers; the tests of an older or a related server name another one. */
export const images = {
  postgres: () => process.env["TEST_POSTGRES_IMAGE"] ?? "postgres:18",
  redis: () => process.env["TEST_REDIS_IMAGE"] ?? "redis:7",
};

/** Makes a choice that of this process and of those it starts. */
export function useStores({ stores, socket }: StoresChoice): void {
  process.env["TEST_STORES"] = stores;
  if (socket === undefined) return;
  // Testcontainers would look for an engine in its own order, without a time limit,
  process.env["DOCKER_HOST"] = `unix://${socket}`;
  // and takes a machine with a file /.dockerenv for a container, whose host is the gateway of its network.
  process.env["TESTCONTAINERS_HOST_OVERRIDE"] = "127.0.0.1";
}

/** Describes the stores of a run in one line. */
export function describeStores({ stores, reason }: StoresChoice): string {
  const given = (process.env["DATABASE_URL"] ?? "") !== "";
  const contained = stores === "containers";
  const postgres = given ? "PostgreSQL of DATABASE_URL" : contained ? images.postgres() : "embedded PostgreSQL";
  const redis = contained ? images.redis() : (redisServer.path ?? "no Redis");
  return `Stores (${stores}): ${postgres}, ${redis}; ${reason}`;
}
