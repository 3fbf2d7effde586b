import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "../processes/free-port.ts";
import { redisServer } from "../requirements.ts";

/** True if `startRedis` works on this machine; otherwise tests on Redis are skipped. */
export const redisAvailable = redisServer.path !== undefined;

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
 * @throws when no `redis-server` or `valkey-server` is on the PATH, or it does not start
 */
export async function startRedis({ settings = () => ({}) }: RedisOptions = {}): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), "parley-redis-"));
  const spawnOn = async (port: number) => spawnRedis(folder, port, await settings({ folder, port }));
  let server = await spawnOnFreePort(spawnOn);
  const { port } = server;

  const kill = async () => {
    const gone = exited(server.child);
    server.child.kill("SIGKILL");
    await gone;
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
      server = await spawnOn(port);
    },
    pause: () => void server.child.kill("SIGSTOP"),
    resume: () => void server.child.kill("SIGCONT"),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

interface RunningRedis {
  child: ChildProcess;
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

async function spawnRedis(folder: string, port: number, settings: Settings): Promise<RunningRedis> {
  if (redisServer.path === undefined) throw new Error(`Redis is not here (${redisServer.howToGet})`);
  const common = { port: `${port}`, bind: "127.0.0.1", save: "", appendonly: "no", dir: folder, daemonize: "no" };
  const args = Object.entries({ ...common, ...settings }).flatMap(([name, value]) => [`--${name}`, ...[value].flat()]);
  const child = spawn(redisServer.path, args, { stdio: ["ignore", "pipe", "inherit"] });
  // A test process that ends without stopping it must not leave it running.
  const killWithUs = () => child.kill("SIGKILL");
  process.once("exit", killWithUs);
  child.once("exit", () => process.off("exit", killWithUs));
  try {
    await logsReady(child);
    if (settings["tls-port"] === undefined) await answersPing(port);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  return { child, port };
}

/** Resolves at the line with which Redis and Valkey report that they listen; discards the rest of the log. */
function logsReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      log = (log + text).slice(-10_000);
      if (log.includes("Ready to accept connections")) resolve();
    });
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      const ErrorClass = /address already in use/i.test(log) ? PortTakenError : Error;
      reject(new ErrorClass(`Redis ended at its start (${code ?? signal}):\n${log}`));
    });
  });
}

async function answersPing(port: number): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  socket.write("PING\r\n");
  const [answer] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  if (!/^(\+PONG|-NOAUTH)/.test(answer.toString())) throw new Error(`Redis answers PING with ${answer.toString()}`);
}

async function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
