import MiniSearch from "minisearch";
import type pg from "pg";
import { analyzePassage } from "../../../../shared/knowledge/analysis/passage-terms.ts";
import { fuse } from "../../../../shared/knowledge/ranking/fuse.ts";
import { SiteIndex } from "../../../../shared/knowledge/ranking/site-index.ts";
import type { Collection } from "./collection.ts";

/** Finds passages of a collection: their ids, the best first. */
export type Searcher = (
  asked: { text: string; earlier: readonly string[] },
  limit: number,
) => number[] | Promise<number[]>;

export async function loadSiteIndex({ passages }: Pick<Collection, "passages">): Promise<SiteIndex> {
  const index = new SiteIndex();
  await index.load([passages.map(({ id, text }) => ({ id, source: "bench", terms: analyzePassage(text) }))]);
  return index;
}

/** Searches as replies do: the last message, and once more together with those before it. */
export async function openParley(collection: Collection): Promise<Searcher> {
  const index = await loadSiteIndex(collection);
  return ({ text, earlier }, limit) => {
    const queries = earlier.length === 0 ? [text] : [text, [...earlier, text].join("\n")];
    return fuse(queries.map((query) => index.search(query, { limit }).matches.map(({ id }) => id))).slice(0, limit);
  };
}

/** Search of MiniSearch as it comes: no setting but the name of the field. */
export function openMiniSearch({ passages }: Collection): Searcher {
  const index = new MiniSearch({ fields: ["text"] });
  index.addAll(passages);
  return ({ text, earlier }, limit) =>
    index
      .search([...earlier, text].join("\n"))
      .slice(0, limit)
      .map(({ id }) => Number(id));
}

/** PostgreSQL's configuration by language; `simple` where it has none. */
const configurations: Record<string, string> = {
  ar: "arabic",
  de: "german",
  el: "greek",
  en: "english",
  es: "spanish",
  hi: "hindi",
  ro: "romanian",
  ru: "russian",
  tr: "turkish",
};

/** Text search of PostgreSQL: its configuration for the language, words ORed, by `ts_rank`. */
export async function openPostgresSearch(pool: pg.Pool, { name, passages }: Collection): Promise<Searcher> {
  const configuration = configurations[name] ?? "simple";
  await pool.query("drop table if exists texts");
  await pool.query("create table texts (id int primary key, words tsvector not null)");
  await pool.query(
    "insert into texts select id, to_tsvector($1::regconfig, text) from unnest($2::int[], $3::text[]) as item(id, text)",
    [configuration, passages.map(({ id }) => id), passages.map(({ text }) => text)],
  );
  return async ({ text, earlier }, limit) => {
    const { rows } = await pool.query<{ id: number }>({
      name: "search",
      text: search,
      values: [configuration, [...earlier, text].join("\n"), limit],
    });
    return rows.map(({ id }) => id);
  };
}

/** Query that turns the ANDed words of `plainto_tsquery` into ORed ones: a question's words hardly ever stand in one passage. */
const search = `
  select id from texts cross join (
    select replace(plainto_tsquery($1::regconfig, $2)::text, '&', '|')::tsquery as wanted
  ) as question
  where words @@ wanted order by ts_rank(words, wanted) desc, id limit $3`;
