import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Below what systems give to connections that go out, and to who listens anywhere: no port of these is taken by chance
 * before its server listens, or while it is away.
 */
const servedPorts = { first: 15_000, count: 15_000 };
/** Somewhere else in each process, and never the same one again. */
let portsTried = Math.floor(Math.random() * servedPorts.count);

/** A port that nobody listens on at this moment, and that nobody else in this process gets. */
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
