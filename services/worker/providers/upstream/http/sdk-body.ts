import { ProviderError } from "../../provider.ts";
import { readEvents } from "../read-events.ts";
import type { Body } from "../read-reply.ts";

/**
 * Opens the body of an answer that an SDK fetched. We read the events ourselves: the SDKs' own readers let an event
 * grow without limit, and print events that they cannot parse.
 * @param setting name of the setting to check when the answer is a web page
 * @throws {ProviderError} `malformed`; errors of the SDK unchanged
 */
export async function openSdkBody(fetched: Promise<Response>, setting: string): Promise<Body> {
  const { headers, body } = await fetched;
  const type = headers.get("content-type") ?? "";
  if (body === null || type.startsWith("text/html")) {
    await body?.cancel();
    throw new ProviderError("malformed", `the response is no event stream: check ${setting}`);
  }
  const reader = body.getReader();
  return { events: readEvents(chunksOf(reader)), close: () => reader.cancel().catch(() => {}) };
}

async function* chunksOf(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
