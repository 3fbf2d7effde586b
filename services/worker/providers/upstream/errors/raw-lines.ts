/** Matches a line of server-sent events, or the beginning of one. */
const ofEvents = /^(?::|(?:data|event|id|retry):)/;
const longestField = "event:".length;
const bare = /^(?:data|event|id|retry)$/;
const lineEnd = /\r\n?|\n/;
/** Matches a piece in which only lines of events begin. */
const ordinary = /^(?:(?:data:|event:|:)[^\r\n]*(?:\r?\n)+)+$/;

/**
 * Collects lines that belong to no event: an error that a gateway writes into a stream, as JSON or in plain words, or
 * an answer that is not streamed. A JSON object on a line of its own is returned at once, the rest together at the end.
 */
export class RawLines {
  readonly #maxChars: number;
  readonly #tooLong: () => Error;
  /** Line that has not ended yet. */
  #line = "";
  /** True if the current line belongs to an event. */
  #passedOver = false;
  #rest = "";

  constructor(maxChars: number, tooLong: () => Error) {
    this.#maxChars = maxChars;
    this.#tooLong = tooLong;
  }

  /** @returns lines that can be read as events of their own */
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

  /** @returns the remaining lines */
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
    // llama.cpp writes an error as a field with the name `error`.
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
