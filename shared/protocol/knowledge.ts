import { z } from "zod";
import { unansweredGroupId } from "./knowledge/unanswered.ts";
import { languageTag } from "./language-tag.ts";
import { pageLimit } from "./page-limit.ts";
import { cleanText, id, messageText } from "./submit.ts";

/** The contract of knowledge: what operators add, and how far it is read. */

/** `page`: one address. `sitemap`: all pages that it lists. `question`: a question with its answer. */
export const sourceKind = z.enum(["page", "sitemap", "text", "file", "question"]);
export type SourceKind = z.output<typeof sourceKind>;

/** `failed`: the last look failed. Documents of earlier looks still answer. */
export const sourceStatus = z.enum(["pending", "running", "ready", "failed"]);
export type SourceStatus = z.output<typeof sourceStatus>;

/** Only the passages of a `ready` document answer. */
export const documentStatus = z.enum(["pending", "ready", "left_out", "gone"]);
export type DocumentStatus = z.output<typeof documentStatus>;

/** Maximum code points of a text or an answer: some hundred pages of a book. */
const maxTextChars = 500_000;
const maxAddressChars = 2048;
const maxTitleChars = 300;
const maxQuestionChars = 1000;
const maxAssistants = 50;
const maxRefreshHours = 8760;
export const maxBatchSources = 1000;

/** An address in the form in which it is fetched: no fragment. */
const webAddress = z
  .string()
  .max(maxAddressChars)
  .transform((text, context) => {
    const url = URL.parse(text.trim());
    if (!url || !/^https?:$/.test(url.protocol) || url.hostname === "") {
      context.addIssue({ code: "custom", message: "must be an http or https address, like https://example.com/help" });
      return z.NEVER;
    }
    if (url.username !== "" || url.password !== "") {
      context.addIssue({ code: "custom", message: "must not contain a user name or a password" });
      return z.NEVER;
    }
    url.hash = "";
    return url.href;
  });

const title = cleanText(maxTitleChars)
  .transform((text) => (text === "" ? undefined : text))
  .optional()
  .meta({ description: `Shown beside a reply; at most ${maxTitleChars} characters. Absent: that of the page or file` });
const language = languageTag.optional().meta({ description: "Like `de` or `pt-BR`. Absent: detected" });
const assistantName = z.string().max(100);
const assistants = z
  .array(assistantName)
  .min(1)
  .max(maxAssistants)
  .transform((names) => [...new Set(names)])
  .optional()
  .meta({ description: "Assistants that answer from it, of `/api/assistants`. Absent: all" });

const about = { title, language, assistants };

const kindFields: Record<SourceKind, { needs: readonly string[]; may: readonly string[] }> = {
  page: { needs: ["url"], may: ["refreshHours"] },
  sitemap: { needs: ["url"], may: ["refreshHours"] },
  text: { needs: ["text"], may: ["url"] },
  file: { needs: [], may: ["url"] },
  question: { needs: ["question", "answer"], may: ["url", "unanswered"] },
};

/** Fields of a source as JSON. Which of them a kind takes is checked by {@link checkKind}. */
const sourceFields = z.object({
  kind: sourceKind,
  url: webAddress.optional().meta({ description: "Of a page or sitemap; for other kinds, what a reply links to" }),
  text: messageText(maxTextChars)
    .optional()
    .meta({ description: `Of a text: Markdown or plain, at most ${maxTextChars} characters` }),
  question: messageText(maxQuestionChars)
    .optional()
    .meta({ description: `At most ${maxQuestionChars} characters` }),
  answer: messageText(maxTextChars).optional().meta({ description: "Of a question. It wins over everything else" }),
  unanswered: unansweredGroupId
    .optional()
    .meta({ description: "Of a question: id of the unanswered one that it answers, which leaves the list" }),
  ...about,
  refreshHours: z
    .int()
    .min(1)
    .max(maxRefreshHours)
    .optional()
    .meta({ description: "Of a page or sitemap: hours between two looks at it; 24 by default" }),
});
type SourceFields = z.output<typeof sourceFields>;

/** A source as JSON. A file is no JSON: see {@link fileQuery}. */
export const sourceRequest = sourceFields.superRefine(checkKind).meta({ id: "SourceRequest" });
export type SourceRequest = z.output<typeof sourceRequest>;

function checkKind(source: SourceFields, context: z.RefinementCtx): void {
  const { kind } = source;
  if (kind === "file") {
    const message = "a file is sent as the body itself, with its media type and ?kind=file in the address";
    context.addIssue({ code: "custom", path: ["kind"], message });
    return;
  }
  const { needs, may } = kindFields[kind];
  for (const [name, value] of Object.entries(source)) {
    if (value === undefined || name === "kind" || name in about || needs.includes(name) || may.includes(name)) continue;
    context.addIssue({ code: "custom", path: [name], message: `is no field of a source of the kind "${kind}"` });
  }
  for (const name of needs) {
    if (source[name as keyof SourceFields] !== undefined) continue;
    context.addIssue({ code: "custom", path: [name], message: `is required for a source of the kind "${kind}"` });
  }
}

const batchKinds: readonly SourceKind[] = ["text", "question"];

/** Texts and questions, all or none of them. */
export const sourceBatchRequest = z
  .object({
    sources: z
      .array(
        sourceRequest.refine(({ kind }) => batchKinds.includes(kind), {
          path: ["kind"],
          message: "a batch takes texts and questions only",
        }),
      )
      .min(1)
      .max(maxBatchSources),
  })
  .meta({ id: "SourceBatchRequest" });

/** The query with which a file is sent. A list of assistants is separated by commas. */
export const fileQuery = z.object({
  kind: z.literal("file"),
  url: webAddress.optional().meta({ description: "What a reply links to" }),
  title,
  language,
  assistants: z
    .string()
    .transform((names) => names.split(",").map((name) => name.trim()))
    .pipe(z.array(assistantName).min(1).max(maxAssistants))
    .transform((names) => [...new Set(names)])
    .optional()
    .meta({ description: "Names, separated by commas. Absent: all", override: { type: "string" } }),
});

export const addedSource = z.object({ id: z.uuid(), status: sourceStatus }).meta({ id: "AddedSource" });
export type AddedSource = z.output<typeof addedSource>;
export const addedSources = z.object({ sources: z.array(addedSource) }).meta({ id: "AddedSources" });

const maxSourcePage = 100;
export const sourceListQuery = z.object({
  limit: pageLimit(maxSourcePage, 50),
  before: z.string().max(100).optional().meta({ description: "`nextBefore` of the page before" }),
});

const count = z.int();
const documentCounts = z.object({ pending: count, ready: count, left_out: count, gone: count });
const sourceCounts = z.object({ pending: count, running: count, ready: count, failed: count });

export const source = z
  .object({
    id: z.uuid(),
    kind: sourceKind,
    url: z.string().optional(),
    title: z.string().optional(),
    question: z.string().optional(),
    mediaType: z.string().optional().meta({ description: "Of a file or text" }),
    language: z.string().optional(),
    assistants: z.array(z.string()).optional(),
    refreshHours: z.int().optional().meta({ description: "Of a page or sitemap" }),
    status: sourceStatus,
    reason: z
      .string()
      .optional()
      .meta({ description: "Why the last look failed, or what its owner should know of it" }),
    documentCounts: documentCounts.meta({ description: "Its documents by status" }),
    lookedAt: z.iso.datetime().optional().meta({ description: "End of the last complete look" }),
    dueAt: z.iso.datetime().optional().meta({ description: "Time of the next look; absent: none is to come" }),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: "Source" });
export type SourceView = z.output<typeof source>;

export const sourceList = z
  .object({
    sources: z.array(source),
    counts: sourceCounts.meta({ description: "All sources of the site by status" }),
    nextBefore: z.string().optional().meta({ description: "There are more: pass it as `before`" }),
  })
  .meta({ id: "SourceList" });
export type SourceListView = z.output<typeof sourceList>;

/** Characters of a document's text that are shown. */
export const shownTextChars = 200_000;
const maxDocumentPage = 200;

export const sourceQuery = z.object({
  limit: pageLimit(maxDocumentPage, 50),
  after: id.optional().meta({ description: "`nextAfter` of the page before: a document's id" }),
  status: documentStatus.optional().meta({ description: "Documents with this status only" }),
  text: id.optional().meta({ description: "A document's id: it alone is listed, with the text that was taken" }),
});

export const knowledgeDocument = z
  .object({
    id: z.uuid(),
    url: z.string().optional().meta({ description: "Absent for what was not fetched" }),
    title: z.string().optional(),
    language: z.string().optional(),
    status: documentStatus,
    reason: z.string().optional().meta({ description: "Why it is left out or gone, or is to be tried again" }),
    notes: z.array(z.string()).optional().meta({ description: "Remarks of the reader, for the owner" }),
    passages: z.int().meta({ description: "Pieces of it that can be quoted" }),
    share: z.number().optional().meta({ description: "Part of the page's visible text that was taken, 0 to 1" }),
    needsScript: z.literal(true).optional().meta({ description: "The page is empty without its scripts" }),
    fetchedAt: z.iso.datetime().optional(),
    text: z
      .string()
      .optional()
      .meta({ description: `The text that was taken, where it was asked for: its first ${shownTextChars} characters` }),
    textCut: z.literal(true).optional().meta({ description: "There is more of the text" }),
  })
  .meta({ id: "KnowledgeDocument" });
export type DocumentView = z.output<typeof knowledgeDocument>;

export const sourceDetail = source
  .extend({
    documents: z.array(knowledgeDocument),
    nextAfter: z.uuid().optional().meta({ description: "There are more: pass it as `after`" }),
  })
  .meta({ id: "SourceDetail" });
export type SourceDetailView = z.output<typeof sourceDetail>;

export const knowledgeSearchQuery = z.object({
  q: z.string().trim().min(1).max(maxQuestionChars).meta({ description: "A question, as a visitor would write it" }),
  limit: pageLimit(50, 10),
  assistant: assistantName.optional().meta({ description: "Only what this assistant answers from" }),
  language: language.meta({ description: "Only documents in this language" }),
});

export const passage = z
  .object({
    id: z.string(),
    documentId: z.uuid(),
    sourceId: z.uuid(),
    title: z.string(),
    url: z.string().optional(),
    heading: z.string().meta({ description: "Headings above it, from the outermost" }),
    text: z.string(),
    language: z.string().optional(),
    rank: z.int().meta({ description: "1 for the best one" }),
    why: z
      .array(z.object({ term: z.string(), words: z.array(z.string()) }))
      .meta({ description: "Words of the question that it has, the weightiest first, each with its own words for it" }),
    similar: z
      .number()
      .optional()
      .meta({ description: "How near its meaning is to the question's (cosine), if its vector is among the nearest" }),
  })
  .meta({ id: "Passage" });
export type PassageView = z.output<typeof passage>;

export const knowledgeSearchResult = z
  .object({ passages: z.array(passage), tookMs: z.number() })
  .meta({ id: "KnowledgeSearch" });
export type KnowledgeSearchView = z.output<typeof knowledgeSearchResult>;
