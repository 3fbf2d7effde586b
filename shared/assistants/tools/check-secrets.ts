import { ConfigError } from "../../config/config.ts";
import type { NamedSecrets } from "../../config/named-secrets.ts";
import { type Assistants, assistantsPath } from "../assistants.ts";
import { secretsOfTool } from "./tool-faults.ts";

/** @throws {ConfigError} naming each secret of a tool that is not set */
export function checkSecrets(assistants: Assistants, secrets: Pick<NamedSecrets, "has">): void {
  const faults = [...assistants].flatMap(([type, { tools = [] }]) =>
    tools.flatMap((tool, at) =>
      secretsOfTool(tool)
        .filter((name) => !secrets.has(name))
        .map((name) => `  ${assistantsPath}: assistants.${type}.tools.${at}: SECRET_${name} is not set`),
    ),
  );
  if (faults.length > 0) throw new ConfigError(`The tools lack ${faults.length} secret(s):\n${faults.join("\n")}`);
}
