import { createContext, Script } from "node:vm";

/** Schemas of servers by what models are offered of them: arguments are checked against the whole. */
const whole = new WeakMap<object, object>();

/** Keeps the schema of a server with what models are offered of it. */
export function keepWholeSchema(offered: object, schema: object): void {
  whole.set(offered, schema);
}

/** @returns `undefined` for a schema of our own configuration */
export function wholeSchemaOf(offered: object): object | undefined {
  return whole.get(offered);
}

/** Time for one pattern: those of strangers may take exponential time on a text that a visitor has chosen. */
const patternMs = 50;

const context = createContext({});
const testing = new Script("pattern.test(text)");

/**
 * Compiles a pattern that stops after a time. A text that takes longer counts as matching: the server looks at it, too.
 * @throws {SyntaxError} if it is no pattern
 */
export function boundedPattern(
  source: string,
  flags: string,
): { test: (text: string) => boolean; toString: () => string } {
  const pattern = new RegExp(source, flags);
  return {
    test(text) {
      Object.assign(context, { pattern, text });
      try {
        return Boolean(testing.runInContext(context, { timeout: patternMs }));
      } catch {
        return true;
      }
    },
    toString: () => String(pattern),
  };
}
