import type { KeptThoughts, ThoughtBlock } from "./tool.ts";

/** Collects the thoughts of one answer, piece by piece, for the server to have back with the calls. */
export class ThoughtKeeper {
  #fields: Record<string, string> | undefined;
  #blocks: ThoughtBlock[] | undefined;

  get kept(): KeptThoughts | undefined {
    if (!this.#fields && !this.#blocks) return undefined;
    return { ...(this.#fields && { fields: this.#fields }), ...(this.#blocks && { blocks: this.#blocks }) };
  }

  add({ fields, blocks }: KeptThoughts): void {
    for (const [name, text] of Object.entries(fields ?? {})) {
      this.#fields = { ...this.#fields, [name]: `${this.#fields?.[name] ?? ""}${text}` };
    }
    if (blocks) this.#blocks = [...(this.#blocks ?? []), ...blocks];
  }
}
