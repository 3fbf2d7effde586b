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
  #held = "";

  push(text: string): string {
    let out = "";
    for (const char of text) out += this.#next(char);
    return out;
  }

  end(): string {
    const rest = disarm(this.#held, "");
    this.#held = "";
    return rest;
  }

  #next(char: string): string {
    if (this.#held === "" && char !== "&") return char;
    if (unfinished.test(this.#held + char)) {
      this.#held += char;
      return "";
    }
    const before = disarm(this.#held, char);
    this.#held = char === "&" ? char : "";
    return char === "&" ? before : before + char;
  }
}

/** @param next the character that follows; HTML also accepts numeric references without a semicolon */
function disarm(reference: string, next: string): string {
  return isTelling(reference, next) ? `&amp;${reference.slice(1)}` : reference;
}

function isTelling(reference: string, next: string): boolean {
  const [, x, digits] = /^&#(x?)([\da-f]+)$/i.exec(reference) ?? [];
  if (digits === undefined) return next === ";" && named.has(reference.slice(1).toLowerCase());
  if (/[\da-f]/i.test(next)) return true;
  return telling.test(String.fromCharCode(Number.parseInt(digits, x === "" ? 10 : 16)));
}
