import type { Contender, Figure } from "../figure.ts";
import { median } from "../statistics.ts";
import { describeNumber } from "./table.ts";

const width = 760;
const left = 90;
const right = 130;
const barHeight = 16;
const gap = 6;
const titleHeight = 26;

/** Draws the figures as bars, one group per figure. A line over each bar spans the minimum to the maximum. */
export function drawBarChart(figures: readonly Figure[]): string {
  const parts: string[] = [];
  let y = gap;
  for (const figure of figures) {
    const [group, height] = plotFigure(figure, y);
    parts.push(group);
    y += height + 2 * gap;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y}" viewBox="0 0 ${width} ${y}" role="img">
<style>
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600 }
  rect { fill: #9aa7b5 }
  .own { fill: #2f6fdb }
  line { stroke: #24292f; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } line { stroke: #e6edf3 } }
</style>
${parts.join("\n")}
</svg>
`;
}

/** @returns its elements and their height */
function plotFigure({ what, unit, better, values }: Figure, top: number): [string, number] {
  const bars = (Object.entries(values) as [Contender, number[]][]).filter(([, all]) => all.length > 0);
  const most = Math.max(...bars.flatMap(([, all]) => all), Number.MIN_VALUE);
  const scale = (value: number) => (Math.max(0, value) / most) * (width - left - right);
  const hint = better === "more" ? "more is better" : "less is better";
  const lines = [`<text class="title" x="0" y="${top + 14}">${escape(what)}, ${hint}</text>`];
  bars.forEach(([name, all], place) => {
    const y = top + titleHeight + place * (barHeight + gap);
    const middle = y + barHeight / 2;
    const own = name.startsWith("parley") ? ' class="own"' : "";
    const from = left + scale(Math.min(...all));
    const to = left + scale(Math.max(...all));
    lines.push(
      `<text x="0" y="${y + 12}">${name}</text>`,
      `<rect${own} x="${left}" y="${y}" width="${scale(median(all)).toFixed(1)}" height="${barHeight}"/>`,
      `<line x1="${from.toFixed(1)}" x2="${to.toFixed(1)}" y1="${middle}" y2="${middle}"/>`,
      `<text x="${(to + gap).toFixed(1)}" y="${y + 12}">${`${describeNumber(median(all))} ${escape(unit)}`.trimEnd()}</text>`,
    );
  });
  return [lines.join("\n"), titleHeight + bars.length * (barHeight + gap)];
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
