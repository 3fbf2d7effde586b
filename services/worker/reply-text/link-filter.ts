import { EntityDisarmer } from "./disarm-entities.ts";
import { contextOf, findBeginning, isSlash, type LinkKind, mayBeginLink } from "./link-beginning.ts";
import { findAllowed, isAllowedMail, isOpen, isPunctuation, namesHost } from "./link-hosts.ts";

/** Stands where a link was. No markup: in brackets it could become a link again. */
const removedLink = "(link removed)";

/** Enough to recognise what a link begins with. */
const maxHeldChars = 48;
/** Of what was let go; then it is made short. */
const maxContextChars = 512;
const maxSlashes = 64;
/** A name has 253 characters at most; what is longer leads nowhere good. */
const maxAuthorityChars = 320;
const maxPunctuation = 8;

/**
 * Takes out of a text, while it streams, every link that does not lead to an allowed host: URLs of any scheme, those without
 * one (`//host`, `www.host`), `mailto:`, `javascript:` and the like, wherever they stand, since what a renderer of Markdown
 * takes for a link is not known here. Links within a site, e-mail addresses and bare names of hosts are left alone.
 * Where a renderer could take what follows an allowed host for a part of it, a `/` is put between them. Of HTML a renderer
 * of replies should show the source: what browsers make of it is not followed here.
 *
 * However a text is cut into pieces, the outcome is the same. It is held back from where a link may begin to the end of its
 * host: a word as a rule, a few hundred characters at most.
 */
export class LinkFilter {
  readonly #allowed: readonly string[];
  readonly #entities = new EntityDisarmer();
  #state: "text" | "link" | "removed" = "text";
  /** The end of what was let go. */
  #context = "";
  /** In a text: what a link may begin with. In a link: what it has begun with. */
  #held = "";
  #kind: LinkKind = "host";
  /** Between `<` and `>` a destination may hold blanks. */
  #angle = false;
  #authority = "";
  /** Of a link that is removed: the punctuation it may end before, and the brackets that it opened. */
  #punctuation = "";
  #brackets = 0;

  constructor(allowedHosts: readonly string[]) {
    this.#allowed = allowedHosts;
  }

  /**
   * @param text whole characters
   * @returns what can go on now
   */
  push(text: string): string {
    return this.#take(this.#entities.push(text));
  }

  /** @returns what was still held back */
  end(): string {
    let out = this.#take(this.#entities.end());
    if (this.#state === "link") out += this.#judge("");
    out += this.#letGo(this.#state === "removed" ? this.#punctuation : this.#held);
    this.#state = "text";
    this.#held = "";
    this.#context = "";
    return out;
  }

  #take(text: string): string {
    let out = "";
    for (const char of text) out += this.#next(char);
    return out;
  }

  #next(char: string): string {
    if (this.#state === "link") return this.#nextOfLink(char);
    return this.#state === "removed" ? this.#nextOfRemoved(char) : this.#nextOfText(char);
  }

  #nextOfText(char: string): string {
    this.#held += char;
    const beginning = findBeginning(this.#context, this.#held);
    const cut = beginning?.at ?? this.#held.length - (mayBeginLink(char) ? maxHeldChars : 0);
    const out = cut > 0 ? this.#letGo(this.#held.slice(0, cut)) : "";
    if (cut > 0) this.#held = this.#held.slice(cut);
    if (beginning) {
      this.#state = "link";
      this.#kind = beginning.kind;
      this.#angle = beginning.angle;
      this.#authority = "";
    }
    return out;
  }

  #nextOfLink(char: string): string {
    if (this.#authority === "" && isSlash(char) && this.#kind !== "www") {
      this.#held += char;
      return this.#held.length > maxSlashes ? this.#remove("") : "";
    }
    if (endsAuthority(this.#kind, char)) return this.#judge(char);
    this.#authority += char;
    if (this.#authority.length > maxAuthorityChars) return this.#remove("");
    // Of these two the whole tells what they are.
    const open = this.#kind === "mail" || this.#kind === "slashes" || isOpen(this.#authority);
    return open ? "" : this.#judge("");
  }

  /** @param next what the authority ended at; it is taken, too */
  #judge(next: string): string {
    const authority = this.#authority;
    if (this.#isNoLink(authority, next)) return this.#leave(authority + next);
    if (this.#kind === "never" || this.#kind === "mail") return this.#remove(next);
    const www = this.#kind === "www" ? this.#held : "";
    const found = findAllowed(www + authority, this.#allowed);
    if (!found) return this.#remove(next);
    // Nothing that follows is a part of the host then, whoever reads it.
    const end = this.#endsWith(found.rest, next) ? "" : "/";
    this.#held = `${www === "" ? this.#held : ""}${found.host}${found.port}${end}`;
    return this.#leave(found.rest + next);
  }

  /** Whether all readers agree that a host ends where it does: at a path, or at what ends every kind of link. */
  #endsWith(rest: string, next: string): boolean {
    if (this.#angle && rest.startsWith(">")) return true;
    if (!isPunctuation(rest)) return false;
    return /^[/?#]$/.test(next) || this.#isEnd(next);
  }

  /** White space beyond ASCII, and within `<…>` any, is a part of some readers' addresses. */
  #isEnd(next: string): boolean {
    return next === "" || (!this.#angle && /^[ \t\n\v\f\r]$/.test(next));
  }

  #isNoLink(authority: string, next: string): boolean {
    const isName = authority === "" && this.#isEnd(next) && !this.#held.includes("\\");
    if (this.#kind === "never") return isName;
    if (this.#kind === "mail") return isName || isAllowedMail(authority, this.#allowed);
    if (this.#kind === "slashes") return isPunctuation(authority) || !namesHost(authority);
    return isPunctuation(authority) && this.#isEnd(next);
  }

  /** Lets go what was held, and goes on with the text after it. */
  #leave(rest: string): string {
    const out = this.#letGo(this.#held);
    this.#held = "";
    this.#state = "text";
    return out + this.#take(rest);
  }

  #remove(next: string): string {
    this.#held = "";
    this.#state = "removed";
    this.#punctuation = "";
    this.#brackets = 0;
    return this.#letGo(removedLink) + this.#take(this.#authority + next);
  }

  #nextOfRemoved(char: string): string {
    if (char === "(" || char === "[") this.#brackets += 1;
    if (char === ")" || char === "]") this.#brackets -= 1;
    if (this.#brackets >= 0 && !endsLink.test(char)) {
      this.#punctuation = closesSentence.test(char) ? (this.#punctuation + char).slice(-maxPunctuation) : "";
      return "";
    }
    this.#state = "text";
    return this.#letGo(this.#punctuation) + this.#nextOfText(char);
  }

  #letGo(text: string): string {
    this.#context += text;
    if (this.#context.length > maxContextChars) this.#context = contextOf(this.#context);
    return text;
  }
}

function endsAuthority(kind: LinkKind, char: string): boolean {
  return kind === "mail" ? /^[ \t\n\v\f\r<>)\]]$/.test(char) : /^[ \t\n\v\f\r/\\?#<]$/.test(char);
}

/** Also punctuation of other scripts, which put no space before a sentence goes on. */
const endsLink = /^(?:[\s<>"`|]|(?!\p{ASCII})[\p{P}\p{S}\p{Z}])$/u;
const closesSentence = /^[.,;:!?'*_~]$/;
