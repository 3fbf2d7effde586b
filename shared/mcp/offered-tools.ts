import type { Assistant, Assistants } from "../assistants/assistants.ts";
import {
  type McpServerDeclaration,
  type McpToolDeclaration,
  offeredName,
  serverKey,
} from "../assistants/tools/mcp-declaration.ts";
import type { SiteTool } from "../assistants/tools/site-tool.ts";
import { maxCardLines } from "../assistants/tools/tool-declaration.ts";
import { textsIn } from "../assistants/tools/tool-faults.ts";
import { placeholdersIn } from "../assistants/tools/tool-template.ts";
import type { AllowedTool } from "../db/mcp/tools.ts";
import { toOfferedSchema } from "./tool-schema.ts";

/** All servers that assistants name, each once. */
export function declaredServers(assistants: Assistants): Map<string, McpServerDeclaration> {
  return new Map([...assistants.values()].flatMap(({ mcp = [] }) => mcp.map((server) => [serverKey(server), server])));
}

/** Adds to each assistant the tools of its servers that operators have allowed. */
export function withMcpTools(assistants: Assistants, allowed: readonly AllowedTool[]): Assistants {
  const byPlace = new Map(allowed.map((tool) => [placeOf(tool.server, tool.name), tool]));
  const toolsOf = (server: McpServerDeclaration) => {
    const key = serverKey(server);
    return server.tools.flatMap((declared): SiteTool[] => {
      const listed = byPlace.get(placeOf(key, declared.name));
      const tool = listed && toSiteTool(server, declared, listed);
      return tool === undefined || typeof tool === "string" ? [] : [tool];
    });
  };
  return new Map(
    [...assistants].map(([type, assistant]): [string, Assistant] => {
      const { tools = [], mcp = [] } = assistant;
      return [type, mcp.length === 0 ? assistant : { ...assistant, tools: [...tools, ...mcp.flatMap(toolsOf)] }];
    }),
  );
}

function placeOf(server: string, name: string): string {
  return `${server} ${name}`;
}

/** @returns the tool as models are offered it, or why it cannot be */
export function toSiteTool(
  server: McpServerDeclaration,
  declared: McpToolDeclaration,
  listed: Pick<AllowedTool, "description" | "schema" | "hash">,
): SiteTool | string {
  const { name, effect, errors, repeat, result, timeoutMs } = declared;
  const { parameters } = toOfferedSchema(JSON.parse(listed.schema) as Record<string, unknown>);
  const confirm = declared.confirm ?? (effect === "change" ? "visitor" : "never");
  const names = Object.keys(parameters.properties);
  const card = effect === "change" ? (declared.card ?? cardOf(declared, names)) : undefined;
  if (card === "too many")
    return `it has more than ${maxCardLines} parameters: give it a card that names those that matter`;
  const shown = [...textsIn(card, []), ...textsIn(result, []).filter(({ text }) => !text.includes("{response"))];
  const unknown = shown
    .flatMap(({ text }) => placeholdersIn(text, "value"))
    .find((placeholder) => !names.includes(placeholder));
  if (unknown !== undefined) return `its words have {${unknown}}, which is no parameter`;
  return {
    name: offeredName(declared),
    description: listed.description === "" ? name : listed.description,
    parameters,
    effect,
    confirm,
    request: { method: "POST", url: server.url, ...(server.headers && { headers: server.headers }) },
    repeat: repeat === "same" ? "key" : "never",
    ...(result !== undefined && { result }),
    ...(card !== undefined && { card }),
    timeoutMs,
    mcp: { server: serverKey(server), name, hash: listed.hash, errors },
  };
}

/** Asks about every argument, under the names of the schema. */
function cardOf(declared: McpToolDeclaration, names: readonly string[]): NonNullable<SiteTool["card"]> | "too many" {
  if (names.length > maxCardLines) return "too many";
  const words = offeredName(declared).replaceAll(/[_-]+/g, " ").trim();
  return {
    title: words.charAt(0).toUpperCase() + words.slice(1),
    lines: names.map((name) => ({ label: name, value: `{${name}}` })),
  };
}
