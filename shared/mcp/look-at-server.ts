import type { McpServerDeclaration } from "../assistants/tools/mcp-declaration.ts";
import type { NamedSecrets } from "../config/named-secrets.ts";
import type { GuardedFetch } from "../fetch/guarded-fetch.ts";
import { fillEndpoint } from "./call-tool.ts";
import type { ListedTool, ServerLook } from "./listed-tool.ts";
import { McpFailure, McpSession } from "./mcp-session.ts";
import { judgeList, readRawList } from "./read-list.ts";

/** Time for one look. No reply waits for it. */
const lookMs = 30_000;

interface LookOptions {
  client: Pick<GuardedFetch, "send">;
  secrets: NamedSecrets;
  signal?: AbortSignal | undefined;
}

/** Reads the list of a server in a session of its own, and judges every tool. It never rejects for what a server does. */
export async function lookAtServer(
  { client, secrets, signal }: LookOptions,
  server: McpServerDeclaration,
): Promise<ServerLook> {
  try {
    const session = await McpSession.open(fillEndpoint(server, secrets), { client, timeoutMs: lookMs, signal });
    try {
      const { tools, leftOut } = judgeList(await readRawList(session), new Set(server.tools.map(({ name }) => name)));
      return { tools: tools.map((tool) => masked(tool, secrets)), leftOut };
    } finally {
      void session.close();
    }
  } catch (error) {
    if (error instanceof McpFailure) return { fault: secrets.mask(error.message) };
    throw error;
  }
}

/** A server may repeat what it was sent. */
function masked({ description, schema, fault, ...tool }: ListedTool, secrets: NamedSecrets): ListedTool {
  return {
    ...tool,
    description: secrets.mask(description),
    schema: secrets.mask(schema),
    fault: fault === null ? null : secrets.mask(fault),
  };
}
