import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));
const limitMs = 120_000;

/** Packages of this repository as `npm pack` leaves them. */
export interface Packed extends AsyncDisposable {
  /** Paths of the archives by the names of the packages. */
  readonly archives: ReadonlyMap<string, string>;
  /** Names of the files inside. */
  readonly files: ReadonlyMap<string, readonly string[]>;
}

export async function packPackages(): Promise<Packed> {
  const folder = await mkdtemp(join(tmpdir(), "parley-packed-"));
  const folders = ["./packages/client", "./packages/identity", "./packages/react"];
  const output = await npm(root, ["pack", ...folders, "--json", "--silent", "--pack-destination", folder]);
  const packed = listOf(JSON.parse(output.slice(output.search(/^[[{]/m))));
  return {
    archives: new Map(packed.map(({ name, filename }) => [name, join(folder, filename)])),
    files: new Map(packed.map(({ name, files }) => [name, files.map(({ path }) => path)])),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

interface PackedPackage {
  name: string;
  filename: string;
  files: { path: string }[];
}

/** @param output a list; since npm 12 an object by the names of the packages */
function listOf(output: unknown): PackedPackage[] {
  return Object.values(output as Record<string, PackedPackage>);
}

/** A project outside the repository, with nothing but what is installed into it. */
export interface FreshProject extends AsyncDisposable {
  readonly folder: string;
  /** @param from archives, and packages of the registry like `react@19` */
  install(from: readonly string[], options?: { offline?: boolean }): Promise<void>;
  /** Runs a program of the repository's packages with Node, like `vite/bin/vite.js`. */
  run(program: string, args: readonly string[]): Promise<string>;
  /** Runs a program of the project's own packages with Node. */
  own(program: string, args: readonly string[]): Promise<string>;
  /** Runs a file of the project with Node. */
  node(file: string, env: Record<string, string>): Promise<string>;
}

/** @param files by their paths */
export async function createProject(files: Record<string, string>): Promise<FreshProject> {
  const folder = await mkdtemp(join(tmpdir(), "parley-project-"));
  const manifest = JSON.stringify({ name: "site", private: true, type: "module" });
  for (const [path, text] of Object.entries({ "package.json": manifest, ...files })) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const quiet = ["--no-audit", "--no-fund", "--silent", "--fetch-retries=1"];
  return {
    folder,
    install: async (from, { offline = false } = {}) => {
      await npm(folder, ["install", ...quiet, offline ? "--offline" : "--prefer-offline", ...from]);
    },
    run: (program, args) => execute(folder, process.execPath, [join(root, "node_modules", program), ...args]),
    own: (program, args) => execute(folder, process.execPath, [join(folder, "node_modules", program), ...args]),
    node: (file, env) => execute(folder, process.execPath, [file], env),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

/**
 * Settings for the compiler in a project.
 * @param skipLibCheck true as templates have it; false to check the types of packages, too
 */
export function compilerSettings(moduleResolution: "bundler" | "nodenext", skipLibCheck: boolean): string {
  const module = moduleResolution === "bundler" ? "esnext" : "nodenext";
  const strict = { strict: true, exactOptionalPropertyTypes: true, skipLibCheck, noEmit: true };
  const compilerOptions = { ...strict, target: "es2022", module, moduleResolution, types: [], jsx: "react-jsx" };
  const lib = ["es2024", "dom", "dom.iterable"];
  return JSON.stringify({ compilerOptions: { ...compilerOptions, lib }, include: ["src", "*.ts"] });
}

/** Reads the files of a document: each block of code below a line `<!-- file: path -->`. */
export async function filesOf(document: string): Promise<Record<string, string>> {
  const text = await readFile(join(root, document), "utf8");
  const blocks = text.matchAll(/<!-- file: (\S+) -->\n+```\w+\n(.*?)```/gs);
  return Object.fromEntries([...blocks].map(([, path = "", code = ""]) => [path, code]));
}

/** A web server for the files of a folder, on an origin of its own. */
export async function serveFolder(folder: string): Promise<AsyncDisposable & { readonly url: string }> {
  const types: Record<string, string> = { ".js": "text/javascript", ".css": "text/css" };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://site");
    const path = pathname === "/" ? "/index.html" : pathname;
    readFile(join(folder, path)).then(
      (body) => response.writeHead(200, { "Content-Type": types[extname(path)] ?? "text/html" }).end(body),
      () => response.writeHead(404).end(),
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function npm(folder: string, args: readonly string[]): Promise<string> {
  return execute(folder, "npm", args);
}

/** @throws with the output of the program */
async function execute(cwd: string, command: string, args: readonly string[], env: Record<string, string> = {}) {
  // Names the repository's own project, where `npm test` has started this.
  const inherited = Object.entries(process.env).filter(([name]) => !/^npm_(package|lifecycle|config_local)/.test(name));
  const options = { cwd, timeout: limitMs, env: { ...Object.fromEntries(inherited), ...env } };
  try {
    return (await promisify(execFile)(command, args, options)).stdout;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(" ")}:\n${stdout}${stderr}`, { cause: error });
  }
}
