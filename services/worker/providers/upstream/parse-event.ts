import type { z } from "zod";
import { ProviderError } from "../provider.ts";

/** @returns `undefined` for invalid JSON, which the reading schema then refuses */
export function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/**
 * Reads an event of an upstream's stream.
 * @param api name of the API in the error
 * @throws {ProviderError} `malformed`. The zod error is left out: it quotes its input, which is the visitor's
 * conversation.
 */
export function readAs<Output>(schema: z.ZodType<Output>, event: unknown, api: string): Output {
  const parsed = schema.safeParse(event);
  if (!parsed.success) throw new ProviderError("malformed", `an event is not one of the ${api}`);
  return parsed.data;
}
