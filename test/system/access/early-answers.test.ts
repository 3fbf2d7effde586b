import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { request } from "undici";
import { describe, expect, it } from "vitest";
import { findFreePort } from "../../../shared/testing/processes/free-port.ts";
import { startProduct } from "../harness/product.ts";
import { eventually } from "../harness/suite.ts";

const nginx = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/bin/nginx", "/opt/homebrew/bin/nginx"].find(existsSync);
const howToGet = nginx === undefined ? " (skipped: apt-get install nginx, brew install nginx)" : "";
const tries = 60;
const atOnce = 12;

describe.skipIf(nginx === undefined)(`behind nginx${howToGet}`, () => {
  it.each(["on", "off"])(
    "a client reads every answer sent before the end of its request, with proxy_request_buffering %s",
    { timeout: 60_000 },
    async (buffering) => {
      await using product = await startProduct({ backend: "postgres", workers: 0, env: { TRUST_PROXY: "1" } });
      await using proxy = await startNginx(product.client.base, buffering);
      const statuses: Record<string, number> = {};
      const send = async (index: number) => {
        // 300 KB, 1 MB and 5 MB: read to the end, and not.
        const body = Buffer.alloc([300_000, 1_000_000, 5_000_000][index % 3] ?? 0, "x");
        const type = index % 2 === 0 ? "application/json" : "text/plain";
        const { statusCode, body: answer } = await request(`${proxy.url}/api/chat`, {
          method: "POST",
          headers: { "content-type": type },
          body,
        });
        await answer.dump();
        statuses[statusCode] = (statuses[statusCode] ?? 0) + 1;
      };
      for (let sent = 0; sent < tries; sent += atOnce) {
        await Promise.all(Array.from({ length: atOnce }, (_, index) => send(sent + index)));
      }
      expect(statuses).toEqual({ 413: tries / 2, 415: tries / 2 });
    },
  );
});

/** With its own defaults for upstreams: HTTP/1.0, a connection for each request. */
async function startNginx(upstream: string, buffering: string) {
  const folder = await mkdtemp(join(tmpdir(), "parley-nginx-"));
  const port = await findFreePort();
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((use) => `${use}_temp_path ${folder}/${use};`);
  const file = join(folder, "nginx.conf");
  await writeFile(
    file,
    `daemon off; pid ${folder}/pid; error_log ${folder}/error.log; ${process.getuid?.() === 0 ? "user root;" : ""}
    events {}
    http {
      access_log off; ${paths.join(" ")} client_max_body_size 20m; proxy_request_buffering ${buffering};
      server { listen 127.0.0.1:${port}; location / { proxy_pass ${upstream}; } }
    }`,
  );
  const child = spawn(nginx ?? "nginx", ["-p", folder, "-c", file], { stdio: "ignore" });
  const killWithUs = () => child.kill("SIGKILL");
  process.once("exit", killWithUs);
  const exited = once(child, "exit").finally(() => process.off("exit", killWithUs));
  const url = `http://127.0.0.1:${port}`;
  await eventually("nginx answers", () =>
    fetch(`${url}/livez`)
      .then(({ ok }) => ok)
      .catch(() => false),
  );
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
