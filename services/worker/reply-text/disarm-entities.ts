import { withoutAtoms } from "../knowledge/atoms.ts";

/** Names of characters that a link can begin with, or that browsers drop from it. */
const named = new Set(["colon", "sol", "bsol", "period", "commat", "tab", "newline"]);
const telling = /^[a-z:/\\.@\t\n\r]$/i;
/** A longer number is padded with zeros, which is only done with intent. */
const unfinished = /^&(?:#(?:x[\da-f]{0,8}|\d{0,8})|[a-z]{0,8})?$/i;

/**
 * Escapes character references that could hide a link: in Markdown, `https&colon;&sol;&sol;host` is one. Other
 * references, and any other `&`, stay unchanged.
 */
export class EntityDisarmer {
  readonly #atoms: boolean;
  #held = "";

  /** @param options.atoms true if citations stand in the text: a reference is read without them */
  constructor({ atoms }: { atoms: boolean }) {
    this.#atoms = atoms;
  }

  push(text: string): string {
    let out = "";
    for (const char of text) out += this.#next(char);
    return out;
  }

  end(): string {
    const rest = this.#disarm("");
    this.#held = "";
    return rest;
  }

  #next(char: string): string {
    if (this.#held === "" && char !== "&") return char;
    if (unfinished.test(this.#plain(this.#held + char))) {
      this.#held += char;
      return "";
    }
    const before = this.#disarm(char);
    this.#held = char === "&" ? char : "";
    return char === "&" ? before : before + char;
  }

  /** @param next the character that follows; HTML also accepts numeric references without a semicolon */
  #disarm(next: string): string {
    return isTelling(this.#plain(this.#held), next) ? `&amp;${this.#held.slice(1)}` : this.#held;
  }

  #plain(text: string): string {
    return this.#atoms ? withoutAtoms(text) : text;
  }
}

function isTelling(reference: string, next: string): boolean {
  const [, x, digits] = /^&#(x?)([\da-f]+)$/i.exec(reference) ?? [];
  if (digits === undefined) return next === ";" && named.has(reference.slice(1).toLowerCase());
  if (/[\da-f]/i.test(next)) return true;
  return telling.test(String.fromCharCode(Number.parseInt(digits, x === "" ? 10 : 16)));
}
