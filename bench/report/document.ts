import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Contender, type Figure } from "../figure.ts";
import type { Scenario } from "../scenario.ts";
import { drawBarChart } from "./bar-chart.ts";
import type { BenchRun } from "./results.ts";
import { describeBenchRun, describeValues, describeVerdict } from "./table.ts";

const documentFile = fileURLToPath(new URL("../../docs/performance.md", import.meta.url));
const folder = fileURLToPath(new URL("../../docs/performance/", import.meta.url));
const begin = "<!-- The table: npm run bench -- --plot -->";
const end = "<!-- The end of the table -->";

/**
 * Writes a run's table into the document, between its two marks, and a picture of each scenario.
 * @returns the written files
 */
export async function writeDocument(run: BenchRun, scenarios: readonly Scenario[]): Promise<string[]> {
  const measured = scenarios
    .map((scenario) => ({ scenario, figures: run.figures.filter(({ id }) => id.startsWith(`${scenario.name}/`)) }))
    .filter(({ figures }) => figures.length > 0);
  const text = await readFile(documentFile, "utf8");
  const [before, after] = [text.indexOf(begin), text.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`${documentFile} has no marks for the table`);
  const sections = measured.map(({ scenario, figures }) => section(scenario, figures));
  const table = [begin, describeBenchRun(run), ...sections, end].join("\n\n");
  await writeFile(documentFile, text.slice(0, before) + table + text.slice(after + end.length));
  await mkdir(folder, { recursive: true });
  const pictures = await Promise.all(
    measured.map(async ({ scenario, figures }) => {
      const path = `${folder}${scenario.name}.svg`;
      await writeFile(path, drawBarChart(figures));
      return path;
    }),
  );
  return [documentFile, ...pictures];
}

function section({ name, about }: Scenario, figures: readonly Figure[]): string {
  const rows = figures.flatMap((figure) =>
    (Object.entries(figure.values) as [Contender, number[]][]).map(([contender, values], place) => {
      const verdicts = (figure.targets ?? []).filter((target) => target.contender === contender);
      const judged = verdicts.map((target) => describeVerdict(figure, target)).join("; ");
      const what = place === 0 ? figure.what : "";
      return `| ${what} | ${contender} | ${describeValues(values, figure.unit)} | ${judged.replace("NOT MET", "**not met**")} |`;
    }),
  );
  const head = ["| figure | contender | median [min … max] | target |", "| --- | --- | --- | --- |"];
  return [
    `### ${name}`,
    "",
    `${about.charAt(0).toUpperCase()}${about.slice(1)}.`,
    "",
    ...head,
    ...rows,
    "",
    `![${name}](performance/${name}.svg)`,
  ].join("\n");
}
