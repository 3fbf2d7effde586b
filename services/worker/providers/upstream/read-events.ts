import { createParser } from "eventsource-parser";
import { ProviderError } from "../provider.ts";
import { findError } from "./errors/openai-errors.ts";
import { parseJson } from "./parse-event.ts";
import { RawLines } from "./errors/raw-lines.ts";

/** Of one event, or of an answer that is not streamed, in characters: a guard of our memory, far above any reply. */
const maxEventChars = 8 * 1024 * 1024;

/**
 * The data of the server-sent events in a stream of bytes, as many at a time as arrived together; comments and events
 * without data are passed over. Lines that belong to no event are data of their own: some servers answer with one body of
 * JSON, whatever they are asked, and whatever type they name. An event that is named an error has the form
 * `{"type":"error","error":…}`.
 * @throws {ProviderError} `malformed` when an event grows without end
 */
export async function* readEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string[], void, undefined> {
  const decoder = new TextDecoder();
  const raw = new RawLines(maxEventChars, tooLarge);
  let arrived: string[] = [];
  const parser = createParser({
    maxBufferSize: maxEventChars,
    onEvent: ({ event = "", data }) => {
      if (data !== "" && data.trim() !== "null") arrived.push(named(event, data));
    },
    onError: ({ type }) => {
      if (type === "max-buffer-size-exceeded") throw tooLarge();
    },
  });
  const read = (text: string) => {
    parser.feed(text);
    const events = [...arrived, ...raw.push(text)];
    arrived = [];
    return events;
  };
  for await (const bytes of chunks) {
    const events = read(decoder.decode(bytes, { stream: true }));
    if (events.length > 0) yield events;
  }
  // Some servers leave out the empty line after their last event.
  yield [...read(`${decoder.decode()}\n\n`), ...raw.end()];
}

const errorName = /(?:error|exception)$/i;
const aliveName = /^(?:ping|pong|heart-?beat|keep-?alive)$/i;

/** What the name of an event says is kept where its data does not say it. */
function named(name: string, data: string): string {
  if (!errorName.test(name)) return aliveName.test(name) && parseJson(data) === undefined ? keepAlive : plain(data);
  const value = parseJson(data);
  const error = value === undefined ? { message: data } : findError(value, true);
  if (error === undefined) return data;
  const own = typeof error === "object" ? { type: name, ...error } : { type: name, message: error };
  return JSON.stringify({ ...(typeof value === "object" && value), type: "error", error: own });
}

const keepAlive = '{"type":"keepalive"}';

/** Some servers keep a connection alive with a word. */
function plain(data: string): string {
  return data.length < 20 && aliveName.test(data.trim()) ? keepAlive : data;
}

function tooLarge(): ProviderError {
  return new ProviderError("malformed", `an answer of over ${maxEventChars} characters in one piece`);
}
