import { build, type Plugin, transform } from "esbuild";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { litTemplates } from "../../services/widget/lit-templates.ts";
import { openEmbeddingSite, strictPolicy } from "./embedded/embedding-site.ts";

const harness = fileURLToPath(new URL("../../services/widget/testing/scripted-element.ts", import.meta.url));

/** The element with a scripted chat, loaded from another origin than its page. */
export interface WidgetHost extends AsyncDisposable {
  /** Origin of the element's files. */
  readonly assets: string;
  /** @returns the address of a page with that content; its policy is strict unless another one is given */
  show(page: { head?: string; body?: string; lang?: string; policy?: string }): string;
}

export async function openWidgetHost(): Promise<WidgetHost> {
  const served = await bundled();
  const server = createServer((request, response) => {
    const file = served.get(basename(request.url ?? ""));
    response.writeHead(file === undefined ? 404 : 200, {
      "Content-Type": "text/javascript; charset=utf-8",
      "Access-Control-Allow-Origin": "*",
    });
    response.end(file);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const assets = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const site = await openEmbeddingSite();
  return {
    assets,
    show: ({ head = "", body = "<parley-chat></parley-chat>", lang = "en", policy = strictPolicy(assets) }) =>
      site.page(
        `<!doctype html><html lang="${lang}"><head><meta charset="utf-8"><title>A site</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">${head}
        <script type="module" src="${assets}/scripted-element.js"></script></head><body>${body}</body></html>`,
        policy,
      ),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await Promise.all([once(server, "close"), site[Symbol.asyncDispose]()]);
    },
  };
}

/** Bundles the element once: the files of a Vitest worker share this module. */
function bundled(): Promise<Map<string, Uint8Array>> {
  return (files ??= bundle());
}

let files: Promise<Map<string, Uint8Array>> | undefined;

async function bundle(): Promise<Map<string, Uint8Array>> {
  const { outputFiles } = await build({
    entryPoints: [harness],
    bundle: true,
    write: false,
    format: "esm",
    splitting: true,
    outdir: "out",
    target: "chrome123",
    plugins: [styleText, litTemplates],
  });
  return new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]));
}

const styleText: Plugin = {
  name: "style-text",
  setup(bundling) {
    bundling.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", target: "chrome123" });
      return { contents: code, loader: "text" };
    });
  },
};
