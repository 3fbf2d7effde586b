import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Figure } from "../figure.ts";

/** Results of one run. */
export interface BenchRun {
  /** Start of the run, ISO 8601. */
  at: string;
  cores: number;
  node: string;
  quick: boolean;
  full: boolean;
  seconds: number;
  figures: Figure[];
}

/** Reference run for comparisons, kept with the code. */
const recordedFile = path("recorded.json");

export async function readRecorded(): Promise<BenchRun> {
  return JSON.parse(await readFile(recordedFile, "utf8")) as BenchRun;
}

export async function writeRecorded(run: BenchRun): Promise<void> {
  await mkdir(path(""), { recursive: true });
  await writeFile(recordedFile, toJson(run));
}

export async function writeLatest(run: BenchRun, table: string): Promise<void> {
  await mkdir(path(""), { recursive: true });
  await writeFile(path("latest.json"), toJson(run));
  await writeFile(path("latest.txt"), table);
}

/** Serialises a run with four significant digits, the precision of the measurements. */
function toJson(run: BenchRun): string {
  return `${JSON.stringify(run, round, 2)}\n`;
}

function round(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
}

function path(name: string): string {
  return fileURLToPath(new URL(`../results/${name}`, import.meta.url));
}
