import { tmpdir, userInfo } from "node:os";
import { RedisContainer } from "@testcontainers/redis";
import { getContainerRuntimeClient, Wait } from "testcontainers";
import type { RedisProcess } from "../redis-process.ts";
import { images } from "./stores-in-use.ts";

/**
 * Redis without published ports: it listens at the host's addresses, as a local server does. Nodes of a Cluster and
 * Sentinels tell clients those addresses.
 */
class HostRedisContainer extends RedisContainer {
  constructor(image: string) {
    super(image);
    this.exposedPorts = [];
    this.createOpts.ExposedPorts = {};
    this.hostConfig.PortBindings = {};
    this.withNetworkMode("host");
  }
}

/**
 * Starts a Redis in a container; resolves when its log says that it is ready. The arguments are those of a local
 * server, since network, folders and account are the host's.
 * @throws with the log when the server ends at its start
 */
export async function startRedisContainer(args: string[], readyLine: RegExp): Promise<RedisProcess> {
  const image = images.redis();
  const client = await getContainerRuntimeClient();
  let log = "";
  const container = await new HostRedisContainer(image)
    .withEntrypoint([image.includes("valkey") ? "valkey-server" : "redis-server"])
    .withCommand(args)
    .withUser(await accountInside())
    .withBindMounts([{ source: tmpdir(), target: tmpdir() }])
    .withLogConsumer((lines) => lines.on("data", (text) => (log = (log + String(text)).slice(-10_000))))
    .withWaitStrategy(Wait.forLogMessage(readyLine))
    .start()
    .catch((cause: Error) => {
      throw new Error(`${image} does not start (${cause.message}; local servers: TEST_STORES=local)\n${log}`, {
        cause,
      });
    });
  const handle = client.container.getById(container.getId());
  const { State } = await handle.inspect();
  const exited = handle.wait().then(() => container.stop());
  // A run that is killed leaves the removal to the engine's reaper.
  exited.catch(() => undefined);
  return processOf(State.Pid, exited);
}

/** The first process of the container, which is visible on its host. */
function processOf(pid: number, exited: Promise<unknown>): RedisProcess {
  let ended = false;
  const killWithUs = () => void process.kill(pid, "SIGKILL");
  process.once("exit", killWithUs);
  const done = exited.then(() => {
    ended = true;
    process.off("exit", killWithUs);
  });
  return {
    kill: (signal) => {
      if (!ended) process.kill(pid, signal);
    },
    exited: done,
  };
}

/** Account that is ours outside: the same one, or root where an engine without root maps that to us. */
async function accountInside(): Promise<string> {
  const { container } = await getContainerRuntimeClient();
  const { SecurityOptions: options } = (await container.dockerode.info()) as { SecurityOptions?: string[] };
  const { uid, gid } = userInfo();
  return options?.some((option) => option.includes("rootless")) === true ? "0:0" : `${uid}:${gid}`;
}
