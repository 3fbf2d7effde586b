import { source } from "axe-core";
import type { Page } from "playwright-core";

const themes = {
  light: { colorScheme: "light", forcedColors: "none" },
  dark: { colorScheme: "dark", forcedColors: "none" },
  forced: { colorScheme: "light", forcedColors: "active" },
} as const;

/** The rules whose outcome colours change. */
const colourRules = ["color-contrast", "link-in-text-block"];

interface Scope {
  /** Themes one after the other, the page's own by default; rules that no colour touches run in the first alone. */
  themes?: readonly (keyof typeof themes)[];
  /** Selector of what is checked; the whole page by default. */
  within?: string;
  /** False leaves out the rules about colours, whose time grows with the square of a page's length. */
  colours?: boolean;
}

/**
 * Lists the breaches that axe finds, those of its best practices among them. A document loads axe once: to read its half
 * megabyte takes longer than a check.
 */
export async function accessibilityFaults(page: Page, scope: Scope = {}): Promise<string[]> {
  const { themes: names = [] } = scope;
  if (page.frames().length > 1) throw new Error("Frames would go unchecked");
  if (!(await page.evaluate<boolean>(`"axe" in window`))) await page.evaluate(source);
  if (names.length === 0) return await run(page, scope);
  const faults: string[] = [];
  for (const [index, name] of names.entries()) {
    await page.emulateMedia(themes[name]);
    faults.push(...(await run(page, scope, index === 0 ? undefined : colourRules)).map((fault) => `${name}: ${fault}`));
  }
  return faults;
}

async function run(page: Page, { within, colours = true }: Scope, rules?: readonly string[]): Promise<string[]> {
  const context = within === undefined ? "document" : JSON.stringify(within);
  const options = JSON.stringify({
    resultTypes: ["violations"],
    ...(rules && { runOnly: rules }),
    ...(!colours && { rules: Object.fromEntries(colourRules.map((rule) => [rule, { enabled: false }])) }),
  });
  const violations = await page.evaluate<Violation[]>(
    `axe.run(${context}, ${options}).then(({ violations }) => violations)`,
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}

interface Violation {
  id: string;
  nodes: { html: string; failureSummary: string }[];
}
