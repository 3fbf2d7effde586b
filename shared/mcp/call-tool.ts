import { compileForeign, faultOfArguments } from "../assistants/tools/tool-arguments.ts";
import type { SiteTool } from "../assistants/tools/site-tool.ts";
import type { NamedSecrets } from "../config/named-secrets.ts";
import type { GuardedFetch } from "../fetch/guarded-fetch.ts";
import { buildHeaders, buildUrl } from "../site-tools/build-request.ts";
import { wordsByTemplate } from "../site-tools/outcome-words.ts";
import type { SiteToolsOptions, ToolCallOptions, ToolOutcome } from "../site-tools/tool-outcome.ts";
import { pinOf, type RawTool } from "./listed-tool.ts";
import { type McpEndpoint, McpFailure, McpSession, type RpcAnswer } from "./mcp-session.ts";
import { readRawList } from "./read-list.ts";
import { type CallResult, readResult } from "./read-result.ts";
import { faultOfForm } from "./tool-schema.ts";

type McpTool = SiteTool & Required<Pick<SiteTool, "mcp">>;

interface McpCallOptions extends Pick<SiteToolsOptions, "secrets" | "log" | "onListChanged"> {
  client: Pick<GuardedFetch, "send">;
}

interface Asked {
  tool: McpTool;
  args: Readonly<Record<string, unknown>>;
  given: ToolCallOptions;
}

/** Sessions for one call: a server may have been restarted since the first one began. */
const maxSessions = 2;

/**
 * Calls a tool of an MCP server, in a session of its own. The server's list is read first: a tool that is not as an operator has
 * allowed it is not called.
 */
export async function callMcpTool(options: McpCallOptions, asked: Asked): Promise<ToolOutcome> {
  const { tool, args, given } = asked;
  const fault = faultOfArguments(tool, args);
  if (fault !== undefined) return { state: "failed", isMistake: true, text: fault };
  const endpoint = fillEndpoint(tool.request, options.secrets);
  for (let sessions = 1; ; sessions += 1) {
    try {
      const session = await McpSession.open(endpoint, {
        client: options.client,
        timeoutMs: tool.timeoutMs,
        signal: given.signal,
      });
      try {
        return await callWithin(session, options, asked);
      } finally {
        void session.close();
      }
    } catch (error) {
      if (!(error instanceof McpFailure)) throw error;
      // It was refused before it ran, so that a new session may ask for it.
      if (error.hasLostSession && sessions < maxSessions) continue;
      const { wasRefused, message: reason, status } = error;
      const state = wasRefused && given.repeated !== true ? "failed" : uncertain(tool);
      return { state, ...(status !== undefined && { status }), text: "", reason };
    }
  }
}

/** Fills the secrets of a server's address and headers. */
export function fillEndpoint(
  { url, headers }: Pick<SiteTool["request"], "url" | "headers">,
  secrets: NamedSecrets,
): McpEndpoint {
  return { url: buildUrl(url, { args: {}, secrets }), headers: buildHeaders(headers, { secrets }) };
}

/** Reading changes nothing, so that nothing is open after it. */
function uncertain({ effect }: Pick<SiteTool, "effect">): "failed" | "unknown" {
  return effect === "read" ? "failed" : "unknown";
}

async function callWithin(session: McpSession, options: McpCallOptions, asked: Asked): Promise<ToolOutcome> {
  const { tool, args, given } = asked;
  const { name, server, hash } = tool.mcp;
  const list = await readRawList(session);
  const [listed, twin] = list.tools.filter((each) => each.name === name);
  if (listed === undefined || twin !== undefined || !isPinned(listed, hash)) {
    options.onListChanged?.(server);
    const reason = `The server ${listed === undefined ? "does not list" : "has changed"} this tool: an operator must allow it.`;
    // A repeated call may have been carried out before the change.
    return { state: given.repeated === true ? uncertain(tool) : "failed", text: "", reason };
  }
  const answer = await session.ask("tools/call", { name, arguments: args });
  return outcomeOf(answer, listed, { options, asked });
}

function isPinned(tool: RawTool, hash: string): boolean {
  return faultOfForm(tool.inputSchema) === undefined && pinOf(tool) === hash;
}

/** Errors of JSON-RPC that come before a tool runs. */
const refusalCodes = new Set([-32_700, -32_600, -32_601, -32_602]);

/**
 * True if a server says that it has no such tool. Some say so under the code of an internal error, under which others report
 * what a tool threw in the middle of its work, such as "Order 1042 not found".
 */
function isUnknownTool(message: string, { mcp: { name } }: McpTool): boolean {
  const said = message.replaceAll(/["'`]/g, "").toLowerCase();
  return ["method", "tool"].some((kind) => said.endsWith(`${kind} ${name.toLowerCase()} not found`));
}

function outcomeOf(
  answer: RpcAnswer,
  listed: RawTool,
  { options, asked }: { options: McpCallOptions; asked: Asked },
): ToolOutcome {
  const { tool, args, given } = asked;
  if ("error" in answer) {
    const { code, message } = answer.error;
    const isSure = (refusalCodes.has(code) || isUnknownTool(message, tool)) && given.repeated !== true;
    const reason = `The server answered with the error ${code}.`;
    if (isSure) options.onListChanged?.(tool.mcp.server);
    return { state: isSure ? "failed" : uncertain(tool), isReported: true, text: message, reason };
  }
  const result = readResult(answer.result);
  if (!result) return { state: uncertain(tool), text: "", reason: "The server gave no result of a tool." };
  if (result.asks || (result.isError && answer.asksBack)) {
    const text = "It asks a question in the middle of its work, which nobody can answer here.";
    return { state: uncertain(tool), isReported: true, text, reason: text };
  }
  if (result.isError) return reportedError(result, asked);
  warnOfShape(result, listed, { options, tool });
  const words = wordsByTemplate(tool, result.structured ?? parsed(result.text), { args, locale: given.locale });
  return { state: "done", text: words ?? result.text };
}

/** An error that a tool reports of itself. Of a repeated call it says nothing about the first one. */
function reportedError({ text }: CallResult, { tool, given }: Asked): ToolOutcome {
  const isOpen = given.repeated === true || tool.mcp.errors === "unknown";
  return {
    state: isOpen ? uncertain(tool) : "failed",
    isReported: true,
    text,
    reason: "The tool reported an error.",
  };
}

/** A result that is not as the server has announced is a result all the same: a change was made. */
function warnOfShape(
  { structured }: CallResult,
  { outputSchema }: RawTool,
  { options, tool }: { options: McpCallOptions; tool: McpTool },
): void {
  if (outputSchema === undefined || faultOfForm(outputSchema) !== undefined) return;
  try {
    if (compileForeign(outputSchema as object)(structured)) return;
  } catch {
    // It cannot be compared with what does not compile.
  }
  options.log.warn({ tool: tool.name }, "the result of a tool is not as its server has announced it");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
