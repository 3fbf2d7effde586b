import { isNamedSecret } from "./named-secrets.ts";

/**
 * Secrets that only one part uses, which the other one starts without and drops if they are set, and those of both. A worker
 * writes to the same database as an API: the key of what is kept there tells it nothing that it could not change.
 */
export const secretsOf = {
  api: ["TOKEN_SECRET", "IDENTITY_SECRET", "CHALLENGE_SECRET", "ADMIN_PASSWORD", "ADMIN_READ_PASSWORD"],
  worker: ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "CLAUDE_API_KEY", "COMPATIBLE_API_KEY", "SMTP_URL"],
  both: ["SECRETS_KEY"],
} as const;

/** Placeholder for a provider's key: an API only needs to know that there is one. */
const isSet = "set";

/** Parts that run in a process of their own. */
export type PartName = "api" | "worker" | "knowledge";

/** Filters an environment made for several parts to what one part may know. */
export function withoutForeignSecrets(env: NodeJS.ProcessEnv, part: PartName): NodeJS.ProcessEnv {
  const kept = { ...env };
  // Only a worker calls the endpoints of tools.
  if (part !== "worker") for (const key of Object.keys(kept)) if (isNamedSecret(key)) delete kept[key];
  if (part === "knowledge") for (const keys of Object.values(secretsOf)) for (const key of keys) delete kept[key];
  else if (part === "worker") for (const key of secretsOf.api) delete kept[key];
  else {
    delete kept["SMTP_URL"];
    for (const key of secretsOf.worker) if (kept[key] !== undefined && kept[key] !== "") kept[key] = isSet;
  }
  return kept;
}
