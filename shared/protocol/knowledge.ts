import { z } from "zod";

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
