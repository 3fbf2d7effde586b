import type { Assistants } from "../../shared/assistants/assistants.ts";
import type { McpServerDeclaration } from "../../shared/assistants/tools/mcp-declaration.ts";
import type { SiteTool } from "../../shared/assistants/tools/site-tool.ts";
import { secretsOfTool } from "../../shared/assistants/tools/tool-faults.ts";
import { parseUrlTemplate } from "../../shared/assistants/tools/tool-template.ts";
import type { NamedSecrets } from "../../shared/config/named-secrets.ts";
import { createAddressGuard } from "../../shared/fetch/address-guard.ts";
import { FetchError } from "../../shared/fetch/fetch-error.ts";
import { parseFetchUrl } from "../../shared/fetch/fetch-target.ts";
import { resolveChecked, resolveName } from "../../shared/fetch/guarded-connect.ts";
import type { DoctorEnvironment } from "./check-configuration.ts";
import { type Finding, fault, ok } from "./findings.ts";

type FetchSettings = Pick<DoctorEnvironment, "FETCH_ALLOW_PRIVATE" | "FETCH_PORTS">;

/** Checks that the tools of all assistants have their secrets, and endpoints that may be called. It calls none. */
export async function checkTools(
  assistants: Assistants,
  { settings, secrets }: { settings: FetchSettings; secrets: Pick<NamedSecrets, "has"> },
): Promise<Finding[]> {
  const tools = [...assistants].flatMap(([assistant, { tools: all = [], mcp = [] }]) =>
    [...all, ...mcp.map(asTool)].map((tool) => ({ assistant, tool })),
  );
  const byOrigin = Map.groupBy(
    tools.flatMap(({ tool }) => originsOf(tool).map((origin) => ({ origin, name: tool.name }))),
    ({ origin }) => origin,
  );
  const missing = tools.flatMap(({ assistant, tool }) =>
    secretsOfTool(tool)
      .filter((name) => !secrets.has(name))
      .map((name) =>
        fault(`${assistant}: ${tool.name} sends SECRET_${name}, which is not set`, "set it for the workers"),
      ),
  );
  const origins = [...byOrigin].map(([origin, of]) =>
    checkOrigin(origin, of.map(({ name }) => name).join(", "), settings),
  );
  return [...missing, ...(await Promise.all(origins))];
}

/** An endpoint, or an MCP server. */
type Called = Pick<SiteTool, "name" | "request"> & Partial<Pick<SiteTool, "status">>;

function asTool({ url, headers }: McpServerDeclaration): Called {
  return { name: "an MCP server", request: { method: "POST", url, ...(headers && { headers }) } };
}

function originsOf({ request, status }: Called): string[] {
  const templates = [request.url, ...(status ? [status.url] : [])];
  return [...new Set(templates.flatMap((template) => parseUrlTemplate(template)?.origin ?? []))];
}

async function checkOrigin(
  origin: string,
  names: string,
  { FETCH_ALLOW_PRIVATE = [], FETCH_PORTS }: FetchSettings,
): Promise<Finding> {
  try {
    // A literal IPv6 address is in brackets.
    const hostname = parseFetchUrl(origin, FETCH_PORTS).hostname.replaceAll(/[[\]]/g, "");
    const addresses = await resolveChecked(hostname, createAddressGuard(FETCH_ALLOW_PRIVATE), resolveName);
    return ok(`${names}: ${origin} is at ${addresses.map(({ address }) => address).join(", ")}; it was not called`);
  } catch (error) {
    if (!(error instanceof FetchError)) throw error;
    return fault(`${names}: ${origin} cannot be called: ${error.message}`, "docs/actions.md says what is called");
  }
}
