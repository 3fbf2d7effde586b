import { ConfigError } from "../../config/config.ts";
import type { NamedSecrets } from "../../config/named-secrets.ts";
import { type Assistants, assistantsPath } from "../assistants.ts";
import { secretsOfServer } from "./mcp-declaration.ts";
import { secretsOfTool } from "./tool-faults.ts";

/** @throws {ConfigError} naming each secret of a tool that is not set */
export function checkSecrets(assistants: Assistants, secrets: Pick<NamedSecrets, "has">): void {
  const faults = [...assistants].flatMap(([type, { tools = [], mcp = [] }]) =>
    [
      ...tools.map((tool, at) => ({ path: `tools.${at}`, names: secretsOfTool(tool) })),
      ...mcp.map((server, at) => ({ path: `mcp.${at}`, names: secretsOfServer(server) })),
    ].flatMap(({ path, names }) =>
      names
        .filter((name) => !secrets.has(name))
        .map((name) => `  ${assistantsPath}: assistants.${type}.${path}: SECRET_${name} is not set`),
    ),
  );
  if (faults.length > 0) throw new ConfigError(`The tools lack ${faults.length} secret(s):\n${faults.join("\n")}`);
}
