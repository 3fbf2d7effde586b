import { chooseLocale, type Locale } from "../i18n/languages.ts";

/** Attributes of `<parley-chat>`; the script tag accepts the same names as `data-*`. */
export const attributeNames = [
  "server",
  "assistant",
  "open",
  "position",
  "lang",
  "theme",
  "color",
  "greeting",
  "title",
  "ai-notice",
  "privacy",
  "identity",
  "consent",
  "launcher",
  "invite",
  "invite-after",
  "sound",
] as const;

/** Corner of the launcher. `end`: the lower corner on the side at which lines of the language end. */
export type Position = "end" | "left" | "right" | "inline";

export interface Settings {
  /** Origin of Parley without a slash at its end. */
  readonly server: string;
  readonly assistant: string | undefined;
  /** Signed statement by the page about its visitor's identity. */
  readonly identity: string | undefined;
  readonly position: Position;
  readonly theme: "auto" | "light" | "dark";
  readonly color: string | undefined;
  readonly greeting: string | undefined;
  readonly title: string | undefined;
  /** Words that say that an AI writes; `none`: not shown. */
  readonly aiNotice: string | undefined;
  /** Address of the page's own text about privacy; `none`: no link. */
  readonly privacy: string | undefined;
  /** Whether visitors are asked to agree before a conversation begins; absent: as the assistant has it. */
  readonly consent: boolean | undefined;
  /** False where the page has a button of its own. */
  readonly launcher: boolean;
  readonly locale: Locale;
}

/** @param defaultServer the origin of the script */
export function readSettings(element: Element, defaultServer: string): Settings {
  const read = (name: string) => element.getAttribute(name)?.trim() || undefined;
  const [position, theme, lang] = [read("position"), read("theme"), read("lang")];
  return {
    server: readServer(read("server"), defaultServer),
    assistant: read("assistant"),
    identity: read("identity"),
    position: position === "left" || position === "right" || position === "inline" ? position : "end",
    theme: theme === "light" || theme === "dark" ? theme : "auto",
    color: read("color"),
    // An invitation that the visitor has accepted stands in its place.
    greeting: read("invited") ?? read("greeting"),
    title: read("title"),
    aiNotice: read("ai-notice"),
    privacy: read("privacy"),
    consent: element.hasAttribute("consent") ? read("consent") !== "false" : undefined,
    launcher: read("launcher") !== "none",
    locale: chooseLocale(lang === undefined ? navigator.languages : [lang, ...navigator.languages]),
  };
}

/** Reads the visitor that the page claims; the service verifies it. A renewed statement names the same visitor. */
export function claimedVisitor(identity: string | undefined): string | undefined {
  try {
    const payload = identity?.split(".")[1]?.replaceAll("-", "+").replaceAll("_", "/") ?? "";
    return (JSON.parse(atob(payload)) as { sub?: string }).sub;
  } catch {
    return identity;
  }
}

function readServer(given: string | undefined, defaultServer: string): string {
  const base = new URL(defaultServer, document.baseURI);
  const url = given !== undefined && URL.canParse(given, base) ? new URL(given, base) : base;
  url.search = url.hash = "";
  return url.href.replace(/\/+$/, "");
}
