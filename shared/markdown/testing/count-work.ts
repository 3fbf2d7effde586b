/// <reference types="node" />
import { Session } from "node:inspector/promises";
import { text as readAll } from "node:stream/consumers";
import type { Counted } from "./counted-reads.ts";

// Counts the executed blocks of code of the Markdown reader, for each of the reads on standard input. The number is the
// same on every machine, unlike a time. A pattern counts once, whatever its text.
const { BlockReader } = await import("../block-reader.ts");
const session = new Session();
session.connect();
await session.post("Profiler.enable");
await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
const counts: number[] = [];
for (const { before, text, whole } of JSON.parse(await readAll(process.stdin)) as Counted[]) {
  const reader = new BlockReader();
  for (const each of before) reader.read(each, false);
  await session.post("Profiler.takePreciseCoverage");
  reader.read(text, whole);
  const { result } = await session.post("Profiler.takePreciseCoverage");
  const own = result.filter(({ url }) => url.includes("/markdown/") || url.includes("/protocol/"));
  const ranges = own.flatMap(({ functions }) => functions.flatMap((each) => each.ranges));
  counts.push(ranges.reduce((sum, { count }) => sum + count, 0));
}
process.stdout.write(JSON.stringify(counts));
