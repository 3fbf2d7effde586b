import { ConfigError } from "../../../../../shared/config/config.ts";
import { http } from "../../../../../shared/http.ts";

/**
 * Checks, at start, that a key is a valid header value.
 * @param setting name of the key's environment variable
 * @throws {ConfigError} with a message that does not contain the key
 */
export function checkApiKey(setting: string, apiKey: string): string {
  try {
    http.validateHeaderValue("authorization", apiKey);
    return apiKey;
  } catch {
    throw new ConfigError(`${setting}: expected characters that an HTTP header can hold, without line ends`);
  }
}
