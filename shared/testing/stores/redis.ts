import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "../processes/free-port.ts";
import { redisServer } from "../requirements.ts";
import { usesContainers } from "./containers/stores-in-use.ts";
import { type RedisProcess, startRedisProcess } from "./redis-process.ts";

/** True if `startRedis` works on this machine; otherwise tests on Redis are skipped. */
export const redisAvailable = usesContainers() || redisServer.path !== undefined;

/** A Redis for one test, empty at start, that can be made to fail. */
export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** SIGKILL: every connection breaks, the data is lost. */
  kill(): Promise<void>;
  /** Restarts it after `kill`, empty, on the same port. */
  restart(): Promise<void>;
  /** SIGSTOP: connections stay open, no request is answered. */
  pause(): void;
  /** SIGCONT, after `pause`. */
  resume(): void;
  /** Ends it for good, in whatever state it is. */
  stop(): Promise<void>;
}

interface RedisOptions {
  /** Settings as in its configuration file, made for the folder and the port of this server. */
  settings?: (place: { folder: string; port: number }) => Promise<Settings> | Settings;
}

type Settings = Record<string, string | string[]>;

/**
 * Starts a Redis on a free port; resolves when it answers.
 * @throws when no `redis-server` or `valkey-server` is on the PATH and none comes from a container, or it does not start
 */
export async function startRedis({ settings = () => ({}) }: RedisOptions = {}): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), "parley-redis-"));
  const spawnOn = async (port: number) => spawnRedis(folder, port, await settings({ folder, port }));
  let running = await spawnOnFreePort(spawnOn);
  const { port } = running;

  const kill = async () => {
    running.server.kill("SIGKILL");
    await running.server.exited;
  };
  const stop = async () => {
    await kill();
    await rm(folder, { recursive: true, force: true });
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    kill,
    restart: async () => {
      await kill();
      running = await spawnOn(port);
    },
    pause: () => running.server.kill("SIGSTOP"),
    resume: () => running.server.kill("SIGCONT"),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

interface RunningRedis {
  server: RedisProcess;
  port: number;
}

class PortTakenError extends Error {
  override name = "PortTakenError";
}

/** Maximum attempts: another process may take a free port before it is bound. */
const portAttempts = 5;

async function spawnOnFreePort(spawnOn: (port: number) => Promise<RunningRedis>, attempt = 1): Promise<RunningRedis> {
  try {
    return await spawnOn(await findFreePort());
  } catch (error) {
    if (error instanceof PortTakenError && attempt < portAttempts) return spawnOnFreePort(spawnOn, attempt + 1);
    throw error;
  }
}

/** The line with which Redis and Valkey report that they listen. */
const readyLine = /Ready to accept connections/;

async function spawnRedis(folder: string, port: number, settings: Settings): Promise<RunningRedis> {
  const common = { port: `${port}`, bind: "127.0.0.1", save: "", appendonly: "no", dir: folder, daemonize: "no" };
  const args = Object.entries({ ...common, ...settings }).flatMap(([name, value]) => [`--${name}`, ...[value].flat()]);
  const server = await startRedisProcess(args, readyLine).catch((error: Error) => {
    throw /address already in use/i.test(error.message) ? new PortTakenError(error.message, { cause: error }) : error;
  });
  try {
    if (settings["tls-port"] === undefined) await answersPing(port);
  } catch (error) {
    server.kill("SIGKILL");
    throw error;
  }
  return { server, port };
}

async function answersPing(port: number): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  socket.write("PING\r\n");
  const [answer] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  if (!/^(\+PONG|-NOAUTH)/.test(answer.toString())) throw new Error(`Redis answers PING with ${answer.toString()}`);
}
