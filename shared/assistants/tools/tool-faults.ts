import { mentionsParameter, offeredParameters } from "./identity-parameters.ts";
import { placeholdersIn, parseUrlTemplate } from "./tool-template.ts";
import type { ToolDeclaration } from "./tool-declaration.ts";

interface ToolFault {
  path: (string | number)[];
  message: string;
}

/** First word of a placeholder that stands for the response, in the words of an outcome. */
const responseName = "response";

/** Finds contradictions between the fields of a tool, each of which is valid alone. */
export function toolFaults(tool: ToolDeclaration): ToolFault[] {
  return [...faultsOfKind(tool), ...faultsOfIdentity(tool), ...faultsOfUrls(tool), ...faultsOfTexts(tool)];
}

/** A parameter by identity is taken out of the schema that a model gets, so nothing else of it may rest on that one. */
function faultsOfIdentity(tool: ToolDeclaration): ToolFault[] {
  const { identity = {}, parameters } = tool;
  const offered = offeredParameters(tool);
  return Object.keys(identity).flatMap((name) => {
    const path = ["identity", name];
    if (!Object.hasOwn(parameters.properties, name)) return [{ path, message: "is no parameter" }];
    const elsewhere = mentionsParameter(offered, name);
    return elsewhere ? [{ path, message: "expected it in properties and required of parameters only" }] : [];
  });
}

function faultsOfKind({ effect, confirm, card, request, repeat, status, parameters }: ToolDeclaration): ToolFault[] {
  const asks = effect === "change" && confirm !== "never";
  const faults: [boolean, string[], string][] = [
    [effect === "read" && confirm === "visitor", ["confirm"], 'expected "never": reading is not asked about'],
    [asks && card === undefined, ["card"], "expected title and lines: the question that the visitor is asked"],
    [effect === "read" && card !== undefined, ["card"], "is never shown: reading is not asked about"],
    [effect === "read" && repeat === "key", ["repeat"], "is for changes: reading is repeated by the model"],
    [effect === "read" && status !== undefined, ["status"], "is for changes: nothing is open after reading"],
    [effect === "change" && request.method === "GET", ["request", "method"], "expected another one for a change"],
    [request.method === "GET" && request.body !== undefined, ["request", "body"], "is not sent with GET"],
    [responseName in parameters.properties, ["parameters"], `has "${responseName}", which stands for the response`],
  ];
  return faults.flatMap(([isWrong, path, message]) => (isWrong ? [{ path, message }] : []));
}

function faultsOfUrls(tool: ToolDeclaration): ToolFault[] {
  const { request, status, hosts = [] } = tool;
  const allowed = [hostOf(request.url), ...hosts];
  const statusHost = status && hostOf(status.url);
  return [
    ...faultsOfPath(tool, request.url, ["request", "url"]),
    ...(status ? faultsOfPath(tool, status.url, ["status", "url"]) : []),
    ...(statusHost !== undefined && !allowed.includes(statusHost)
      ? [{ path: ["status", "url"], message: 'expected the host of request.url, or one in "hosts"' }]
      : []),
  ];
}

function hostOf(template: string): string | undefined {
  const parsed = parseUrlTemplate(template);
  return parsed && new URL(parsed.origin).host;
}

/** A segment that can be absent would make another path. */
function faultsOfPath({ parameters, identity = {} }: ToolDeclaration, template: string, path: string[]): ToolFault[] {
  const { segments = [] } = parseUrlTemplate(template) ?? {};
  return segments
    .flatMap((segment) => placeholdersIn(segment, "value"))
    .filter((name) => name in parameters.properties && !Object.hasOwn(identity, name))
    .filter((name) => parameters.required?.includes(name) !== true)
    .map((name) => ({ path, message: `has {${name}} in its path: expected it in parameters.required` }));
}

export function isResponse(name: string): boolean {
  return name === responseName || name.startsWith(`${responseName}.`);
}

/** Placeholders must be parameters; secrets go to the endpoint, and into no words that are shown. */
function faultsOfTexts(tool: ToolDeclaration): ToolFault[] {
  const sent = [...textsIn(tool.request, ["request"]), ...textsIn(tool.status, ["status"])];
  const shown = textsIn(tool.card, ["card"]);
  const told = textsIn(tool.result, ["result"]);
  const isParameter = (name: string) => Object.hasOwn(tool.parameters.properties, name);
  return [
    ...sent.flatMap((text) => [...unknownIn(text, isParameter), ...malformedIn(text)]),
    ...shown.flatMap((text) => [...unknownIn(text, isParameter), ...secretsIn(text)]),
    ...told.flatMap((text) => [
      ...unknownIn(text, (name) => isParameter(name) || isResponse(name)),
      ...secretsIn(text),
    ]),
    ...[...shown, ...told].flatMap((text) => identityIn(text, tool.identity)),
  ];
}

function identityIn({ path, text }: Text, identity: ToolDeclaration["identity"] = {}): ToolFault[] {
  return placeholdersIn(text, "value")
    .filter((name) => Object.hasOwn(identity, name))
    .map((name) => ({ path, message: `must not have {${name}}: it is of the visitor's identity, and kept nowhere` }));
}

interface Text {
  path: (string | number)[];
  text: string;
}

/** All texts within a value, with their paths. Names of headers and fields are no templates. */
export function textsIn(value: unknown, path: (string | number)[]): Text[] {
  if (typeof value === "string") return [{ path, text: value }];
  if (Array.isArray(value)) return value.flatMap((each, at) => textsIn(each, [...path, at]));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => textsIn(each, [...path, key]));
}

function unknownIn({ path, text }: Text, isKnown: (name: string) => boolean): ToolFault[] {
  // Headers have no arguments: braces in them are text.
  if (path[1] === "headers") return [];
  return placeholdersIn(text, "value")
    .filter((name) => !isKnown(name))
    .map((name) => ({ path, message: `has {${name}}, which is no parameter` }));
}

export function malformedIn({ path, text }: Text): ToolFault[] {
  const expected = 'expected "${secret:NAME}", with a name in capital letters, where it has "${"';
  return text.split("${").length - 1 === placeholdersIn(text, "secret").length ? [] : [{ path, message: expected }];
}

export function secretsIn({ path, text }: Text): ToolFault[] {
  return text.includes("${") ? [{ path, message: "must not have a secret: it is shown" }] : [];
}

/** Names of all secrets that a tool sends. */
export function secretsOfTool({ request, status }: Pick<ToolDeclaration, "request" | "status">): string[] {
  const texts = [...textsIn(request, []), ...textsIn(status, [])];
  return [...new Set(texts.flatMap(({ text }) => placeholdersIn(text, "secret")))];
}
