import { type Contender, type Figure, judge, type Target } from "../figure.ts";
import { median } from "../statistics.ts";
import type { BenchRun } from "./results.ts";

/** Formats a scenario's figures for a terminal. */
export function describeScenario(figures: readonly Figure[]): string {
  return figures.map(describeFigure).join("\n");
}

/** Summarises a run in a few lines. */
export function describeBenchRun({ figures, seconds, cores, node, at }: BenchRun): string {
  const judged = figures.flatMap((figure) => (figure.targets ?? []).flatMap((target) => judge(figure, target) ?? []));
  const met = judged.filter((verdict) => verdict.met).length;
  return `${met} of ${judged.length} targets met; ${at.slice(0, 10)}, ${cores} cores, Node ${node}, ${seconds} s`;
}

function describeFigure(figure: Figure): string {
  const lines = (Object.entries(figure.values) as [Contender, number[]][]).map(
    ([name, values]) => `    ${name.padEnd(11)}${describeValues(values, figure.unit)}${describeVerdicts(figure, name)}`,
  );
  return [`  ${figure.what}`, ...lines].join("\n");
}

/** Formats the median, with minimum and maximum in brackets. */
export function describeValues(values: readonly number[], unit: string): string {
  const middle = `${describeNumber(median(values))} ${unit}`.trimEnd();
  if (values.length < 2) return middle;
  return `${middle}  [${describeNumber(Math.min(...values))} … ${describeNumber(Math.max(...values))}]`;
}

function describeVerdicts(figure: Figure, name: Contender): string {
  return (figure.targets ?? [])
    .filter(({ contender }) => contender === name)
    .map((target) => describeVerdict(figure, target))
    .map((text) => `   ${text}`)
    .join("");
}

/** Formats the target and its verdict. */
export function describeVerdict(figure: Figure, target: Target): string {
  const verdict = judge(figure, target);
  if (verdict === undefined) return "";
  const sign = figure.better === "more" ? "≥" : "≤";
  const of = target.of === undefined ? "" : ` × ${target.of}`;
  const measured = target.of === undefined ? "" : `${describeNumber(verdict.measured)}${of}, `;
  const limit =
    target.of === undefined ? `${describeNumber(target.limit)} ${figure.unit}`.trimEnd() : describeNumber(target.limit);
  return `${measured}target ${sign} ${limit}: ${verdict.met ? "met" : "NOT MET"}`;
}

/** Formats a number with three significant digits, or more if its integer part is longer. */
export function describeNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 0.1 || value === 0 ? 2 : 3;
  const fixed = value.toFixed(Number.isInteger(value) ? 0 : digits);
  const [whole = "", rest] = fixed.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return rest === undefined ? grouped : `${grouped}.${rest}`;
}
