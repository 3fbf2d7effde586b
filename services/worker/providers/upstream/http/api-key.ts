import { validateHeaderValue } from "node:http";
import { ConfigError } from "../../../../../shared/config/config.ts";

/**
 * Checks, at start, that a key can be sent at all.
 * @param setting what the key is called in the environment
 * @throws {ConfigError} without the key
 */
export function checkApiKey(setting: string, apiKey: string): string {
  try {
    validateHeaderValue("authorization", apiKey);
    return apiKey;
  } catch {
    throw new ConfigError(`${setting}: expected characters that an HTTP header can hold, without line ends`);
  }
}
