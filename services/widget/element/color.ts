/** Red, green and blue, each from 0 to 1, in sRGB. */
export type Rgb = readonly [number, number, number];

/** Backgrounds of the panel, as in shell.css. */
const lightBackground: Rgb = [1, 1, 1];
const darkBackground: Rgb = [0x15 / 255, 0x19 / 255, 0x1a / 255];
/** Surfaces of replies, as in shell.css: text in the accent colour that is readable there is so on the backgrounds. */
const lightSurface: Rgb = [0xf3 / 255, 0xf5 / 255, 0xf4 / 255];
const darkSurface: Rgb = [0x20 / 255, 0x27 / 255, 0x28 / 255];
const white: Rgb = [1, 1, 1];
const black: Rgb = [0, 0, 0];

/** Minimum contrast of text, WCAG 1.4.3. */
const textContrast = 4.5;
/** Minimum contrast between a button and its background; below it they look alike. */
const fillContrast = 1.3;
const steps = 40;

/** Contrast ratio of WCAG, from 1 to 21. */
export function contrast(one: Rgb, other: Rgb): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** Picks a readable text colour for a fill: white if readable, as on most brands; black is readable on all others. */
export function readableTextOn(fill: Rgb): Rgb {
  return contrast(white, fill) >= textContrast ? white : black;
}

/** Moves a colour away from the background until it has the required contrast. */
export function withContrast(background: Rgb, colour: Rgb, ratio: number): Rgb {
  const goal: Rgb = luminance(background) > 0.5 ? [0, 0, 0] : [1, 1, 1];
  for (let step = 0; step < steps; step++) {
    const mixed = mix(colour, goal, step / steps);
    if (contrast(mixed, background) >= ratio) return mixed;
  }
  return goal;
}

/** Builds the custom properties of shell.css for an accent colour. */
export function accentRules(accent: Rgb): string {
  const [lightFill, darkFill] = [lightBackground, darkBackground].map((background) =>
    withContrast(background, accent, fillContrast),
  );
  const [lightInk, darkInk] = [lightSurface, darkSurface].map((surface) => withContrast(surface, accent, textContrast));
  if (!lightFill || !darkFill || !lightInk || !darkInk) return "";
  return `:host {
    --_own-accent: light-dark(${css(lightFill)}, ${css(darkFill)});
    --_own-on-accent: light-dark(${css(readableTextOn(lightFill))}, ${css(readableTextOn(darkFill))});
    --_own-accent-ink: light-dark(${css(lightInk)}, ${css(darkInk)});
  }`;
}

/**
 * Parses any CSS colour with the browser's own parser.
 * @param probe an element of a page
 * @returns `undefined` if the text is no colour
 */
export function parseColour(text: string, probe: HTMLElement): Rgb | undefined {
  if (!CSS.supports("color", text)) return undefined;
  // A colour mixed with itself always computes to the same notation.
  probe.style.color = `color-mix(in srgb, ${text}, ${text})`;
  const numbers = /^color\(srgb ([\d.e-]+) ([\d.e-]+) ([\d.e-]+)/.exec(getComputedStyle(probe).color);
  probe.style.color = "";
  const [red, green, blue] = (numbers?.slice(1) ?? []).map((part) => Math.min(1, Math.max(0, Number(part))));
  return red === undefined || green === undefined || blue === undefined ? undefined : [red, green, blue];
}

function luminance(colour: Rgb): number {
  const [red, green, blue] = colour.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
}

function mix(from: Rgb, to: Rgb, share: number): Rgb {
  const at = (index: 0 | 1 | 2) => from[index] + (to[index] - from[index]) * share;
  return [at(0), at(1), at(2)];
}

function css(colour: Rgb): string {
  return `rgb(${colour.map((part) => Math.round(part * 255)).join(" ")})`;
}
