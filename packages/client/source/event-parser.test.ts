import { createParser } from "eventsource-parser";
import { describe, expect, it } from "vitest";
import { EventParser, type StreamEvent } from "./event-parser.ts";

const streams = [
  'event: status\ndata: {}\n\nid: 1:4\nevent: delta\ndata: {"text":"é 😀"}\n\n',
  ": comment\n\nretry: 2500\n\ndata: one\ndata: two\ndata\ndata:\ndata:  indented\n\n",
  "id: end\r\nevent: done\r\ndata: a: b\r\n\r\n: more\r\n\r\n",
  "event: old\rdata: line\rid: 7\r\r:\r\r",
  "event: without data\n\ndata: not the same event\n\nunknown: field\nno colon\n: data: comment\ndata: last\n\n",
  "retry: soon\nretry:7\ndata:\n\ndata: is cut of",
];

describe("event parser", () => {
  it("reads what a package reads, in pieces of any length", () => {
    for (const stream of streams) {
      const expected = withPackage(stream);
      for (let length = 1; length <= stream.length; length++) {
        const parser = new EventParser();
        const pieces = Array.from({ length: Math.ceil(stream.length / length) }, (_, n) =>
          stream.slice(n * length, (n + 1) * length),
        );
        const events = pieces.flatMap((piece) => parser.feed(piece));
        expect({ events, retryMs: parser.retryMs }).toEqual(expected);
      }
    }
  });

  it("returns an event with the piece that ends it", () => {
    const parser = new EventParser();
    expect(parser.feed("data: 1\n")).toEqual([]);
    expect(parser.feed("\ndata: 2\n\ndata: 3\n\nda").map(({ data }) => data)).toEqual(["1", "2", "3"]);
    expect(parser.feed("ta: 4\n\n").map(({ data }) => data)).toEqual(["4"]);
  });
});

function withPackage(stream: string) {
  const events: StreamEvent[] = [];
  let retryMs: number | undefined;
  const parser = createParser({
    onEvent: (event) => events.push(event),
    onRetry: (ms) => (retryMs = ms),
  });
  parser.feed(stream);
  return { events, retryMs };
}
