import { Ajv, type ErrorObject, type Options, type ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { boundedPattern, wholeSchemaOf } from "./foreign-schema.ts";
import { type Claims, namedIdentity, offeredParameters } from "./identity-parameters.ts";
import type { SiteTool } from "./site-tool.ts";

/** Faults that a model is told of at once. */
const maxFaults = 5;

/** `format` says how to read a text, as draft 2020-12 has it, and refuses nothing. Unknown keywords are faults. */
const options = {
  allErrors: true,
  strictTypes: false,
  strictRequired: false,
  validateFormats: false,
  logger: false,
} as const;

/** Servers write schemas for each other: keywords that nobody knows say nothing. */
const foreignOptions: Options = {
  ...options,
  strict: false,
  code: { regExp: Object.assign(boundedPattern, { code: "boundedPattern" }) },
};

const compiled = new WeakMap<object, ValidateFunction>();

/** @throws if it is no JSON Schema of draft 2020-12, or one that refers to another */
function compile(parameters: SiteTool["parameters"]): ValidateFunction {
  const known = compiled.get(parameters);
  if (known) return known;
  const foreign = wholeSchemaOf(parameters);
  // A compiler for each schema: two may have the same $id.
  const check = foreign ? compileForeign(foreign) : new Ajv2020(options).compile(parameters);
  compiled.set(parameters, check);
  return check;
}

/** Most servers still write draft-07, whose tuples and definitions have other names. */
const olderDraft = /^https?:\/\/json-schema\.org\/draft-0[67]\/schema#?$/;

/**
 * Compiles the schema of a server.
 * @throws if it cannot be used, such as for a reference to another one
 */
export function compileForeign(schema: object): ValidateFunction {
  const { $schema, $id: _id, ...rest } = schema as { $schema?: unknown; $id?: unknown };
  const isOlder = typeof $schema === "string" && olderDraft.test($schema);
  return isOlder ? new Ajv(foreignOptions).compile(rest) : new Ajv2020(foreignOptions).compile(rest);
}

/** @returns why a schema cannot be used; `undefined` if it can */
export function faultOfSchema(parameters: SiteTool["parameters"]): string | undefined {
  try {
    compile(parameters);
    return undefined;
  } catch (error) {
    return `expected a JSON Schema of draft 2020-12: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** @returns what is wrong with arguments, in words for the model that made them; `undefined` if nothing is */
export function faultOfArguments({ parameters }: Pick<SiteTool, "parameters">, args: unknown): string | undefined {
  const check = compile(parameters);
  if (check(args)) return undefined;
  const faults = (check.errors ?? []).slice(0, maxFaults).map(describeFault);
  return `The arguments do not fit: ${faults.join("; ")}.`;
}

/**
 * Checks the arguments of a model, which gives none that the visitor's identity gives.
 * @returns as {@link faultOfArguments}
 */
export function faultOfModelArguments(
  tool: Pick<SiteTool, "identity" | "parameters">,
  args: Claims,
): string | undefined {
  const named = namedIdentity(tool, args);
  if (named !== undefined) return `The arguments do not fit: the arguments must not have "${named}".`;
  return faultOfArguments({ parameters: offeredParameters(tool) }, args);
}

function describeFault({ instancePath, message = "is not valid", params }: ErrorObject): string {
  const place = instancePath === "" ? "the arguments" : `"${instancePath.slice(1).replaceAll("/", ".")}"`;
  const given = params as { allowedValues?: unknown[]; additionalProperty?: string };
  if (given.allowedValues)
    return `${place} must be one of ${given.allowedValues.map((each) => JSON.stringify(each)).join(", ")}`;
  if (given.additionalProperty !== undefined) return `${place} must not have "${given.additionalProperty}"`;
  return `${place} ${message}`;
}
