/** A line of server-sent events, or the beginning of one. */
const ofEvents = /^(?::|(?:data|event|id|retry):)/;
const longestField = "event:".length;
const bare = /^(?:data|event|id|retry)$/;
const lineEnd = /\r\n?|\n/;
/** Nothing but lines of events begins in such a piece. */
const ordinary = /^(?:(?:data:|event:|:)[^\r\n]*(?:\r?\n)+)+$/;

/**
 * Lines that belong to no event: an error that a gateway writes into a stream, as JSON or in plain words, or an answer that
 * is not streamed. An object of JSON on a line of its own counts at once, the rest together at the end.
 */
export class RawLines {
  readonly #maxChars: number;
  readonly #tooLong: () => Error;
  /** The line that has not ended yet. */
  #line = "";
  /** It is one of an event. */
  #passedOver = false;
  #rest = "";

  constructor(maxChars: number, tooLong: () => Error) {
    this.#maxChars = maxChars;
    this.#tooLong = tooLong;
  }

  /** @returns what can be read as an event of its own */
  push(text: string): string[] {
    if (this.#line === "" && !this.#passedOver && ordinary.test(text)) return [];
    const [first = "", ...others] = text.split(lineEnd);
    const objects: string[] = [];
    this.#append(first);
    for (const part of others) {
      objects.push(...this.#endLine());
      this.#append(part);
    }
    if (this.#line.length + this.#rest.length > this.#maxChars) throw this.#tooLong();
    return objects;
  }

  /** @returns all that is left */
  end(): string[] {
    const objects = this.#endLine();
    const rest = this.#rest.trim();
    this.#rest = "";
    return rest === "" ? objects : [...objects, rest];
  }

  #append(part: string): void {
    if (this.#passedOver) return;
    const decided = this.#line.length >= longestField;
    this.#line += part;
    if (decided || !ofEvents.test(this.#line)) return;
    this.#passedOver = true;
    this.#line = "";
  }

  #endLine(): string[] {
    const line = this.#line.replace(/^\uFEFF/, "").trim();
    this.#passedOver = false;
    this.#line = "";
    if (line === "" || bare.test(line)) return [];
    if (this.#rest === "" && isObject(line)) return [line];
    // llama.cpp writes an error as a field of that name.
    const [, error = ""] = /^error: ?(.+)$/.exec(line) ?? [];
    if (isObject(error)) return [`{"type":"error","error":${error}}`];
    this.#rest += `${line}\n`;
    return [];
  }
}

function isObject(line: string): boolean {
  if (!line.startsWith("{") || !line.endsWith("}")) return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
