/** Secrets that one part alone uses. The other one starts without them, and does not hold them where it is given them. */
export const secretsOf = {
  api: ["TOKEN_SECRET", "IDENTITY_SECRET", "CHALLENGE_SECRET", "ADMIN_PASSWORD", "ADMIN_READ_PASSWORD"],
  worker: ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "CLAUDE_API_KEY", "COMPATIBLE_API_KEY"],
} as const;

/** In place of a provider's key: an API needs to know no more than that there is one. */
const isSet = "set";

/** What a part may know of an environment that was made for several. */
export function withoutForeignSecrets(env: NodeJS.ProcessEnv, part: keyof typeof secretsOf): NodeJS.ProcessEnv {
  const kept = { ...env };
  if (part === "worker") for (const key of secretsOf.api) delete kept[key];
  else for (const key of secretsOf.worker) if (kept[key] !== undefined && kept[key] !== "") kept[key] = isSet;
  return kept;
}
