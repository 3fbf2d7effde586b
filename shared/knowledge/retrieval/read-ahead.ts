import type { PassageCursor } from "../../db/knowledge/passages.ts";

/**
 * Reads rows page by page, each while the one before is dealt with: the database and this process work at the same time.
 * @param limit rows of a page; one with fewer is the last
 */
export async function* readAhead<Row extends PassageCursor>(
  from: PassageCursor,
  limit: number,
  read: (after: PassageCursor) => Promise<Row[]>,
): AsyncGenerator<Row[]> {
  let next: Promise<Row[]> | undefined = read(from);
  while (next) {
    const page: Row[] = await next;
    const last = page.at(-1);
    next = last && page.length === limit ? read(last) : undefined;
    // Awaited by the next turn, if there is one.
    next?.catch(() => undefined);
    yield page;
  }
}
