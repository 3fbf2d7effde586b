import type { Environment } from "./check-configuration.ts";

const secretKey = /KEY|SECRET|PASSWORD|TOKEN/;
/** Shorter ones would also hide what is no secret. */
const leastChars = 6;

/** The last net: whatever a store or a provider said, no secret of the configuration is printed. */
export function hideSecrets(text: string, environment: Environment): string {
  const secrets = Object.entries(environment).flatMap(([key, value]) => [
    ...(secretKey.test(key) ? [value].flat().filter((each) => typeof each === "string") : []),
    ...(typeof value === "string" ? passwordsIn(value) : []),
  ]);
  return secrets
    .filter((secret) => secret.length >= leastChars)
    .reduce((hidden, secret) => hidden.replaceAll(secret, "***"), text);
}

/** Of a URL, as it is written there and as it is meant. */
function passwordsIn(text: string): string[] {
  const [, written] = /^[a-z+]+:\/\/[^/@]*:([^/]*)@/i.exec(text) ?? [];
  if (written === undefined) return [];
  return [written, decoded(written)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
