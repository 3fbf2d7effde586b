import type { CallMeter, TokenUsage } from "./provider.ts";

export class Meter implements CallMeter {
  begun = false;
  whole = false;
  usage: TokenUsage | undefined;
  #bytes: number | undefined = 0;

  /** UTF-8 bytes of the whole output; `undefined` if some of its text is not known. */
  get bytes(): number | undefined {
    return this.#bytes;
  }

  generated(text: string): void {
    if (this.#bytes !== undefined && text !== "") this.#bytes += Buffer.byteLength(text);
  }

  generatedUnseen(): void {
    this.#bytes = undefined;
  }
}
