import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { startService } from "../../test/system/harness/processes.ts";
import { openTestDatabase } from "../testing/stores/database.ts";

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

it("begins the start again when the database restarts in the middle of it", async () => {
  await using db = await openTestDatabase();
  // Numbers of a sequence stay taken when a statement fails: the first statement ends as at a restart, no other does.
  await db.pool.query(`
    create sequence restarts;
    create function restart() returns trigger language plpgsql as $$ begin
      if nextval('restarts') = 1 then raise exception 'going down' using errcode = 'admin_shutdown'; end if;
      return new;
    end $$;
    create trigger restart before insert on settings for each row execute function restart()`);
  const secrets = { TOKEN_SECRET: "t".repeat(32), ADMIN_PASSWORD: "p".repeat(32) };
  const api = await startService("api", { NODE_ENV: "test", DATABASE_URL: db.url, ...secrets });
  expect(api.output).toContain("a store went away during the start, which begins again: going down");
  expect((await fetch(`${api.url}/health`)).status).toBe(200);
  expect(await api.stop()).toBe(0);
});
