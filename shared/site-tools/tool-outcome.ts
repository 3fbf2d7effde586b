import type { Config } from "../config/config.ts";
import type { NamedSecrets } from "../config/named-secrets.ts";
import type { Logger } from "../logger.ts";
import type { Claims } from "../assistants/tools/identity-parameters.ts";
import type { McpServerDeclaration } from "../assistants/tools/mcp-declaration.ts";
import type { ServerLook } from "../mcp/listed-tool.ts";
import type { SiteTool } from "../assistants/tools/site-tool.ts";

/** Outcome of a call of a site's endpoint. */
export interface ToolOutcome {
  /**
   * `done`: the endpoint said so. `failed`: surely not carried out, as nothing was sent, or the endpoint refused it.
   * `unknown`: sent, and nobody can tell. Reading is never `unknown`.
   */
  state: "done" | "failed" | "unknown";
  /** Status of the response; absent without one. */
  status?: number;
  /**
   * Words of the outcome, bounded and without secrets: by the template of the tool, or as the endpoint wrote them. They may be
   * empty.
   */
  text: string;
  /** Reason in words for operators; absent if the endpoint did what it was asked. It is for no model and no visitor. */
  reason?: string | undefined;
  /** True if the tool itself has said that something went wrong: `text` is in its words. */
  isReported?: true;
  /** True if the arguments do not fit: `text` tells the model why, and nothing was sent. */
  isMistake?: true;
  /** True if the visitor's identity lacks what the tool takes of it: nothing was sent. */
  needsIdentity?: true;
}

export interface ToolCallOptions {
  /** Sent as `Idempotency-Key`: the id of the action, the same for each repetition. */
  idempotencyKey: string;
  /** Language of the words of the outcome. */
  locale?: string | undefined;
  /** True if the call may have arrived before: one that is turned away then says nothing about the first one. */
  repeated?: boolean | undefined;
  /** Claims of the visitor's identity, for tools that take some. Their values are in no words of the outcome. */
  claims?: Claims | undefined;
  /** Ends the wait. A change that was sent is `unknown` then. */
  signal?: AbortSignal | undefined;
}

type Arguments = Readonly<Record<string, unknown>>;

export interface SiteToolsOptions {
  settings: Pick<Config, "FETCH_ALLOW_PRIVATE" | "FETCH_PORTS" | "FETCH_PROXY"> &
    Partial<Pick<Config, "DEMO_SHOP_URL">>;
  secrets: NamedSecrets;
  log: Pick<Logger, "warn">;
  /** Told of an MCP server whose tools are not as they were allowed: its list is to be read again. */
  onListChanged?: ((server: string) => void) | undefined;
}

/** Calls the endpoints of tools. No method rejects for what an endpoint or a network does: that is an outcome. */
export interface SiteToolClient {
  call: (tool: SiteTool, args: Arguments, options: ToolCallOptions) => Promise<ToolOutcome>;
  /** Asks whether a call was carried out, where the tool has `status`. `unknown`: ask again later. */
  askStatus: (tool: SiteTool, args: Arguments, options: ToolCallOptions) => Promise<ToolOutcome>;
  /** Reads the tools that an MCP server lists. */
  look: (server: McpServerDeclaration, options?: { signal?: AbortSignal }) => Promise<ServerLook>;
  close: () => Promise<void>;
}
