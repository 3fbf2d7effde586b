import { z } from "zod";
import { type ListedTool, judgeTool, type RawTool, rawTool } from "./listed-tool.ts";
import { McpFailure, type McpSession } from "./mcp-session.ts";

/** Pages and tools of a list that are read. The largest honest server of today lists about a hundred. */
const maxPages = 20;
const maxRead = 2000;
/** Tools that are kept: those that are declared, then the first ones. */
const maxKept = 128;

const page = z.object({ tools: z.array(z.unknown()), nextCursor: z.string().max(4096).nullish() });

/** Tools of a server as it lists them. */
export interface RawList {
  tools: RawTool[];
  /** Entries that are no tools, or too many. */
  leftOut: number;
}

/**
 * Reads the whole list of a server.
 * @throws {McpFailure}
 */
export async function readRawList(session: McpSession): Promise<RawList> {
  const tools: RawTool[] = [];
  let leftOut = 0;
  let cursor: string | undefined;
  for (let pages = 0; pages < maxPages; pages += 1) {
    const answer = await session.ask("tools/list", cursor === undefined ? {} : { cursor });
    const parsed = page.safeParse("result" in answer ? answer.result : undefined);
    if (!parsed.success) throw unreadable("error" in answer ? ` (error ${answer.error.code})` : "");
    for (const each of parsed.data.tools) {
      const tool = rawTool.safeParse(each);
      if (tool.success && tools.length < maxRead) tools.push(tool.data);
      else leftOut += 1;
    }
    const next = parsed.data.nextCursor ?? undefined;
    if (next === undefined || next === cursor) return { tools, leftOut };
    cursor = next;
  }
  throw unreadable(`, as it has more than ${maxPages} pages`);
}

function unreadable(why: string): McpFailure {
  return new McpFailure(
    `The list of the server's tools cannot be read${why}.`,
    { wasRefused: true, hasLostSession: false, status: undefined },
    undefined,
  );
}

/**
 * Judges the tools of a list.
 * @param declared names of those that the configuration knows
 * @returns how many are not among them, too
 */
export function judgeList(list: RawList, declared: ReadonlySet<string>): { tools: ListedTool[]; leftOut: number } {
  const counts = new Map<string, number>();
  for (const { name } of list.tools) counts.set(name, (counts.get(name) ?? 0) + 1);
  const byName = new Map(list.tools.map((tool) => [tool.name, tool]));
  const [wanted, others] = [true, false].map((is) =>
    [...byName.values()].filter(({ name }) => declared.has(name) === is),
  );
  const kept = [...(wanted ?? []), ...(others ?? [])].slice(0, Math.max(maxKept, wanted?.length ?? 0));
  return {
    tools: kept.map((tool) => judgeTool(tool, { isTwice: (counts.get(tool.name) ?? 0) > 1 })),
    leftOut: list.leftOut + byName.size - kept.length,
  };
}
