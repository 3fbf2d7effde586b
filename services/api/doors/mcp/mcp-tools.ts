import type { Request, Response } from "express";
import { z } from "zod";
import type { Actor } from "../../access/operator-access.ts";

/** A request of an MCP client. */
export interface McpRequest {
  req: Request;
  res: Response;
  /** Owner of the key that was sent. Absent: none was sent. */
  actor: Actor | undefined;
  /** See `refuseBesideOlder`. */
  refuseOlder: () => Promise<void>;
}

/** Answer of a tool: words for a model, and the same in fields. */
export interface ToolAnswer<Fields> {
  text: string;
  fields: Fields;
  /** True if the question was not answered. */
  failed?: boolean;
}

const assistant = z
  .string()
  .min(1)
  .max(100)
  .default("default")
  .meta({ description: "Name of the assistant, of which a site may have several" });
const source = z.object({ title: z.string(), url: z.string().optional() });

export const searchInput = z.object({
  query: z.string().trim().min(1).max(1000).meta({ description: "A question, as a customer would write it" }),
  limit: z.int().min(1).max(20).default(5).meta({ description: "Maximum number of passages" }),
  assistant,
});
export const searchOutput = z.object({
  passages: z.array(source.extend({ heading: z.string(), text: z.string() })).meta({ description: "Best first" }),
});
export const askInput = z.object({
  question: z.string().meta({ description: "The question, with all that is needed to understand it" }),
  assistant,
});
export const askOutput = z.object({
  status: z.enum(["completed", "failed", "with-people", "waiting"]),
  answer: z.string().optional(),
  sources: z.array(source).optional(),
  conversationId: z.string(),
});

export type SearchInput = z.output<typeof searchInput>;
export type SearchOutput = z.output<typeof searchOutput>;
export type AskInput = z.output<typeof askInput>;
export type AskOutput = z.output<typeof askOutput>;
