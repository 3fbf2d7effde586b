import { spawn } from "node:child_process";
import { once } from "node:events";
import { redisServer } from "../requirements.ts";
import { usesContainers } from "./containers/stores-in-use.ts";

/** A running Redis or Sentinel. A test process that ends without stopping it does not leave it running. */
export interface RedisProcess {
  /** Sends a signal; does nothing once the server has ended. */
  kill: (signal: NodeJS.Signals) => void;
  /** Resolves when it has ended. */
  exited: Promise<unknown>;
}

/**
 * Starts a Redis or Sentinel, in a container or as a child; resolves when a line of its log says that it is ready.
 * @throws with the log when there is no server to start, or it ends at its start
 */
export async function startRedisProcess(args: string[], readyLine: RegExp): Promise<RedisProcess> {
  if (!usesContainers()) return startChild(args, readyLine);
  // Loaded where it is used: the libraries for containers take most of a second.
  const { startRedisContainer } = await import("./containers/redis-container.ts");
  return startRedisContainer(args, readyLine);
}

async function startChild(args: string[], readyLine: RegExp): Promise<RedisProcess> {
  if (redisServer.path === undefined) throw new Error(`Redis is not here (${redisServer.howToGet})`);
  const child = spawn(redisServer.path, args, { stdio: ["ignore", "pipe", "inherit"] });
  const killWithUs = () => child.kill("SIGKILL");
  process.once("exit", killWithUs);
  const exited = once(child, "exit").finally(() => process.off("exit", killWithUs));
  let log = "";
  const ready = new Promise<void>((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      log = (log + text).slice(-10_000);
      if (readyLine.test(log)) resolve();
    });
  });
  const ended = exited.then(([code, signal]: unknown[]) => {
    throw new Error(`Redis ended at its start (${String(code ?? signal)}):\n${log}`);
  });
  await Promise.race([ready, ended]);
  return { kill: (signal) => void child.kill(signal), exited };
}
