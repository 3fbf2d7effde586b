/// <reference types="node" />
import { build, type BuildOptions, type Metafile, type OutputFile, type Plugin, transform } from "esbuild";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { VERSION as minifierVersion } from "rolldown";
import { minifySync } from "rolldown/utils";
import { litTemplates } from "./lit-templates.ts";

const widget = fileURLToPath(new URL(".", import.meta.url));
const dist = join(widget, "dist");

interface StoredFile {
  readonly path: string;
  readonly contents: Uint8Array | string;
}

type ScriptFile = Pick<OutputFile, "path" | "text">;

/** Entry points with a stable name for importers. All other files carry a hash of their content in the name. */
const [elementModule, clientModule] = [{ element: "element.ts" }, { client: "../../packages/client/source/client.ts" }];

/** Browsers of 2024: `light-dark()` is the youngest feature used. */
const target = ["chrome123", "firefox124", "safari17.5"];

const common = {
  absWorkingDir: widget,
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  legalComments: "none",
  charset: "utf8",
  target,
  logLevel: "warning",
} satisfies BuildOptions;

/** Builds `dist/`: `widget.js`, a classic script, and `widget/`, the modules that it loads on demand. */
async function buildWidget(): Promise<void> {
  const inFolder = { ...common, outdir: join(dist, "widget"), format: "esm", entryNames: "[name]" } as const;
  const split = await build({
    ...inFolder,
    entryPoints: elementModule,
    splitting: true,
    chunkNames: "[name]-[hash]",
    // Part of what the hashes are made from: what the second minifier writes never changes under the name of a file.
    banner: { js: `/* rolldown ${minifierVersion} */` },
    plugins: [styleText, litTemplates],
  });
  // On its own: shared with the chat, its code would be a file beside the chat's, which costs visitors half a kilobyte.
  const client = await build({ ...inFolder, entryPoints: clientModule });
  const classic = await build({
    ...common,
    entryPoints: { widget: "widget.ts" },
    outdir: dist,
    // Wrapped by the banner and footer: the format "iife" would add code for modules of Node.
    format: "esm",
    banner: { js: `(()=>{const parleyFiles=${filesUrlExpression};` },
    footer: { js: "})();" },
    plugins: [styleText, litTemplates, redirectImports(split.metafile)],
  });
  const declarations = join(widget, "../../packages/client/source/parley.d.ts");
  const types = { path: join(dist, "widget/parley.d.ts"), contents: await readFile(declarations) };
  const scripts = [...split.outputFiles, ...client.outputFiles, ...classic.outputFiles.map(withFilesUrl)];
  await store([types, ...scripts.map(shorten)]);
}

/** Resolves the folder of the modules. The script's tag is known only during the first run of the script. */
const filesUrlExpression = `new URL("widget/",(document.currentScript??document.querySelector('script[src*="/widget.js"]'))?.src??document.baseURI).href`;

/** Imports of a classic script from another origin have no base address, so each must name the host. */
function withFilesUrl({ path, text }: ScriptFile): ScriptFile {
  return { path, text: text.replaceAll(/\bimport\("\.\/widget\/([\w-]+\.js)"\)/g, 'import(parleyFiles+"$1")') };
}

/**
 * Minifies a file once more by a second minifier, which knows other short forms than the bundler: 2 % of what a visitor
 * loads. Before it, the indented lines of templates are shortened, as HTML reads white space of any length as one space.
 * Line breaks of strings have no indent behind them, and stay.
 */
function shorten({ path, text }: ScriptFile): StoredFile {
  const { code, errors } = minifySync(basename(path), text.replaceAll(/\n {2,}/g, " "), {
    module: true,
    compress: { target },
  });
  if (errors.length > 0) throw new Error(`${basename(path)} cannot be minified: ${errors[0]?.message}`);
  return { path, contents: code };
}

/** Replaces a style sheet by its minified text. */
const styleText: Plugin = {
  name: "style-text",
  setup(bundling) {
    bundling.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), {
        loader: "css",
        minify: true,
        charset: "utf8",
        target,
      });
      return { contents: code.trim(), loader: "text", watchFiles: [path] };
    });
  },
};

/** Redirects the classic script's imports to the files of the modules, so no code is shipped twice. */
function redirectImports({ outputs }: Metafile): Plugin {
  const files = new Map(
    Object.entries(outputs).flatMap(([file, { entryPoint }]) => (entryPoint === undefined ? [] : [[entryPoint, file]])),
  );
  return {
    name: "redirect-imports",
    setup(bundling) {
      bundling.onResolve({ filter: /^\./, namespace: "file" }, async ({ path, kind, ...from }) => {
        if (kind !== "dynamic-import") return undefined;
        const { path: source } = await bundling.resolve(path, { kind: "import-statement", ...from });
        const file = files.get(source.slice(widget.length));
        if (file === undefined) return { errors: [{ text: `There is no file of its own for ${path}` }] };
        return { path: `./widget/${basename(file)}`, external: true };
      });
    },
  };
}

/**
 * Stores the files. Builds may run in several processes at once, so no reader may see half a file, or a file without
 * those it loads.
 */
async function store(files: readonly StoredFile[]): Promise<void> {
  await mkdir(join(dist, "widget"), { recursive: true });
  const entries = files.filter(({ path }) => !path.includes("-"));
  for (const group of [files.filter((file) => !entries.includes(file)), entries]) {
    await Promise.all(group.map(replace));
  }
  const kept = new Set(files.map(({ path }) => basename(path)));
  const old = (await readdir(join(dist, "widget"))).filter((name) => !kept.has(name));
  await Promise.all(old.map((name) => rm(join(dist, "widget", name), { force: true })));
}

async function replace({ path, contents }: StoredFile): Promise<void> {
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, contents);
  await rename(temporary, path);
}

await buildWidget();
