import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const services = ["api", "worker", "knowledge"] as const;
/** Environment variable of a test run that names the folder of its compiled services. */
const folderVariable = "PARLEY_COMPILED_SERVICES";

/**
 * Packages that load files of their own at run time, and one that is not installed. The others are compiled, too: a
 * process still loads better-auth or Kysely only where it uses them, in a quarter of the CPU, or a tenth.
 */
const external = ["@bull-board/*", "@mikro-orm/*", "msgpackr-extract", "pdfjs-dist", "pg-native"];

/** The sources that a module reads beside itself stay where they are. */
const keepUrls: Plugin = {
  name: "keep-urls",
  setup(bundler) {
    bundler.onLoad({ filter: /[/\\](?:services|shared)[/\\].*\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const url = JSON.stringify(pathToFileURL(path).href);
      return { loader: "ts", contents: source.replaceAll("import.meta.url", url) };
    });
  },
};

/**
 * Compiles each service into few files. A run starts hundreds of processes, and one that reads some 700 modules one by
 * one costs two thirds more CPU until it is ready.
 * @returns what removes them
 */
export async function compileServices(): Promise<() => Promise<void>> {
  // Within the project, where the packages left out are found.
  const parent = join(root, "node_modules/.cache");
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, "parley-services-"));
  await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(services.map((service) => [service, mainOf(service)])),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    // No syntax is rewritten: esbuild 0.28.2 makes of `using` in a loop what throws an error of an earlier round again.
    target: "esnext",
    external,
    // Names of errors are those of their classes.
    keepNames: true,
    plugins: [keepUrls],
    banner: { js: requireForPackages },
    logLevel: "error",
  });
  process.env[folderVariable] = folder;
  return () => rm(folder, { recursive: true, force: true });
}

/** Packages in CommonJS find `require` and their place in modules, too. */
const requireForPackages = [
  'import { createRequire as createRequireForPackages } from "node:module";',
  "const require = createRequireForPackages(import.meta.url);",
  "const { filename: __filename, dirname: __dirname } = import.meta;",
].join("\n");

/** First file of a service's process: compiled in a test run, the source elsewhere. */
export function entryOf(service: (typeof services)[number]): string {
  const folder = process.env[folderVariable];
  return folder === undefined ? mainOf(service) : join(folder, `${service}.mjs`);
}

function mainOf(service: string): string {
  return join(root, `services/${service}/main.ts`);
}
