import type { SiteTool } from "../assistants/tools/site-tool.ts";
import { parseUrlTemplate, partsOf } from "../assistants/tools/tool-template.ts";
import type { NamedSecrets } from "../config/named-secrets.ts";

/** Value that a request cannot hold. The message is for the model that made it. */
export class UnusableArgument extends Error {
  override name = "UnusableArgument";
  /** Absent if it is not about a single one. */
  readonly parameter: string | undefined;

  constructor(message: string, parameter?: string) {
    super(message);
    this.parameter = parameter;
  }
}

export interface Filling {
  args: Readonly<Record<string, unknown>>;
  secrets: Pick<NamedSecrets, "get">;
}

/**
 * Fills an address. Arguments are URL-encoded; one can change neither host, nor path, nor the names of the query. A pair of the
 * query whose argument is absent is left out.
 * @throws {UnusableArgument}
 */
export function buildUrl(template: string, filling: Filling): string {
  const parsed = parseUrlTemplate(template);
  if (!parsed) throw new Error("the address of a tool was not checked");
  const segments = parsed.segments.map((segment) => fillSegment(segment, filling));
  const pairs = parsed.query.flatMap(([name, value]) => {
    const filled = fillText(value, filling, encodeURIComponent);
    return filled === undefined ? [] : [`${name}=${filled}`];
  });
  const query = pairs.length > 0 ? `?${pairs.join("&")}` : "";
  return `${parsed.origin}/${segments.join("/")}${query}`;
}

/** Values that servers and proxies read as more than one segment, even if they are encoded. */
const manySegments = /[\\/\p{Cc}]|%[\da-f]{2}/iu;

function fillSegment(segment: string, filling: Filling): string {
  const filled = fillText(segment, filling, (text, name) => {
    if (text !== "" && !manySegments.test(text)) return encodeURIComponent(text);
    throw new UnusableArgument(`"${name}" must be one part of an address: not empty, and without slashes.`, name);
  });
  const isDots = filled !== segment && /^\.*$/.test(filled ?? "");
  if (filled === undefined || isDots) throw new UnusableArgument("A part of the address would be missing.");
  return filled;
}

/**
 * @param encode encodes an argument; secrets are URL-encoded
 * @returns `undefined` if one of the arguments is absent
 */
function fillText(
  template: string,
  { args, secrets }: Filling,
  encode: (text: string, name: string) => string,
): string | undefined {
  const pieces = partsOf(template).map((part) => {
    if (part.kind === "text") return part.text;
    if (part.kind === "secret") return encodeURIComponent(secrets.get(part.name));
    const text = textOf(args, part.name);
    return text === undefined ? undefined : encode(text, part.name);
  });
  return pieces.includes(undefined) ? undefined : pieces.join("");
}

/** @returns `undefined` if an argument is absent, or null */
function textOf(args: Filling["args"], name: string): string | undefined {
  const value = Object.hasOwn(args, name) ? args[name] : undefined;
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value.toWellFormed();
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new UnusableArgument(`"${name}" must be text, a number, true or false.`, name);
}

/** Fills headers: they have secrets and no arguments. */
export function buildHeaders(
  headers: SiteTool["request"]["headers"] = {},
  { secrets }: Pick<Filling, "secrets">,
): Record<string, string> {
  const fill = (template: string) =>
    template.replaceAll(/\$\{secret:([A-Z][A-Z0-9_]*)\}/g, (_whole, name: string) => secrets.get(name));
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, fill(value)]));
}

/**
 * Fills a body. A text that is one placeholder becomes the argument as it is; within a longer text it becomes text. A field
 * whose argument is absent is left out; arguments cannot add any.
 * @throws {UnusableArgument}
 */
export function buildBody(template: unknown, filling: Filling): unknown {
  if (typeof template === "string") return fillField(template, filling);
  if (Array.isArray(template)) return template.map((each) => buildBody(each, filling)).filter(isPresent);
  if (typeof template !== "object" || template === null) return template;
  const fields = Object.entries(template).map(([key, each]) => [key, buildBody(each, filling)] as const);
  return Object.fromEntries(fields.filter(([, value]) => isPresent(value)));
}

function fillField(template: string, filling: Filling): unknown {
  const [part, ...others] = partsOf(template);
  const { args } = filling;
  if (part?.kind === "value" && others.length === 0)
    return Object.hasOwn(args, part.name) ? args[part.name] : undefined;
  return partsOf(template)
    .map((each) => {
      if (each.kind === "text") return each.text;
      return each.kind === "secret" ? filling.secrets.get(each.name) : (textOf(args, each.name) ?? "");
    })
    .join("");
}

function isPresent(value: unknown): boolean {
  return value !== undefined;
}
