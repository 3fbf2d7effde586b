import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { findFreePort } from "./free-port.ts";
import { apache, caddy, haproxy, nginx, type Requirement } from "../requirements.ts";

/** A reverse proxy for one test, configured as `docs/deploy/proxies.md` describes. */
export interface ReverseProxy extends AsyncDisposable {
  readonly url: string;
}

interface Kind {
  requirement: Requirement;
  /** Name of the configuration file that the proxy is started with. */
  file: string;
  /** Wraps the documented part in a configuration for a separate process. */
  frame: (documented: string, folder: string) => string;
  args: (folder: string) => string[];
}

const isRoot = process.getuid?.() === 0;
const startLimitMs = 15_000;
const document = fileURLToPath(new URL("../../../docs/deploy/proxies.md", import.meta.url));

const kinds = {
  nginx: {
    requirement: nginx,
    file: "nginx.conf",
    frame: (documented, folder) => `
      daemon off;
      pid "${folder}/nginx.pid";
      error_log stderr error;
      # The folder may be closed to every other user.
      ${isRoot ? "user root root;" : ""}
      worker_processes 2;
      events {}
      http {
        access_log off;
        ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((use) => `${use}_temp_path "${folder}/${use}";`).join("\n")}
        ${documented}
      }`,
    args: (folder) => ["-p", folder, "-c", join(folder, "nginx.conf")],
  },
  apache: {
    requirement: apache,
    file: "apache.conf",
    frame: (documented, folder) => `
      ServerRoot "${folder}"
      DefaultRuntimeDir "${folder}"
      PidFile "${folder}/apache.pid"
      ErrorLog "${folder}/error.log"
      ServerName localhost
      ${isRoot ? "User nobody\nGroup nogroup" : ""}
      ${apacheModules.map((name) => `LoadModule ${name}_module ${apacheFolder}/mod_${name}.so`).join("\n")}
      ${documented}`,
    args: (folder) => ["-DFOREGROUND", "-f", join(folder, "apache.conf")],
  },
  haproxy: {
    requirement: haproxy,
    file: "haproxy.cfg",
    frame: (documented) => `${documented}\n`,
    args: (folder) => ["-db", "-f", join(folder, "haproxy.cfg")],
  },
  caddy: {
    requirement: caddy,
    file: "Caddyfile",
    frame: (documented) => `{\n  admin off\n  auto_https off\n}\n${documented}\n`,
    args: (folder) => ["run", "--adapter", "caddyfile", "--config", join(folder, "Caddyfile")],
  },
} satisfies Record<string, Kind>;

const apacheFolder = "/usr/lib/apache2/modules";
const apacheModules = [
  "mpm_event",
  "authz_core",
  "headers",
  "lbmethod_byrequests",
  "proxy",
  "proxy_balancer",
  "proxy_http",
  "slotmem_shm",
];

export type ReverseProxyName = keyof typeof kinds;

/** All known proxies, and whether they are installed. */
export const reverseProxies = (Object.keys(kinds) as ReverseProxyName[]).map((name) => ({
  name,
  available: kinds[name].requirement.path !== undefined,
}));

/**
 * Starts a reverse proxy in front of two API processes.
 * @param apis their addresses, such as `127.0.0.1:15000`
 */
export async function startReverseProxy(
  name: ReverseProxyName,
  apis: readonly [string, string],
): Promise<ReverseProxy> {
  const kind: Kind = kinds[name];
  const { path, howToGet } = kind.requirement;
  if (path === undefined) throw new Error(`${kind.requirement.name} is not here (${howToGet})`);
  const port = await findFreePort();
  const folder = await mkdtemp(join(tmpdir(), `parley-${name}-`));
  await writeFile(join(folder, kind.file), kind.frame(await readDocumented(name, port, apis), folder));
  const child = spawn(path, kind.args(folder), {
    stdio: ["ignore", "pipe", "pipe"],
    // Its children end with it: they are its process group.
    detached: true,
    env: { PATH: process.env["PATH"] ?? "", HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  });
  const end = () => endGroup(child);
  process.once("exit", end);
  const exited = once(child, "exit");
  const dispose = async () => {
    end();
    await exited;
    process.off("exit", end);
    await rm(folder, { recursive: true, force: true });
  };
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes: Buffer) => (output += bytes.toString()));
  const url = `http://127.0.0.1:${port}`;
  try {
    await answers(url, child);
  } catch (error) {
    await dispose();
    throw new Error(`${kind.requirement.name} does not start:\n${output}`, { cause: error });
  }
  return { url, [Symbol.asyncDispose]: dispose };
}

/** Reads the block of `docs/deploy/proxies.md`, with the addresses of this machine. */
async function readDocumented(name: string, port: number, apis: readonly [string, string]): Promise<string> {
  const text = await readFile(document, "utf8");
  const [, block] = new RegExp(`<!-- proxy: ${name} -->\n+\`\`\`\\w+\n(.*?)\n\`\`\`\n`, "s").exec(text) ?? [];
  if (block === undefined) throw new Error(`docs/deploy/proxies.md has no configuration of ${name}`);
  return block
    .replaceAll("api-1:3000", apis[0])
    .replaceAll("api-2:3000", apis[1])
    .replaceAll("chat.example.com:80", `127.0.0.1:${port}`);
}

function endGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  process.kill(-pid, "SIGKILL");
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + startLimitMs;
  for (;;) {
    try {
      const { status } = await fetch(`${url}/livez`, { signal: AbortSignal.timeout(1000) });
      if (status === 200) return;
      throw new Error(`it answers ${status}`);
    } catch (error) {
      if (child.exitCode !== null || performance.now() > deadline) throw error;
      await sleep(50);
    }
  }
}
