import { z } from "zod";
import { ProviderError } from "../provider.ts";
import { limitedCall } from "../upstream/http/limited-call.ts";
import { toError } from "./to-error.ts";

/** One SDK call that is not streamed. */
export type SdkCall = <T>(signal: AbortSignal, make: (options: { signal: AbortSignal }) => Promise<T>) => Promise<T>;

/** @param maxMs timeout of each call */
export function createCall(apiKey: string, maxMs: number): SdkCall {
  return (signal, make) =>
    limitedCall((limited) => make({ signal: limited }), { signal, maxMs, toError: (error) => toError(error, apiKey) });
}

/** @returns `undefined` if the object no longer exists */
export async function ifPresent<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ProviderError && error.status === 404) return undefined;
    throw error;
  }
}

const withId = z.object({ id: z.string().min(1) });
const deleted = z.object({ deleted: z.literal(true) });
const page = z.object({ data: z.array(withId), has_more: z.boolean() });

/** @throws {ProviderError} `malformed`, as the two below, for a server that does not implement this API */
export function idOf(answer: unknown): string {
  return read(withId, answer).id;
}

export function toPage(answer: unknown): z.output<typeof page> {
  return read(page, answer);
}

/** Strict: an object taken for deleted is never asked for again. */
export function mustBeDeleted(answer: unknown): void {
  read(deleted, answer);
}

function read<Output>(schema: z.ZodType<Output>, answer: unknown): Output {
  const parsed = schema.safeParse(answer);
  if (!parsed.success) throw new ProviderError("malformed", "unexpected response: check OPENAI_BASE_URL");
  return parsed.data;
}
