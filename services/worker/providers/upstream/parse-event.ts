import type { z } from "zod";
import { ProviderError } from "../provider.ts";

/** @returns `undefined` for what is no JSON; the schema that reads it refuses that */
export function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/**
 * Reads an event of an upstream's stream.
 * @param api named in the error
 * @throws {ProviderError} `malformed`. The fault is not passed on: zod quotes what it read, and that is the visitor's
 * conversation
 */
export function readAs<Output>(schema: z.ZodType<Output>, event: unknown, api: string): Output {
  const parsed = schema.safeParse(event);
  if (!parsed.success) throw new ProviderError("malformed", `an event is not one of the ${api}`);
  return parsed.data;
}
