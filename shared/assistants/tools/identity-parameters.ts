import type { ToolDeclaration } from "./tool-declaration.ts";

/** Claims of a visitor's signed identity, as a request brought them. */
export type Claims = Readonly<Record<string, unknown>>;

type Parameters = ToolDeclaration["parameters"];
type WithIdentity = Pick<ToolDeclaration, "identity" | "parameters">;

/** One schema for each tool: compiled schemas are known by their object. */
const offered = new WeakMap<Parameters, Parameters>();

/** Schema of the arguments that a model gives: without those that the visitor's identity gives. */
export function offeredParameters({ identity, parameters }: WithIdentity): Parameters {
  if (!identity) return parameters;
  const known = offered.get(parameters);
  if (known) return known;
  const isOffered = (name: string) => !Object.hasOwn(identity, name);
  const { properties, required } = parameters;
  const made = {
    ...parameters,
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => isOffered(name))),
    ...(required && { required: required.filter(isOffered) }),
  };
  offered.set(parameters, made);
  return made;
}

/** True if a schema names a parameter anywhere: as a key, or as a text of its own. */
export function mentionsParameter(schema: unknown, name: string): boolean {
  if (typeof schema === "string") return schema === name;
  if (typeof schema !== "object" || schema === null) return false;
  return Object.entries(schema).some(([key, each]) => key === name || mentionsParameter(each, name));
}

/** Names of the claims that tools take. */
export function claimsTakenBy(tools: readonly Pick<WithIdentity, "identity">[] = []): string[] {
  return [...new Set(tools.flatMap(({ identity = {} }) => Object.values(identity)))];
}

/**
 * Values of the parameters that the visitor's identity gives.
 * @returns `undefined` if a claim is absent, or is neither text, nor a number, nor true or false
 */
export function valuesOfIdentity(
  { identity = {} }: Pick<WithIdentity, "identity">,
  claims: Claims = {},
): Record<string, string | number | boolean> | undefined {
  const values: Record<string, string | number | boolean> = {};
  for (const [name, claim] of Object.entries(identity)) {
    const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") return undefined;
    values[name] = value;
  }
  return values;
}

/** @returns the first parameter of the identity that arguments of a model name; `undefined`: none */
export function namedIdentity({ identity = {} }: Pick<WithIdentity, "identity">, args: Claims): string | undefined {
  return Object.keys(identity).find((name) => Object.hasOwn(args, name));
}
