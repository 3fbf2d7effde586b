import type { Figures } from "../../../shared/db/operators/figures.ts";
import { chart } from "./chart.ts";
import { formatCount, formatDuration, formatShare, formatUsd } from "./format.ts";
import { html, type Html } from "./html.ts";

/**
 * A day (UTC) in small charts.
 * @param figures from `readFigures`
 */
export function figuresView(figures: readonly Figures[]): Html {
  const day = figures.find(({ from }) => from === null);
  const of = (read: (hour: Figures) => number) =>
    Array.from({ length: 24 }, (_, hour) => {
      const found = figures.find(({ from }) => from !== null && new Date(from).getUTCHours() === hour);
      return found ? read(found) : 0;
    });
  const completed = day?.completed ?? 0;
  return html`<section class="figures" aria-label="Today, UTC">
      ${chart({
        title: "Messages",
        total: formatCount(day?.messages ?? 0),
        series: [{ name: "messages", values: of(({ messages }) => messages) }],
        format: formatCount,
      })}
      ${answeredChart(day, of)}
      ${chart({
        title: "Answered by fallback",
        total: formatShare(day?.fallbacks ?? 0, completed),
        series: [{ name: "share", values: of((hour) => (hour.completed ? hour.fallbacks / hour.completed : 0)) }],
        format: (share) => formatShare(share, 1),
      })}
      ${chart({
        title: "Wait, p50",
        total: formatDuration(day?.waitP50Ms ?? null),
        series: [{ name: "p50", values: of(({ waitP50Ms }) => waitP50Ms ?? 0) }],
        format: formatDuration,
      })}
      ${chart({
        title: "Wait, p95",
        total: formatDuration(day?.waitP95Ms ?? null),
        series: [{ name: "p95", values: of(({ waitP95Ms }) => waitP95Ms ?? 0) }],
        format: formatDuration,
      })}
      ${chart({
        title: "Cost",
        total: formatUsd(day?.costUsd ?? 0),
        series: [{ name: "cost", values: of(({ costUsd }) => costUsd) }],
        format: formatUsd,
      })}
      ${chart({
        title: "Thumbs",
        total: `${formatCount(day?.up ?? 0)} up, ${formatCount(day?.down ?? 0)} down`,
        series: [
          { name: "up", values: of(({ up }) => up) },
          { name: "down", values: of(({ down }) => down) },
        ],
        format: formatCount,
      })}
    </section>
    <p><a href="/admin/reports">Report of more days</a> · <a href="/admin/mails">Mails</a></p>`;
}

/** Apologies are counted apart from answers. */
function answeredChart(day: Figures | undefined, of: (read: (hour: Figures) => number) => number[]): Html {
  const { completed = 0, apologies = 0, failed = 0, people = 0 } = day ?? {};
  const counts = [
    formatCount(completed - apologies),
    ...(apologies > 0 ? [`${formatCount(apologies)} apologies`] : []),
    ...(people > 0 ? [`${formatCount(people)} left to people`] : []),
    ...(failed > 0 ? [`${formatCount(failed)} failed`] : []),
  ];
  return chart({
    title: "Answered",
    total: counts.join(", "),
    series: [
      { name: "answered", values: of((hour) => hour.completed - hour.apologies) },
      { name: "failed", values: of((hour) => hour.failed) },
      { name: "apologies", values: of((hour) => hour.apologies) },
      { name: "left to people", values: of((hour) => hour.people) },
    ],
    format: formatCount,
  });
}
