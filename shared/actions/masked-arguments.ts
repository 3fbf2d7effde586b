/** Arguments of a call as operators see them in a job's story. */
export type MaskedArguments = Readonly<Record<string, string>>;

/**
 * Masks the arguments of a call: of a text, a list or an object its kind and size are shown, of a number its kind; true, false and
 * null as they are. A name that the tool does not declare is the model's own, and may be anything: it is left out.
 * @param declared names of the tool's parameters
 */
export function maskArguments(args: Readonly<Record<string, unknown>>, declared: readonly string[]): MaskedArguments {
  return Object.fromEntries(
    declared.filter((name) => Object.hasOwn(args, name)).map((name) => [name, maskValue(args[name])]),
  );
}

function maskValue(value: unknown): string {
  if (typeof value === "string") return `text of ${value.length}`;
  if (Array.isArray(value)) return `list of ${value.length}`;
  if (typeof value === "number") return "number";
  return typeof value === "object" && value !== null ? `object of ${Object.keys(value).length}` : String(value);
}
