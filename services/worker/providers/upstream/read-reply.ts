import type { ProviderError, ProviderEvent } from "../provider.ts";
import type { Reply } from "./reply.ts";
import { Tail } from "./tail.ts";

/** Body of an answer, as batches of events that arrive together. */
export interface Body {
  events: AsyncIterable<string[]>;
  /** Ends the connection if part of the answer is unread; keeps it after an answer that was read to its end. */
  close(): unknown;
}

interface Reading {
  reply: Reply;
  toError: (error: unknown) => ProviderError;
}

/**
 * Reads a streamed answer. Errors after the reply is whole are ignored.
 * @throws {ProviderError}
 */
export async function* readReply(
  opened: Promise<Body>,
  { reply, toError }: Reading,
): AsyncGenerator<ProviderEvent, void, undefined> {
  const body = await opened.catch((error: unknown) => {
    throw toError(error);
  });
  const tail = new Tail(() => void body.close());
  try {
    for await (const events of body.events) {
      const { text, sign, fault } = reply.add(events);
      if (text !== "") yield { type: "delta", text };
      else if (sign !== undefined) yield { type: "progress", sign };
      if (reply.tooLong) break;
      if (fault !== undefined) throw fault;
      tail.follow(reply, { worked: sign === "work" });
    }
  } catch (error) {
    if (!reply.whole) throw toError(error);
  } finally {
    tail.clear();
    await body.close();
  }
  yield* reply.finish();
}
