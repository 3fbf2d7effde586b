import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { StackError } from "./stack-error.ts";

/**
 * Ensures that a port needed later is free.
 * @param patienceMs how long a present listener may take to end
 * @throws {StackError} when the port is taken, or listening there is not permitted
 */
export async function requireFreePort(port: number, key: string, patienceMs: number): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (await isTaken(port)) {
    if (Date.now() >= deadline) throw new StackError(takenMessage(port, key));
    await sleep(50);
  }
}

/** Number of ports tried for a part whose port is not set. */
const portsTried = 10;

/**
 * Finds a free port right after another one.
 * @param except port of another part that has not started yet
 * @returns `undefined` if all that are tried are taken
 */
export async function findFreePortAfter(port: number, except: number | undefined): Promise<number | undefined> {
  for (let next = port + 1; next <= Math.min(port + portsTried, 65_535); next += 1) {
    if (next !== except && !(await isTaken(next))) return next;
  }
  return undefined;
}

function takenMessage(port: number, key: string): string {
  const finder = process.platform === "linux" ? `ss -ltnp 'sport = :${port}'` : `lsof -nP -iTCP:${port} -sTCP:LISTEN`;
  const other = port < 65_535 ? port + 1 : port - 1;
  return (
    `Port ${port} is in use by another program. To find it: ${finder}\n` +
    `Stop that program, or use another port: ${key}=${other} npm start`
  );
}

async function isTaken(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port);
    await once(server, "listening");
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    if (error.code === "EADDRINUSE") return true;
    throw new StackError(`Parley cannot listen on port ${port} (${String(error.code)}). Choose a port above 1023.`);
  } finally {
    server.close();
  }
  // Connect as well, because some systems allow listening on all addresses beside a program that listens on just
  // one.
  const answers = await Promise.all(["127.0.0.1", "::1"].map((host) => accepts(host, port)));
  return answers.includes(true);
}

async function accepts(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port, timeout: 500 });
  try {
    await Promise.race([
      once(socket, "connect"),
      once(socket, "timeout").then(() => Promise.reject(new Error("silent"))),
    ]);
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
