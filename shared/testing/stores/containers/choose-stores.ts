import { homedir, hostname, release } from "node:os";
import { join } from "node:path";
import { type Engine, engineAnswerMs, probeEngine } from "./engine.ts";

/** Source of the PostgreSQL and the Redis that tests use. */
export interface StoresChoice {
  stores: "containers" | "local";
  /** Unix socket of the engine; with `containers` only. */
  socket?: string;
  /** Reason for the choice, to be printed. */
  reason: string;
}

interface Surroundings {
  env: Record<string, string | undefined>;
  /** Unix sockets to ask when `DOCKER_HOST` names none. */
  sockets?: string[];
  limitMs?: number;
}

/**
 * Chooses containers where an engine of this machine answers, otherwise local servers. `TEST_STORES` forces one.
 * @throws when `TEST_STORES` is neither, or demands containers where none can run
 */
export async function chooseStores(surroundings: Surroundings): Promise<StoresChoice> {
  const wanted = surroundings.env["TEST_STORES"] ?? "";
  if (!["", "containers", "local"].includes(wanted)) {
    throw new Error(`TEST_STORES is ${JSON.stringify(wanted)}; it may be containers, local, or not set`);
  }
  if (wanted === "local") return { stores: "local", reason: "TEST_STORES=local" };
  try {
    const { socket } = await findEngine(surroundings);
    return { stores: "containers", socket, reason: `container engine at ${socket}` };
  } catch (error) {
    const { message: reason } = error as Error;
    if (wanted === "") return { stores: "local", reason };
    throw new Error(
      `TEST_STORES=containers, but ${reason}. Start an engine on this machine (systemctl start docker, or ` +
        "podman system service --time=0 unix:///path), set DOCKER_HOST=unix:///path if it listens elsewhere, " +
        "or set TEST_STORES=local to use local servers",
      { cause: error },
    );
  }
}

/** @throws with the reason when no engine can run the servers of the tests */
async function findEngine(surroundings: Surroundings): Promise<Engine> {
  const { limitMs = engineAnswerMs } = surroundings;
  // All are asked at once, and the first of the list that answers is taken.
  const probes = socketsToAsk(surroundings).map((socket) => probeEngine(socket, limitMs).then(requireThisHost));
  const faults: string[] = [];
  for (const probe of await Promise.allSettled(probes)) {
    if (probe.status === "fulfilled") return probe.value;
    faults.push((probe.reason as Error).message);
  }
  throw new Error(`no container engine can be used (${faults.join("; ")})`);
}

/**
 * Servers use the network, the folders and the process ids of their host, so this process has to be there too, and not
 * in a container or outside the engine's virtual machine.
 */
function requireThisHost(engine: Engine): Engine {
  if (engine.host === hostname() && engine.kernel === release()) return engine;
  throw new Error(`${engine.socket} runs containers on another host, ${engine.host} with kernel ${engine.kernel}`);
}

function socketsToAsk({ env, sockets }: Surroundings): string[] {
  const host = env["DOCKER_HOST"] ?? "";
  if (host.startsWith("unix://")) return [host.slice("unix://".length)];
  if (host !== "") throw new Error(`DOCKER_HOST=${host} names no Unix socket of this machine`);
  return sockets ?? usualSockets(env);
}

/** Sockets of Docker and Podman, of the system and of this account. */
function usualSockets(env: Surroundings["env"]): string[] {
  const runtime = env["XDG_RUNTIME_DIR"] ?? "";
  return [
    "/var/run/docker.sock",
    ...(runtime === "" ? [] : [join(runtime, "docker.sock"), join(runtime, "podman/podman.sock")]),
    join(homedir(), ".docker/run/docker.sock"),
    "/run/podman/podman.sock",
  ];
}
