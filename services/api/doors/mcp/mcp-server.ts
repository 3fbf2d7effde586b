import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { Problem } from "../../../../shared/errors.ts";
import type { ApiContext } from "../../api-context.ts";
import { idsOf } from "../../middleware/request-id.ts";
import { openFor, askAssistant } from "./ask-assistant.ts";
import { askInput, askOutput, type McpRequest, searchInput, searchOutput, type ToolAnswer } from "./mcp-tools.ts";
import { searchKnowledge } from "./search-knowledge.ts";

const askDescription =
  "Asks the site's assistant. The question is stored as a conversation, which the site's support people see and may answer. Use " +
  "search_knowledge where the site's texts are enough.";

/** Answers one JSON-RPC message. Loaded with the SDK at the first one. */
export function answerMcp(
  context: ApiContext,
  { request, body }: { request: globalThis.Request; body: unknown },
  of: McpRequest,
): Promise<globalThis.Response> {
  const onerror = (error: Error) => context.log.debug({ ...idsOf(of.req), err: error }, "an MCP request was refused");
  // The tools are always the same: a stream of changes would stay open, and bring nothing.
  const options = { onerror, maxSubscriptions: 0 };
  return createMcpHandler(() => mcpServer(context, of), options).fetch(request, { parsedBody: body });
}

/**
 * The tools of a request: the site's knowledge for everyone; its assistants for those with a key that may write, and for
 * everyone those that allow it.
 */
function mcpServer(context: ApiContext, request: McpRequest): McpServer {
  const server = new McpServer({ name: "parley", version: "1.0.0" });
  const answerWith = answers(context, request);
  server.registerTool(
    "search_knowledge",
    {
      title: "Search the site's knowledge",
      description:
        "Finds passages of the site's pages, files and answers to a question, best first, with their addresses.",
      inputSchema: searchInput,
      outputSchema: searchOutput,
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    (input) => answerWith(() => searchKnowledge(context, input)),
  );
  if (openFor(request.actor, context.assistants).length === 0) return server;
  server.registerTool(
    "ask",
    {
      title: "Ask the site's assistant",
      description: askDescription,
      inputSchema: askInput,
      outputSchema: askOutput,
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
    },
    (input) => answerWith(() => askAssistant(context, request, input)),
  );
  return server;
}

/** Answers as MCP has it. A refusal is a result that the model reads, and of other faults nothing is told. */
function answers({ log }: Pick<ApiContext, "log">, { req }: McpRequest) {
  return async <Fields extends object>(work: () => Promise<ToolAnswer<Fields>>) => {
    try {
      const { text, fields, failed } = await work();
      const content = [{ type: "text" as const, text }];
      return { content, structuredContent: { ...fields }, ...(failed && { isError: true }) };
    } catch (error) {
      if (!(error instanceof Problem)) log.error({ ...idsOf(req), err: error }, "unexpected");
      return { content: [{ type: "text" as const, text: describe(error) }], isError: true };
    }
  };
}

function describe(error: unknown): string {
  if (!(error instanceof Problem)) return "Something went wrong here. Try again later.";
  const { title, message, retryAfterSeconds } = error;
  const again = retryAfterSeconds === undefined ? "" : ` Try again in ${retryAfterSeconds} seconds.`;
  return `${title}: ${message}${again}`;
}
