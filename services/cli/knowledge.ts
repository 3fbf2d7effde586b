import { parseArgs } from "node:util";
import type { Pool } from "pg";
import { z } from "zod";
import { assistantsPath, readAssistants } from "../../shared/assistants/assistants.ts";
import { readEmbeddingSettings } from "../../shared/config/config.ts";
import { deleteSource, listSources, refreshSource, type SourceRow } from "../../shared/db/knowledge/sources.ts";
import { describeError } from "../../shared/describe-error.ts";
import { createLogger } from "../../shared/logger.ts";
import { id as sourceId } from "../../shared/protocol/submit.ts";
import { defaultSite } from "../../shared/sites/default-site.ts";
import { addPlace, type SourceOptions } from "./knowledge/add-sources.ts";
import { NotAddable } from "./knowledge/find-files.ts";
import { followSources, printable } from "./knowledge/follow-sources.ts";
import { type Command, runCommand } from "./run-command.ts";
import { withPool } from "./with-pool.ts";

const usage = `Usage:
  npm run knowledge -- add <place>      add a page, a sitemap, a file, or all files of a folder, and wait until it is read
  npm run knowledge -- search <question>
                                        show the passages that an answer would be made from, and why
  npm run knowledge -- list             list all sources: id, status, kind, pages that were taken, name
  npm run knowledge -- refresh <id>     look at a source again now
  npm run knowledge -- remove <id>      delete a source with all that was taken from it

Options of add:
  --title <text>           shown beside replies, in place of that of the page or file
  --language <tag>         like de or pt-BR; detected by default
  --assistant <name>       an assistant that answers from it; may be given several times; all by default
  --refresh-hours <number> hours between two looks at a page or sitemap, 1 to 8760; 24 by default
  --kind page|sitemap      what an address is; a sitemap ends in .xml or .xml.gz, or begins with sitemap

Files: Markdown, plain text, HTML, PDF and DOCX of at most 20 MB, 1,000 of a folder. Added again, a file replaces what it was.
The database is the one of DATABASE_URL, or the one that npm start keeps in .data.
`;

const options = {
  title: { type: "string" },
  language: { type: "string" },
  assistant: { type: "string", multiple: true },
  "refresh-hours": { type: "string" },
  kind: { type: "string" },
} as const;

const shownPassages = 5;
/** Longer than a reply waits: the command loads all vectors of the site first. */
const vectorsWithinMs = 10_000;

const addOptions = z
  .object({
    title: z.string().optional(),
    language: z.string().optional(),
    assistant: z.array(z.string()).optional(),
    "refresh-hours": z.coerce.number().optional(),
    kind: z.enum(["page", "sitemap"]).optional(),
  })
  .transform(({ assistant, "refresh-hours": refreshHours, ...others }) => ({
    ...others,
    assistants: assistant,
    refreshHours,
  }));

if (import.meta.main) process.exitCode = await runKnowledge(process.argv.slice(2));

/** @returns the exit code */
export function runKnowledge(args: string[]): Promise<number> {
  return runCommand(parseCommand(args), usage);
}

/** @returns a string if the arguments are wrong: what is wrong with them */
function parseCommand(args: string[]): Command | string {
  try {
    const { positionals, values } = parseArgs({ args, options, allowPositionals: true });
    const [command = "", given, ...more] = positionals;
    if (command === "list" && given === undefined) return withPool("knowledge", list);
    if (command === "add") {
      if (given === undefined || more.length > 0) return "add: expected one address, file or folder.\n\n";
      const wanted = addOptions.safeParse(values);
      if (!wanted.success) return `${z.prettifyError(wanted.error)}\n\n`;
      return withPool("knowledge", (pool) => add(pool, given, wanted.data));
    }
    if (command === "search") {
      if (given === undefined || more.length > 0) return "search: write the question in quotes.\n\n";
      return withPool("knowledge", (pool) => search(pool, given, values));
    }
    if (command !== "remove" && command !== "refresh")
      return command === "" ? "" : `There is no command "${command}".\n\n`;
    const id = sourceId.safeParse(given);
    if (!id.success || more.length > 0) return `${command}: expected the id of one source, as list prints it.\n\n`;
    return withPool("knowledge", (pool) => (command === "remove" ? remove(pool, id.data) : refresh(pool, id.data)));
  } catch (error) {
    return `${describeError(error)}\n\n`;
  }
}

async function add(pool: Pool, place: string, given: SourceOptions): Promise<number> {
  try {
    await checkAssistants(given.assistants);
    const { ids, known, leftOut } = await addPlace(pool, place, given);
    if (known > 0) process.stderr.write(`${known} of ${ids.length} were there already, and are read again.\n`);
    for (const { name, reason } of leftOut) process.stderr.write(`${printable(`Not added: ${name}: ${reason}`)}\n`);
    for (const id of ids) process.stdout.write(`${id}\n`);
    return await followSources(pool, ids);
  } catch (error) {
    if (!(error instanceof NotAddable)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}

async function checkAssistants(names: readonly string[] = []): Promise<void> {
  if (names.length === 0) return;
  const known = [...(await readAssistants(assistantsPath)).keys()];
  const missing = names.find((name) => !known.includes(name));
  if (missing === undefined) return;
  throw new NotAddable(`There is no assistant "${missing}" in ${assistantsPath}; there are: ${known.join(", ")}.`);
}

async function list(pool: Pool): Promise<number> {
  const limit = 100;
  let after: { time: string; id: string } | undefined;
  let count = 0;
  do {
    const page = await listSources(pool, { siteId: defaultSite, limit, after });
    for (const source of page) process.stdout.write(`${printable(describe(source))}\n`);
    count += page.length;
    const [time, id] = page.at(-1)?.place.split("_") ?? [];
    after = page.length === limit && time !== undefined && id !== undefined ? { time, id } : undefined;
  } while (after);
  if (count === 0) process.stderr.write("There are no sources.\n");
  return 0;
}

function describe({ id, status, kind, documents, title, url, question, reason }: SourceRow): string {
  const { ready = 0, pending = 0, left_out: leftOut = 0, gone = 0 } = documents;
  const taken = `${ready} of ${ready + pending + leftOut + gone} taken`;
  const why = status === "failed" && reason !== null ? `  (${reason})` : "";
  const name = title ?? url ?? question ?? "";
  return `${id}  ${status.padEnd("running".length)}  ${kind.padEnd("question".length)}  ${taken}  ${name}${why}`;
}

async function search(
  pool: Pool,
  question: string,
  { language, assistant }: { language?: string; assistant?: string[] },
): Promise<number> {
  const { openKnowledgeSearch } = await import("../../shared/knowledge/retrieval/open-knowledge-search.ts");
  const asked = { siteId: defaultSite, question, language, assistant: assistant?.[0], limit: shownPassages };
  const log = await createLogger({ service: "knowledge", level: "warn", pretty: true, to: "stderr" });
  const knowledge = await openKnowledgeSearch(pool, readEmbeddingSettings(), log, { withinMs: vectorsWithinMs });
  const { passages } = await knowledge.find(asked);
  if (passages.length === 0) process.stderr.write("Nothing was found.\n");
  for (const { rank, title, heading, url, text, why, similarity } of passages) {
    const meaning = similarity === undefined ? [] : [`meaning (${similarity.toFixed(2)})`];
    const matched = [...why.map(({ term }) => term), ...meaning].join(", ");
    const name = heading === "" ? (title ?? "") : heading;
    process.stdout.write(`${rank}. ${printable([name, url].filter(Boolean).join("  "))}\n`);
    process.stdout.write(`   ${printable(text)}\n   found by: ${printable(matched)}\n\n`);
  }
  return 0;
}

async function refresh(pool: Pool, id: string): Promise<number> {
  if (await refreshSource(pool, { siteId: defaultSite, sourceId: id })) return followSources(pool, [id]);
  process.stderr.write("No source has this id.\n");
  return 1;
}

async function remove(pool: Pool, id: string): Promise<number> {
  const removed = await deleteSource(pool, { siteId: defaultSite, sourceId: id });
  if (removed) process.stdout.write("Removed.\n");
  else process.stderr.write("No source has this id.\n");
  return removed ? 0 : 1;
}
