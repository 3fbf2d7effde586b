import { build } from "esbuild";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { JobView } from "../../shared/protocol/job.ts";

/** A job as the recipes of `docs/front-ends/clients.md` name it. */
export interface RecipeJob {
  server: string;
  jobId: string;
  token: string;
}

/** A recipe. */
export type Follow = (job: RecipeJob, show: (text: string) => void) => Promise<JobView>;

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Some libraries load Node's modules by `require`. */
const requireOfRoot = `import { createRequire } from "node:module"; const require = createRequire(${JSON.stringify(root)});`;

/** Client libraries by the names in tests, with their recipe and its arguments. */
export const clients = {
  EventSource: { recipe: "event-source", imports: "", source: "EventSource" },
  eventsource: {
    recipe: "event-source",
    imports: 'import { EventSource as Source } from "eventsource";',
    source: "Source",
  },
  "event-source-polyfill": {
    recipe: "event-source",
    imports: 'import { EventSourcePolyfill } from "event-source-polyfill";',
    source: "EventSourcePolyfill",
  },
  "reconnecting-eventsource": {
    recipe: "event-source",
    imports: 'import ReconnectingEventSource from "reconnecting-eventsource";',
    source: "ReconnectingEventSource",
  },
  "@microsoft/fetch-event-source": { recipe: "fetch-event-source", imports: "", source: undefined },
  "eventsource-client": { recipe: "eventsource-client", imports: "", source: undefined },
} as const;

export type ClientName = keyof typeof clients;

const bundles = new Map<string, Promise<string>>();

/**
 * Bundles a recipe with its library, once: a module for Node, a script for a browser. Both export `start`, the latter
 * as `recipe.start`.
 */
export function bundleRecipe(name: ClientName, platform: "browser" | "node"): Promise<string> {
  const key = `${name} ${platform}`;
  const bundle = bundles.get(key) ?? bundleAnew(name, platform);
  bundles.set(key, bundle);
  return bundle;
}

async function bundleAnew(name: ClientName, platform: "browser" | "node"): Promise<string> {
  const { recipe, imports, source } = clients[name];
  const start = source === undefined ? "follow" : `(job, show) => follow(job, show, ${source})`;
  const { outputFiles } = await build({
    stdin: {
      contents: `${imports}\n${await readRecipe(recipe)}\nexport const start = ${start};`,
      resolveDir: root,
      loader: "js",
    },
    bundle: true,
    write: false,
    platform,
    ...(platform === "node"
      ? { format: "esm", banner: { js: requireOfRoot } }
      : { format: "iife", globalName: "recipe" }),
  });
  const [file] = outputFiles;
  if (!file) throw new Error(`nothing was made of ${name}`);
  return file.text;
}

/** Reads the block of code that follows a recipe's mark in `docs/front-ends/clients.md`. */
async function readRecipe(name: string): Promise<string> {
  const document = await readFile(`${root}/docs/front-ends/clients.md`, "utf8");
  const [, code] = new RegExp(`<!-- recipe: ${name} -->\n+\`\`\`js\n(.*?)\n\`\`\`\n`, "s").exec(document) ?? [];
  if (code === undefined) throw new Error(`docs/front-ends/clients.md has no recipe ${name}`);
  return code;
}
