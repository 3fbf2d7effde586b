import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { inputMessage } from "../protocol/input-messages.ts";
import { ConfigError } from "./config.ts";

/**
 * Reads a file of the configuration.
 * @returns `undefined` if there is none
 * @throws {ConfigError} naming the file, if it cannot be read or is no JSON
 */
export async function readJsonFile(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new ConfigError(`${path}: cannot be read (${error.code})`);
  });
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`${path}: expected JSON: ${(error as Error).message}`);
  }
}

/** Like `readJsonFile`, for a file that must be there. */
export async function readRequiredJsonFile(path: string): Promise<unknown> {
  const value = await readJsonFile(path);
  if (value === undefined) throw new ConfigError(`${path}: cannot be read (ENOENT)`);
  return value;
}

/**
 * Checks what a file holds.
 * @param subject begins the message, like "The prices"
 * @throws {ConfigError} naming the file, and for each fault its path and what was expected there
 */
export function parseFile<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  { path, subject }: { path: string; subject: string },
): z.output<Schema> {
  const parsed = schema.safeParse(value, { error: inputMessage });
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `  ${path}: ${issue.path.join(".")}: ${issue.message}`);
  throw new ConfigError(`${subject} have ${faults.length} fault(s):\n${faults.join("\n")}`);
}
