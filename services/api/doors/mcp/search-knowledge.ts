import type { ApiContext } from "../../api-context.ts";
import { refuse } from "../../submit/check-choices.ts";
import type { SearchInput, SearchOutput, ToolAnswer } from "./mcp-tools.ts";

/**
 * Finds what a reply of an assistant would be made from.
 * @throws {Problem} 400 if there is no such assistant
 */
export async function searchKnowledge(
  { assistants, knowledge, siteId }: Pick<ApiContext, "assistants" | "knowledge" | "siteId">,
  { query: question, limit, assistant }: SearchInput,
): Promise<ToolAnswer<SearchOutput>> {
  if (!assistants.has(assistant))
    refuse("assistant", `there is no such assistant; there are: ${[...assistants.keys()].join(", ")}`);
  const search = await knowledge();
  const found = await search.find({ siteId, question, assistant, limit });
  const passages = found.passages.map(({ title, url, heading, text }) => ({
    title: title ?? "",
    ...(url !== "" && { url }),
    heading,
    text,
  }));
  const texts = passages.map(({ text, ...of }, at) => `[${at + 1}] ${nameOf(of)}\n${text}`);
  return { text: texts.join("\n\n") || "Nothing was found.", fields: { passages } };
}

/** A heading begins with the title. */
function nameOf({ title, url, heading }: { title: string; url?: string; heading: string }): string {
  return [heading || title, url].filter((part) => part !== undefined && part !== "").join(" · ");
}
