import type { Plugin } from "esbuild";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const template = fileURLToPath(new URL("panel/template.ts", import.meta.url));
/** Creates lit's Trusted Types policy while it loads: a page that allows others only would stop the chat there. */
const policy = [".trustedTypes", ".parleyHasNoPolicy"] as const;
/** Uses of lit's own parser of templates, for which nothing is left to do: without them, the bundler leaves it out. */
const parserUses = [
  ['"number"==typeof s?this._$AC(t):(void 0===s.el&&(s.el=S.createElement(V(s.h,s.h[0]),this.options)),s)', "s"],
  ["_$AC(t){let i=C.get(t.strings);return void 0===i&&C.set(t.strings,i=new S(t)),i}", ""],
  ["{M:h,P:o,A:n,C:1,L:N,R,D:d,V:M,I:k,H,N:L,U:z,B:I,F:Z}", "{I:k,H,N:L,U:z,B:I}"],
  ["B?.(S,k),", ""],
] as const;
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
      let code = await readFile(path, "utf8");
      for (const [text, replacement] of [policy, ...parserUses]) {
        if (code.split(text).length !== 2) return { errors: [{ text: `lit has another text for ${text} now` }] };
        code = code.replace(text, () => replacement);
      }
      return { contents: code, loader: "js" };
    });
  },
};
