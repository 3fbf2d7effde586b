import type { DoctorEnvironment } from "./check-configuration.ts";

const secretKey = /KEY|SECRET|PASSWORD|TOKEN/;
/** Shorter values would also match harmless text. */
const leastChars = 6;

/**
 * The last safeguard: removes every secret of the configuration from a store's or provider's text before it is printed.
 */
export function hideSecrets(text: string, environment: DoctorEnvironment): string {
  const secrets = Object.entries(environment).flatMap(([key, value]) => [
    ...(secretKey.test(key) ? [value].flat().filter((each) => typeof each === "string") : []),
    ...(typeof value === "string" ? passwordsIn(value) : []),
  ]);
  return secrets
    .filter((secret) => secret.length >= leastChars)
    .reduce((hidden, secret) => hidden.replaceAll(secret, "***"), text);
}

/** Passwords of a URL, in encoded and decoded form. */
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
