/** Piece of a template: its own text, an argument, or a secret. */
export type TemplatePart =
  | { kind: "text"; text: string }
  | { kind: "value"; name: string }
  | { kind: "secret"; name: string };

/** Matches `${secret:NAME}` and `{name}`. Other braces are text, so a GraphQL query keeps its own. */
const placeholder = /\$\{secret:([A-Z][A-Z0-9_]*)\}|\{([A-Za-z_][\w.-]*)\}/g;

/** Splits a template once. Values that are put in are never read again, so none can hold a placeholder. */
export function partsOf(template: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let end = 0;
  for (const { 0: whole, 1: secret, 2: name, index } of template.matchAll(placeholder)) {
    if (index > end) parts.push({ kind: "text", text: template.slice(end, index) });
    if (secret !== undefined) parts.push({ kind: "secret", name: secret });
    else if (name !== undefined) parts.push({ kind: "value", name });
    end = index + whole.length;
  }
  if (end < template.length) parts.push({ kind: "text", text: template.slice(end) });
  return parts;
}

export function placeholdersIn(template: string, kind: "value" | "secret"): string[] {
  return partsOf(template).flatMap((part) => (part.kind === kind ? [part.name] : []));
}

/** Origin, path and query of an address with placeholders. */
export interface UrlTemplate {
  /** Scheme, host and port, in which nothing can be put. */
  origin: string;
  segments: readonly string[];
  /** Pairs of the query: the name, in which nothing can be put, and its value. */
  query: readonly (readonly [name: string, value: string])[];
}

/** @returns `undefined` if it is no http(s) address, or has placeholders elsewhere than in path segments and query values */
export function parseUrlTemplate(template: string): UrlTemplate | undefined {
  const [, origin, path = "", query] =
    /^(https?:\/\/[^/?#{}$\s\\@]+)(\/[^?#\s\\]*)?(?:\?([^#\s]*))?$/.exec(template) ?? [];
  if (origin === undefined || !URL.canParse(origin)) return undefined;
  const pairs = (query ?? "")
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair): [string, string] => {
      const at = pair.indexOf("=");
      return at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
    });
  if (pairs.some(([name]) => partsOf(name).some(({ kind }) => kind !== "text"))) return undefined;
  return { origin, segments: path.split("/").slice(1), query: pairs };
}
