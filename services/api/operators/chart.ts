import { html, type Html } from "./html.ts";

export interface Chart {
  title: string;
  /** Total of the day, shown in the title's line. */
  total: string;
  /** Drawn from bottom to top; each series has one number per hour. */
  series: readonly { name: string; values: readonly number[] }[];
  /** Formats a value. */
  format: (value: number) => string;
}

const width = 264;
const height = 64;
const gap = 2;

/**
 * Draws one day as bars, one per hour, with stacked series. Each bar's title holds the numbers for people who cannot
 * see it.
 */
export function chart({ title, total, series, format }: Chart): Html {
  const hours = Array.from({ length: 24 }, (_, hour) => series.map(({ values }) => values[hour] ?? 0));
  const most = Math.max(...hours.map((values) => sum(values)), Number.MIN_VALUE);
  const step = width / hours.length;
  const bars = hours.map((values, hour) => {
    const told = series.map(({ name }, index) => `${name} ${format(values[index] ?? 0)}`).join(", ");
    return html`<g>
      <title>${String(hour).padStart(2, "0")}:00 – ${told}</title>
      <rect class="hour" x="${hour * step}" y="0" width="${step}" height="${height}" />
      ${values.map((value, index) => {
        const top = (sum(values.slice(0, index + 1)) / most) * height;
        const tall = (value / most) * height;
        return html`<rect
          class="series-${index}"
          x="${(hour * step + gap / 2).toFixed(1)}"
          y="${(height - top).toFixed(1)}"
          width="${step - gap}"
          height="${tall.toFixed(1)}"
        />`;
      })}
    </g>`;
  });
  return html`<figure>
    <figcaption><span>${title}</span> <strong>${total}</strong></figcaption>
    <svg viewBox="0 0 ${width} ${height + 14}" role="img" aria-label="${title} by hour, UTC: ${total}">
      ${bars} ${[0, 6, 12, 18].map((hour) => html`<text x="${hour * step}" y="${height + 11}">${hour}:00</text>`)}
    </svg>
  </figure>`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
