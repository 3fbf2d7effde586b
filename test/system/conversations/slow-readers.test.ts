import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createParser } from "eventsource-parser";
import { expect, it } from "vitest";
import type { JobRef } from "../harness/api-client.ts";
import { lastingReply } from "../harness/scripted-provider.ts";
import { onEachBackend } from "../harness/suite.ts";
import { readLiveBytes, withLiveBytes } from "../harness/with-live-bytes.ts";

const readers = 200;
const beginning = "Now then. ";
/** Short enough to travel with its hint, and far enough from the next one not to be joined with it. */
const piece = "Ein langer Satz mit 漢字 und 😀, immer wieder. ".repeat(120);
const pieces = 60;
const betweenMs = 50;
const text = beginning + piece.repeat(pieces);
/** Room for all readers: a copy of the text for every reader would take four times as much. */
const roomBytes = (readers * Buffer.byteLength(text)) / 4;

onEachBackend("readers that stop reading", { env: withLiveBytes, wordy: true }, (product) => {
  it("cost no memory, delay nothing, and get the whole text when they read again", { timeout: 60_000 }, async () => {
    const { client, provider, apis } = product();
    const [begin, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const long = Array.from({ length: pieces }, () => [piece, { waitMs: betweenMs }]).flat();
    provider.answer("At great length", {
      steps: [beginning, { until: begin.promise }, ...long, { until: end.promise }],
    });
    const other = lastingReply("");
    provider.answer("Beside it", other.script);
    const [chat, besideIt] = await Promise.all([client.submit("At great length"), client.submit("Beside it")]);
    const [witness, beside] = await Promise.all([client.events(chat), client.events(besideIt)]);
    const slow = await Promise.all(Array.from({ length: readers }, () => SlowReader.open(client.base, chat)));
    const before = await readLiveBytes(apis[0], 1);

    begin.resolve();
    await witness.until((stream) => stream.text.length === text.length);
    const ticks = beside.text.length;
    await beside.until((stream) => stream.text.length > ticks);
    expect((await readLiveBytes(apis[0], 2)) - before).toBeLessThan(roomBytes);
    expect(slow.map((reader) => reader.text)).toEqual(slow.map(() => beginning));

    end.resolve();
    await witness.ended;
    other.release();
    await beside.ended;
    for (const reader of slow) reader.resume();
    await Promise.all(slow.map((reader) => reader.ended));
    // Compared so that a failure does not print it.
    expect(slow.map((reader) => `${reader.text === text} ${reader.last}`)).toEqual(slow.map(() => "true done"));
  });
});

/** An event stream on a bare socket that stops reading after the first text. */
class SlowReader {
  text = "";
  /** The name of the last event. */
  last: string | undefined;
  readonly ended: Promise<unknown>;
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const parser = createParser({
      onEvent: ({ event, data }) => {
        this.last = event;
        if (event === "delta") this.text += (JSON.parse(data) as { text: string }).text;
      },
    });
    socket.setEncoding("utf8").on("data", (received: string) => parser.feed(received));
    this.ended = once(socket, "close");
  }

  static async open(base: string, { jobId, token }: JobRef): Promise<SlowReader> {
    const { hostname, port } = new URL(base);
    const socket = connect(Number(port), hostname);
    // HTTP 1.0 is asked for, so that the body is the stream as it is.
    const head = [`GET /api/jobs/${jobId}/events HTTP/1.0`, "Host: parley", `Authorization: Bearer ${token}`];
    socket.write(`${head.join("\r\n")}\r\n\r\n`);
    const reader = new SlowReader(socket);
    while (reader.text === "") await once(socket, "data");
    socket.pause();
    return reader;
  }

  resume(): void {
    this.#socket.resume();
  }
}
