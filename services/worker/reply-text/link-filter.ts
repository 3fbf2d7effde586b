import { continuesAddress } from "../../../shared/protocol/text/address-characters.ts";
import { numberOfAtom } from "../knowledge/atoms.ts";
import type { AtomPlaces } from "./atom-places.ts";
import { EntityDisarmer } from "./disarm-entities.ts";
import { contextOf, findBeginning, isSlash, type LinkKind, mayBeginLink } from "./link-beginning.ts";
import { findAllowed, isAllowedMail, isOpen, isPunctuation, namesHost } from "./link-hosts.ts";

/** Replacement for a removed link. No markup: in brackets it could become a link again. */
const removedLink = "(link removed)";

/** Enough to recognise the beginning of a link. */
const maxHeldChars = 48;
/** Limit of the text passed on that is kept as context; beyond it, the context is shortened. */
const maxContextChars = 512;
const maxSlashes = 64;
/** A host name has at most 253 characters; a longer authority is removed. */
const maxAuthorityChars = 320;
const maxPunctuation = 8;

/**
 * Removes every link that does not lead to an allowed host from a streamed text. This covers URLs of any scheme, URLs
 * without one (`//host`, `www.host`), `mailto:`, `javascript:` and the like. They are removed at any position, since
 * the rules of the Markdown renderer are not known here. Links within a site, e-mail addresses and bare host names are
 * left alone. A `/` is inserted after an allowed host where a renderer could read the text that follows as part of the
 * host. A renderer of replies should show HTML as source: browsers' parsing of HTML is not modelled here.
 *
 * The result does not depend on how the text is split into pieces. Text is held back from a possible beginning of a
 * link to the end of its host: usually a word, at most a few hundred characters.
 */
export class LinkFilter {
  readonly #allowed: readonly string[];
  readonly #places: AtomPlaces | undefined;
  readonly #entities: EntityDisarmer;
  #state: "text" | "link" | "removed" = "text";
  /** End of the text passed on. */
  #context = "";
  /** In state `text`: a possible beginning of a link. In state `link`: its beginning. */
  #held = "";
  #kind: LinkKind = "host";
  /** True between `<` and `>`, where a destination may hold blanks. */
  #angle = false;
  #authority = "";
  /** For a removed link: the punctuation it may end before, and the number of brackets it opened. */
  #punctuation = "";
  #brackets = 0;
  /** For a removed link: its last character, and whether its host may still continue. */
  #before = "";
  #inHost = true;

  /** @param places finds the places of atoms, which are taken out of the text; absent: they are text */
  constructor(allowedHosts: readonly string[], places?: AtomPlaces) {
    this.#allowed = allowedHosts;
    this.#places = places;
    this.#entities = new EntityDisarmer({ atoms: places !== undefined });
  }

  /**
   * @param text whole characters
   * @returns the text that can be passed on now
   */
  push(text: string): string {
    return this.#read(this.#entities.push(text));
  }

  /** @returns the text still held back */
  end(): string {
    let out = this.#read(this.#entities.end());
    // The end of one may be the beginning of the next.
    while (this.#state === "link") out += this.#judge("");
    out += this.#letGo(this.#state === "removed" ? this.#punctuation : this.#held);
    this.#state = "text";
    this.#held = "";
    this.#context = "";
    return out;
  }

  #read(text: string): string {
    if (!this.#places) return this.#take(text);
    let out = "";
    for (const char of text) {
      const number = numberOfAtom(char);
      if (number !== undefined) this.#places.atom(number);
      else {
        this.#places.read(char.length);
        out += this.#next(char);
      }
    }
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
    // These two kinds are judged by their whole text.
    const open = this.#kind === "mail" || this.#kind === "slashes" || isOpen(this.#authority);
    return open ? "" : this.#judge("");
  }

  /** @param next the character that ended the authority; it is consumed, too */
  #judge(next: string): string {
    const authority = this.#authority;
    if (this.#isNoLink(authority, next)) return this.#leave(authority + next);
    if (this.#kind === "never" || this.#kind === "mail") return this.#remove(next);
    const www = this.#kind === "www" ? this.#held : "";
    const found = findAllowed(www + authority, this.#allowed);
    if (!found) return this.#remove(next);
    // With the `/`, no reader takes the text that follows for a part of the host.
    const end = this.#endsWith(found.rest, next) ? "" : "/";
    this.#held = `${www === "" ? this.#held : ""}${found.host}${found.port}`;
    return this.#leave(found.rest + next, end);
  }

  /** True if all readers agree where the host ends: at a path, or at a character that ends every kind of link. */
  #endsWith(rest: string, next: string): boolean {
    if (this.#angle && rest.startsWith(">")) return true;
    if (!isPunctuation(rest)) return false;
    return /^[/?#]$/.test(next) || this.#isEnd(next);
  }

  /** Some readers include white space beyond ASCII, and any white space within `<…>`, in an address. */
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

  /** Passes the held text on, with an end that is not of the text, and continues with the text after it. */
  #leave(rest: string, end = ""): string {
    const out = this.#letGo(this.#held, end);
    this.#held = "";
    this.#state = "text";
    return out + this.#take(rest);
  }

  #remove(next: string): string {
    const removed = this.#held;
    this.#held = "";
    this.#state = "removed";
    this.#punctuation = "";
    this.#brackets = 0;
    this.#before = "/";
    this.#inHost = true;
    this.#places?.inserted(removedLink);
    this.#places?.dropped(removed.length);
    return this.#show(removedLink) + this.#take(this.#authority + next);
  }

  #nextOfRemoved(char: string): string {
    if (char === "(" || char === "[") this.#brackets += 1;
    if (char === ")" || char === "]") this.#brackets -= 1;
    // The same end as in the widget: the sentence that follows is kept.
    if (this.#brackets >= 0 && continuesAddress(char, this.#before, this.#inHost)) {
      this.#before = char;
      this.#inHost &&= !/[/?#]/.test(char);
      const pending = this.#punctuation + char;
      this.#punctuation = closesSentence.test(char) ? pending.slice(-maxPunctuation) : "";
      this.#places?.dropped(pending.length - this.#punctuation.length);
      return "";
    }
    this.#state = "text";
    return this.#letGo(this.#punctuation) + this.#nextOfText(char);
  }

  #letGo(text: string, end = ""): string {
    this.#places?.passed(text, end);
    return this.#show(text + end);
  }

  #show(text: string): string {
    this.#context += text;
    if (this.#context.length > maxContextChars) this.#context = contextOf(this.#context);
    return text;
  }
}

function endsAuthority(kind: LinkKind, char: string): boolean {
  return kind === "mail" ? /^[ \t\n\v\f\r<>)\]]$/.test(char) : /^[ \t\n\v\f\r/\\?#<]$/.test(char);
}

const closesSentence = /^[.,;:!?'*_~]$/;
