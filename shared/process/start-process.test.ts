import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, it } from "vitest";

/** Far less than the 30 s for which a start waits for its database; a busy machine takes a second or two. */
const atOnceMs = 10_000;

it.each(["api", "worker"])("the start of an %s is broken off by a signal", async (service) => {
  // A database that takes connections and never says anything.
  const silent = createServer().listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  const env = { ...process.env, NODE_ENV: "test", LOG_LEVEL: "silent", REDIS_URL: "", TOKEN_SECRET: "t".repeat(32) };
  const child = spawn(process.execPath, [`services/${service}/main.ts`], {
    env: { ...env, PORT: "1", DATABASE_URL: `postgres://nobody@127.0.0.1:${port}/none` },
    stdio: "ignore",
  });
  const exited = once(child, "exit");
  await once(silent, "connection");
  const asked = performance.now();
  child.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
  expect(performance.now() - asked).toBeLessThan(atOnceMs);
  silent.close();
});
