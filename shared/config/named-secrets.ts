const form = /^SECRET_([A-Z][A-Z0-9_]*)$/;

/** Shorter values cannot be masked: they are found in ordinary words. */
const minChars = 8;

export function isNamedSecret(key: string): boolean {
  return form.test(key);
}

/** Secrets by name, for `${secret:NAME}`. The values are private: inspecting, logging or serializing one shows none. */
export class NamedSecrets {
  readonly #values: ReadonlyMap<string, string>;
  readonly #shapes: readonly string[];

  private constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
    // Longest first: one may be part of another.
    this.#shapes = [...new Set([...values.values()].flatMap(shapesOf))].toSorted((a, b) => b.length - a.length);
  }

  /** @returns also what is wrong with values, without the values */
  static from(env: NodeJS.ProcessEnv): { secrets: NamedSecrets; faults: string[] } {
    const given = Object.entries(env).flatMap(([key, value]): [string, string][] => {
      const name = form.exec(key)?.[1];
      return name === undefined || value === undefined || value === "" ? [] : [[name, value]];
    });
    const faults = given
      .filter(([, value]) => value.length < minChars || !/^[\x21-\x7e]+$/.test(value))
      .map(([name]) => `SECRET_${name}: expected at least ${minChars} characters, such as an HTTP header can hold`);
    return { secrets: new NamedSecrets(new Map(given)), faults };
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** @throws if there is none: a tool with a secret that is missing is refused at start */
  get(name: string): string {
    const value = this.#values.get(name);
    if (value === undefined) throw new Error(`SECRET_${name} is not set`);
    return value;
  }

  /** Replaces every secret in a text that came from outside, in any shape in which it is sent. */
  mask(text: string): string {
    return this.#shapes.reduce((masked, shape) => masked.replaceAll(shape, "[secret]"), text);
  }
}

/** A secret as it is, in a URL, and in JSON. */
function shapesOf(value: string): string[] {
  return [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)];
}
