import { createParser } from "eventsource-parser";
import { ProviderError } from "../provider.ts";
import { findError } from "./errors/openai-errors.ts";
import { parseJson } from "./parse-event.ts";
import { RawLines } from "./errors/raw-lines.ts";

/**
 * Maximum size of one event, or of an answer that is not streamed, in characters. It guards our memory and is far above
 * any reply.
 */
const maxEventChars = 8 * 1024 * 1024;

/**
 * Reads the data of server-sent events from a stream of bytes, in batches of events that arrived together. Comments and
 * events without data are skipped. Lines that belong to no event are returned as data of their own: some servers answer
 * with one JSON body, whatever the request and the content type. An event named as an error has the form
 * `{"type":"error","error":…}`.
 * @throws {ProviderError} `malformed` when an event exceeds the size limit
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

/** Keeps the information of an event's name where its data lacks it. */
function named(name: string, data: string): string {
  if (!errorName.test(name)) return aliveName.test(name) && parseJson(data) === undefined ? keepAlive : plain(data);
  const value = parseJson(data);
  const error = value === undefined ? { message: data } : findError(value, true);
  if (error === undefined) return data;
  const own = typeof error === "object" ? { type: name, ...error } : { type: name, message: error };
  return JSON.stringify({ ...(typeof value === "object" && value), type: "error", error: own });
}

const keepAlive = '{"type":"keepalive"}';

/** Recognises a plain word that some servers send to keep a connection alive. */
function plain(data: string): string {
  return data.length < 20 && aliveName.test(data.trim()) ? keepAlive : data;
}

function tooLarge(): ProviderError {
  return new ProviderError("malformed", `an answer of over ${maxEventChars} characters in one piece`);
}
