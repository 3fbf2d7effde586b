import { readFile } from "node:fs/promises";
import type { Pool } from "pg";
import { v7 } from "uuid";
import type { z } from "zod";
import {
  addSources,
  findSource,
  type NewSource,
  refreshSource,
  replaceContent,
} from "../../../shared/db/knowledge/sources.ts";
import { inputMessage } from "../../../shared/protocol/input-messages.ts";
import { fileQuery, sourceRequest } from "../../../shared/protocol/knowledge.ts";
import { defaultSite } from "../../../shared/sites/default-site.ts";
import { findFiles, NotAddable } from "./find-files.ts";

/** Options of a source beside its place. */
export interface SourceOptions {
  title?: string | undefined;
  language?: string | undefined;
  assistants?: readonly string[] | undefined;
  refreshHours?: number | undefined;
  kind?: "page" | "sitemap" | undefined;
}

interface Added {
  ids: string[];
  /** Sources that were there before. Their pages are looked at again, and their files replaced. */
  known: number;
  leftOut: { name: string; reason: string }[];
}

/**
 * Adds an address, or a file, or all files of a folder.
 * @throws {NotAddable} naming what is wrong
 */
export function addPlace(pool: Pool, place: string, options: SourceOptions): Promise<Added> {
  return /^https?:/i.test(place) ? addAddress(pool, place, options) : addFiles(pool, place, options);
}

/** Names under which sitemaps are usually found. A page that shows one to people ends in `.html`. */
const sitemapName = /\.xml(?:\.gz)?$|\/sitemap(?![^/]*\.html?$)[^/]*$/i;

async function addAddress(pool: Pool, place: string, { kind, ...options }: SourceOptions): Promise<Added> {
  const { pathname = "" } = URL.parse(place) ?? {};
  const guessed = sitemapName.test(pathname) ? "sitemap" : "page";
  const source = checked(sourceRequest, { ...options, kind: kind ?? guessed, url: place });
  const known = await findSource(pool, defaultSite, { kind: source.kind, name: source.url ?? "" });
  if (known !== undefined) {
    await refreshSource(pool, { siteId: defaultSite, sourceId: known });
    return { ids: [known], known: 1, leftOut: [] };
  }
  return { ids: [await addOne(pool, source)], known: 0, leftOut: [] };
}

async function addFiles(pool: Pool, place: string, { kind, refreshHours, ...options }: SourceOptions): Promise<Added> {
  if (kind !== undefined) throw new NotAddable("--kind is for addresses.");
  if (refreshHours !== undefined) throw new NotAddable("--refresh-hours is for pages and sitemaps.");
  const { files, leftOut } = await findFiles(place);
  if (options.title !== undefined && files.length > 1) throw new NotAddable("--title is for one file.");
  const added: Added = { ids: [], known: 0, leftOut };
  for (const { path, name, mediaType } of files) {
    const { assistants, title = name.slice(-300) } = options;
    const given = { ...options, kind: "file", title, assistants: assistants?.join(",") };
    const source = checked(fileQuery, given);
    const content = await readFile(path);
    const sourceId = await findSource(pool, defaultSite, { kind: "file", name: title });
    if (sourceId !== undefined) {
      await replaceContent(pool, { siteId: defaultSite, sourceId }, { content, mediaType });
      added.known += 1;
    }
    added.ids.push(sourceId ?? (await addOne(pool, { ...source, content, mediaType })));
  }
  return added;
}

async function addOne(pool: Pool, source: Omit<NewSource, "id">): Promise<string> {
  const id = v7();
  await addSources(pool, defaultSite, [{ ...source, id }]);
  return id;
}

function checked<Schema extends z.ZodType>(schema: Schema, given: object): z.output<Schema> {
  const parsed = schema.safeParse(given, { error: inputMessage });
  if (parsed.success) return parsed.data;
  throw new NotAddable(parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("\n"));
}
