import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Port range below the one that systems use for outgoing connections and for servers that listen on any port. So none
 * of these is taken by chance before its server listens, or while that is down.
 */
const servedPorts = { first: 15_000, count: 15_000 };
/** Start offset: differs per process, and no port is used twice. */
let portsTried = Math.floor(Math.random() * servedPorts.count);

/** Finds a port that is free now and that no other caller in this process gets. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = servedPorts.first + (portsTried++ % servedPorts.count);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer().listen(port, "127.0.0.1");
  try {
    await once(probe, "listening");
  } catch {
    return false;
  }
  probe.close();
  await once(probe, "close");
  return true;
}
