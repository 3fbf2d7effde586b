import type { PageLine } from "./page-lines.ts";

const edgeLines = 3;
const minPages = 3;

/** Drops the lines at the top and bottom of pages that repeat on half of the pages, whatever number is in them. */
export function dropPageEdges(pages: readonly PageLine[][]): PageLine[][] {
  const counts = new Map<string, number>();
  for (const page of pages) {
    for (const key of new Set(edgesOf(page).map(keyOf))) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const least = Math.max(minPages, pages.length / 2);
  return pages.map((page) => {
    const edges = new Set(edgesOf(page).filter((line) => (counts.get(keyOf(line)) ?? 0) >= least));
    return page.filter((line) => !edges.has(line));
  });
}

function edgesOf(page: readonly PageLine[]): PageLine[] {
  const byHeight = page.toSorted((one, other) => other.y - one.y);
  return [...new Set([...byHeight.slice(0, edgeLines), ...byHeight.slice(-edgeLines)])];
}

function keyOf({ cells }: PageLine): string {
  return cells.map(({ text }) => text.toLowerCase().replaceAll(/\p{N}+/gu, "0")).join("\t");
}
