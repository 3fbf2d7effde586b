/// <reference types="node" />
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** A read of a growing reply whose work is counted. */
export interface Counted {
  /** Texts read before, uncounted. */
  readonly before: readonly string[];
  readonly text: string;
  readonly whole: boolean;
}

/** Counts the work of each read in a process of its own: the counts include no other use of the code. */
export async function countReads(reads: readonly Counted[]): Promise<number[]> {
  const counting = promisify(execFile)(
    process.execPath,
    // Compiled code does not count.
    [
      "--no-opt",
      "--no-maglev",
      "--no-lazy-feedback-allocation",
      fileURLToPath(new URL("count-work.ts", import.meta.url)),
    ],
    { maxBuffer: 2 ** 24 },
  );
  counting.child.stdin?.end(JSON.stringify(reads));
  const { stdout } = await counting;
  return JSON.parse(stdout) as number[];
}
