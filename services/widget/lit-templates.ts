import type { Plugin } from "esbuild";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const template = fileURLToPath(new URL("panel/template.ts", import.meta.url));
/** Creates lit's Trusted Types policy while it loads: a page that allows others only would stop the chat there. */
const policy = /\.trustedTypes\b/g;

/** Names, shortened by lit's build, of the only classes that `panel/template.ts` takes from lit's support for servers. */
const partNames = /AttributePart:e\.\w+,PropertyPart:e\.\w+,BooleanAttributePart:e\.\w+,EventPart:e\.\w+/;

/**
 * Builds lit so that it needs no permission of the page: `html` creates elements instead of parsing markup (see
 * `panel/template.ts`), and no Trusted Types policy is created.
 */
export const litTemplates: Plugin = {
  name: "lit-templates",
  setup(bundling) {
    bundling.onResolve({ filter: /^lit\/html\.js$/ }, () => ({ path: template }));
    bundling.onLoad({ filter: /lit-html\/(?:node\/)?private-ssr-support\.js$/ }, async ({ path }) => {
      const [parts] = partNames.exec(await readFile(path, "utf8")) ?? [];
      if (parts === undefined) return { errors: [{ text: "lit names its classes of parts in another way now" }] };
      return { contents: `import{_$LH as e}from"./lit-html.js";export const _$LH={${parts}}`, loader: "js" };
    });
    bundling.onLoad({ filter: /lit-html\/(?:node\/)?(?:development\/)?lit-html\.js$/ }, async ({ path }) => {
      const code = await readFile(path, "utf8");
      if (code.match(policy)?.length !== 1) return { errors: [{ text: "lit creates its policy in another way now" }] };
      return { contents: code.replace(policy, ".parleyHasNoPolicy"), loader: "js" };
    });
  },
};
