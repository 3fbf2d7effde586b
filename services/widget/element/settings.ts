import { chooseLocale, type Locale } from "../i18n/languages.ts";

/** What `<parley-chat>` may be told by attributes, and the script tag by `data-*` of the same names. */
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
  "identity",
] as const;

/** `end`: the lower corner where lines of the language end. */
export type Position = "end" | "left" | "right" | "inline";

export interface Settings {
  /** Where Parley answers; without a slash at its end. */
  readonly server: string;
  readonly assistant: string | undefined;
  /** A signed statement by the page about who its visitor is. */
  readonly identity: string | undefined;
  readonly position: Position;
  readonly theme: "auto" | "light" | "dark";
  readonly color: string | undefined;
  readonly greeting: string | undefined;
  readonly title: string | undefined;
  readonly locale: Locale;
}

/** @param home the server, where none is given: the one that the script came from */
export function readSettings(element: Element, home: string): Settings {
  const read = (name: string) => element.getAttribute(name)?.trim() || undefined;
  const [position, theme, lang] = [read("position"), read("theme"), read("lang")];
  return {
    server: readServer(read("server"), home),
    assistant: read("assistant"),
    identity: read("identity"),
    position: position === "left" || position === "right" || position === "inline" ? position : "end",
    theme: theme === "light" || theme === "dark" ? theme : "auto",
    color: read("color"),
    greeting: read("greeting"),
    title: read("title"),
    locale: chooseLocale(lang === undefined ? navigator.languages : [lang, ...navigator.languages]),
  };
}

/** Whom the page says the visitor is; the service checks it. A renewed statement is about the same one. */
export function visitorOf(identity: string | undefined): string | undefined {
  try {
    const payload = identity?.split(".")[1]?.replaceAll("-", "+").replaceAll("_", "/") ?? "";
    return (JSON.parse(atob(payload)) as { sub?: string }).sub;
  } catch {
    return identity;
  }
}

function readServer(given: string | undefined, home: string): string {
  const base = new URL(home, document.baseURI);
  const url = given !== undefined && URL.canParse(given, base) ? new URL(given, base) : base;
  url.search = url.hash = "";
  return url.href.replace(/\/+$/, "");
}
