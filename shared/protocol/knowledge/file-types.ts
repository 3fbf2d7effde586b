/** Files that can be read as knowledge. Without zod, as it runs in browsers, too. */

export const maxFileBytes = 20 * 2 ** 20;

/** Their media types, by the ends of their names. */
export const fileTypes = {
  ".md": "text/markdown",
  ".txt": "text/plain",
  ".html": "text/html",
  ".htm": "text/html",
  ".pdf": "application/pdf",
  ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
} as const;

/** @returns the media type of a file of that name; `undefined` if such files are not read */
export function fileTypeOf(name: string): string | undefined {
  const [end] = /\.[a-z]+$/.exec(name.toLowerCase()) ?? [];
  return Object.entries(fileTypes).find(([known]) => known === end)?.[1];
}
