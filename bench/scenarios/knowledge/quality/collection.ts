import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { indexLines } from "../../../../services/knowledge/look/index-lines.ts";

/** Passages, and questions of which the right ones are known. */
export interface Collection {
  /** Code of the language, or the name of a collection in several. */
  name: string;
  passages: { id: number; text: string }[];
  questions: KnownQuestion[];
}

interface KnownQuestion {
  text: string;
  /** Messages of the visitor before it. */
  earlier: string[];
  /** Ids of the passages that answer it. */
  right: ReadonlySet<number>;
}

const xquadFile = z.object({
  language: z.string(),
  passages: z.array(z.object({ id: z.number(), text: z.string() })),
  questions: z.array(z.object({ question: z.string(), passage: z.number() })),
});

/**
 * Reads XQuAD: one JSON file for each language.
 * @throws if the folder has none, or one of another form
 */
export function readXquad(folder: string): Collection[] {
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  if (files.length === 0) throw new Error(`--data: ${folder} has no JSON file`);
  return files.toSorted().map((file) => {
    const { success, data, error } = xquadFile.safeParse(JSON.parse(readFileSync(join(folder, file), "utf8")));
    if (!success) throw new Error(`--data: ${file} has another form than XQuAD's: ${z.prettifyError(error)}`);
    const questions = data.questions.map(({ question, passage }) => ({
      text: question,
      earlier: [],
      right: new Set([passage]),
    }));
    return { name: data.language, passages: data.passages, questions };
  });
}

/** Reads the questions of shoppers, whose form `shop/README.md` describes; the pages are cut as a look cuts them. */
export function readShop(pagesText: string, questionsText: string): Collection {
  const passages: Collection["passages"] = [];
  const idsByPage = new Map<string, number[]>();
  for (const [, page = "", title = "", body = ""] of pagesText.matchAll(/^= (.+?) \| (.+)\n((?:(?!= ).*\n?)*)/gmu)) {
    const ids = idsByPage.get(page) ?? [];
    idsByPage.set(page, ids);
    for (const text of cutPage(title, body)) {
      ids.push(passages.length + 1);
      passages.push({ id: passages.length + 1, text });
    }
  }
  const questions = linesOf(questionsText).map((line) => {
    const [pages = "", asked = ""] = line.split(" | ");
    const messages = asked.split(" >> ");
    const right = new Set(pages.split(/[ ,]+/u).flatMap((page) => idsByPage.get(page) ?? []));
    if (right.size === 0) throw new Error(`no page is right for: ${line}`);
    return { text: messages.at(-1) ?? "", earlier: messages.slice(0, -1), right };
  });
  return { name: "shop", passages, questions };
}

function cutPage(title: string, body: string): string[] {
  const lines = linesOf(body).map((line) => {
    const heading = line.startsWith("## ");
    return heading ? { text: line.slice(3), heading: 2 as const } : { text: line };
  });
  const { text, passages } = indexLines(title, lines);
  const bytes = Buffer.from(text);
  return passages.map(({ begins, ends, heading }) => `${heading}\n${bytes.toString("utf8", begins, ends)}`);
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
