import { ProviderError, type ProviderEvent } from "../provider.ts";
import { readEvents } from "./read-events.ts";
import type { Reply } from "./reply.ts";
import { Tail } from "./tail.ts";

interface Reading {
  reply: Reply;
  /** The setting to check when the answer is a web page. */
  setting: string;
  toError: (error: unknown) => ProviderError;
}

/**
 * A reply with a finish reason is whole: what follows is usage at best, and is waited for only this long, in
 * milliseconds. After the end mark only the end of the body follows, which the connection needs to be used again.
 */
const tailMs = { whole: 1_000, done: 100 };

/**
 * Reads a streamed answer that an SDK fetched. The events are read by us: the SDKs' own readers let an event grow
 * without end, and print those that they cannot parse.
 * @throws {ProviderError}
 */
export async function* readReply(
  fetched: Promise<Response>,
  { reply, setting, toError }: Reading,
): AsyncGenerator<ProviderEvent, void, undefined> {
  const response = await fetched.catch((error: unknown) => {
    throw toError(error);
  });
  const reader = await openBody(response, setting);
  const tail = new Tail(() => void reader.cancel());
  try {
    for await (const events of readEvents(chunksOf(reader))) {
      const { text, fault } = reply.add(events);
      if (text !== "") yield { type: "delta", text };
      if (fault !== undefined) throw fault;
      if (reply.whole) tail.endWithin(reply.done ? tailMs.done : tailMs.whole);
    }
  } catch (error) {
    if (!reply.whole) throw toError(error);
  } finally {
    tail.clear();
    // Ends the connection where something is left of the answer; where it was read to its end, it is kept.
    await reader.cancel().catch(() => {});
  }
  yield* reply.finish();
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

async function openBody(response: Response, setting: string): Promise<Reader> {
  const type = response.headers.get("content-type") ?? "";
  if (response.body !== null && !type.startsWith("text/html")) return response.body.getReader();
  await response.body?.cancel();
  throw new ProviderError("malformed", `the answer is no stream of events: check ${setting}`);
}

async function* chunksOf(reader: Reader): AsyncGenerator<Uint8Array, void, undefined> {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
