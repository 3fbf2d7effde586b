import { createParser } from "eventsource-parser";
import { ProviderError } from "../provider.ts";

/** Of one event, or of an answer that is not streamed, in characters: a guard of our memory, far above any reply. */
const maxEventChars = 8 * 1024 * 1024;

/**
 * The data of the server-sent events in a stream of bytes, as many at a time as arrived together; comments and events
 * without data are passed over.
 * @throws {ProviderError} `malformed` when an event grows without end
 */
export async function* readEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string[], void, undefined> {
  const decoder = new TextDecoder();
  let arrived: string[] = [];
  const parser = createParser({
    maxBufferSize: maxEventChars,
    onEvent: ({ data }) => {
      if (data !== "") arrived.push(data);
    },
    onError: ({ type }) => {
      if (type === "max-buffer-size-exceeded") throw tooLarge();
    },
  });
  const read = (text: string) => {
    parser.feed(text);
    const events = arrived;
    arrived = [];
    return events;
  };
  for await (const bytes of chunks) {
    const events = read(decoder.decode(bytes, { stream: true }));
    if (events.length > 0) yield events;
  }
  // Some servers leave out the empty line after their last event.
  yield read(`${decoder.decode()}\n\n`);
}

/**
 * The whole of an answer as text.
 * @throws {ProviderError} `malformed` when it grows without end
 */
export async function readWhole(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of chunks) {
    text += decoder.decode(bytes, { stream: true });
    if (text.length > maxEventChars) throw tooLarge();
  }
  return text + decoder.decode();
}

function tooLarge(): ProviderError {
  return new ProviderError("malformed", `an answer of over ${maxEventChars} characters in one piece`);
}
