import { z } from "zod";
import { readContent } from "../upstream/content.ts";

const place = z.object({
  item_id: z.string().optional().catch(undefined),
  output_index: z.number().optional().catch(undefined),
  content_index: z.number().optional().catch(undefined),
});
type Place = z.output<typeof place>;
const placeFields = ["item_id", "output_index", "content_index"] as const;
const item = z.object({ type: z.string(), content: z.unknown().optional() });
const output = z.array(item.catch({ type: "unknown" })).catch([]);

/**
 * Assembles the text of one response. The text arrives in deltas, then whole again at the end of each part, of each
 * message, and of the response. Some servers send only one of these. Each word counts once.
 */
export class ResponseText {
  /** Known text of the newest part, of the newest message, and of the whole response. */
  #part = "";
  #message = "";
  #all = "";
  #place: Place = {};

  /** Starts another message. */
  begin(): void {
    this.#message = "";
    this.#part = "";
  }

  delta(event: unknown, text: string): string {
    this.#goTo(event);
    return this.#add(text);
  }

  /** @returns the new text of a part that has ended */
  endOfPart(event: unknown, text: string): string {
    this.#goTo(event);
    return this.#add(newIn(text, this.#part));
  }

  /** @returns the new text of a message that has ended */
  endOfMessage(value: unknown): { text: string; refused: boolean } {
    const message = item.safeParse(value).data;
    if (message?.type !== "message") return { text: "", refused: false };
    const { text, refused } = readContent(message.content);
    return { text: this.#add(newIn(text, this.#message)), refused };
  }

  /**
   * @param shortcut the whole text in one field, as some servers send it in place of messages
   * @returns the new text of a response that has ended
   */
  endOfAll(value: unknown, shortcut: unknown): { text: string; refused: boolean } {
    const messages = output.parse(value).filter(({ type }) => type === "message");
    const contents = messages.map(({ content }) => readContent(content));
    const texts = contents.map(({ text }) => text).filter((text) => text !== "");
    const refused = contents.some((content) => content.refused);
    if (texts.length === 0 && typeof shortcut === "string") texts.push(shortcut);
    const text = this.#all === "" ? texts.join("\n\n") : newIn(texts.join(""), this.#all);
    return { text: this.#add(text), refused };
  }

  #goTo(event: unknown): void {
    const here = place.parse(event);
    const there = this.#place;
    // Some servers omit the position of an event.
    const moved = placeFields.some((field) => isOther(here[field], there[field]));
    if (moved) this.#part = "";
    this.#place = moved ? here : { ...there, ...here };
  }

  #add(text: string): string {
    this.#part += text;
    this.#message += text;
    this.#all += text;
    return text;
  }
}

function isOther<Value>(one: Value | undefined, other: Value | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other;
}

/** Returns the new text. If the whole differs from the deltas, the deltas stay, since they were shown. */
function newIn(whole: string, known: string): string {
  return whole.startsWith(known) ? whole.slice(known.length) : "";
}
