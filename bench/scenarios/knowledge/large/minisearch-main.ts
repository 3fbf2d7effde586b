import MiniSearch from "minisearch";
import { LargeSite } from "./large-site.ts";
import { searchAll, serveIndex } from "./serve-index.ts";

/** Holds the same passages in MiniSearch, as it comes. */
const passages = Number(process.env["PASSAGES"]);
const index = new MiniSearch({ fields: ["text"] });

serveIndex({
  async load() {
    const site = new LargeSite();
    const texts = Array.from({ length: passages }, (_, at) => ({ id: at + 1, text: site.passage(at + 1) }));
    const began = performance.now();
    index.addAll(texts);
    return { ms: performance.now() - began, loopMs: Number.NaN };
  },
  async search(questions) {
    return searchAll(questions, (question) => Number(index.search(question)[0]?.id ?? 0));
  },
});
