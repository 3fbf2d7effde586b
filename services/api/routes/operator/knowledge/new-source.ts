import type { Request } from "express";
import type { Assistants } from "../../../../../shared/assistants/assistants.ts";
import type { NewSource } from "../../../../../shared/db/knowledge/sources.ts";
import { Problem } from "../../../../../shared/errors.ts";
import { fileTypes, maxFileBytes } from "../../../../../shared/protocol/knowledge/file-types.ts";
import { fileQuery, type SourceRequest } from "../../../../../shared/protocol/knowledge.ts";
import { parseQuery } from "../../../middleware/parse-input.ts";
import { readRequestBody, requireUncompressed } from "../../../middleware/read-body.ts";
import { refuse } from "../../../submit/check-choices.ts";

type Added = Omit<NewSource, "id">;

/** Reads a source that was sent as JSON. @param path of the source in the body, `""` if it is all of it */
export function toNewSource(source: SourceRequest, assistants: Assistants, path = ""): Added {
  const { text, answer, ...fields } = source;
  checkAssistants(fields.assistants, assistants, path === "" ? "assistants" : `${path}.assistants`);
  const content = text ?? answer;
  return {
    ...fields,
    ...(content !== undefined && { content: Buffer.from(content) }),
    // Plain text is Markdown, too; headings make better passages.
    ...(text !== undefined && { mediaType: "text/markdown" }),
  };
}

/**
 * Reads a file that was sent as the body itself.
 * @throws {Problem} 413, 415, and 400 for an empty one
 */
export async function readFileSource(req: Request, assistants: Assistants): Promise<Added> {
  const { kind, ...fields } = parseQuery(fileQuery, req.query);
  checkAssistants(fields.assistants, assistants, "assistants");
  const mediaType = requireFileType(req);
  requireUncompressed(req);
  const megabytes = maxFileBytes / 2 ** 20;
  const content = await readRequestBody(req, { limit: maxFileBytes, says: `A file is limited to ${megabytes} MB.` });
  if (content.length === 0) {
    throw new Problem("invalid-request", "The body: must not be empty", {
      errors: [{ path: "", message: "must not be empty" }],
    });
  }
  return { kind, ...fields, content, mediaType };
}

const known = [...new Set<string>(Object.values(fileTypes))];

/** @throws {Problem} 415 naming the types that are taken */
function requireFileType(req: Request): string {
  const header = req.get("Content-Type") ?? "";
  const [type = ""] = header.split(";", 1);
  const named = type.trim().toLowerCase();
  if (!known.includes(named)) {
    throw new Problem("unsupported-media-type", `Send a file with one of these media types: ${known.join(", ")}.`);
  }
  if (/;\s*charset=(?!"?utf-?8"?\s*(;|$))/i.test(header)) {
    throw new Problem("unsupported-media-type", "Send text in UTF-8, or leave the charset out: it is detected.");
  }
  return named;
}

function checkAssistants(names: readonly string[] | undefined, assistants: Assistants, path: string): void {
  const missing = names?.findIndex((name) => !assistants.has(name)) ?? -1;
  if (missing === -1) return;
  refuse(`${path}.${missing}`, `there is no such assistant; there are: ${[...assistants.keys()].join(", ")}`);
}
