import { jsonrepair } from "jsonrepair";

const marksBefore = ["\ufeff", "//", "/*", "*/", "<!--", "<![CDATA["];
const marksAfter = ["//", "/*", "*/", "-->", "]]>", ";"];

/**
 * Parses JSON as pages really carry it: inside comment marks or CDATA, with trailing commas, comments, line breaks in
 * strings, or escaped as HTML. Returns undefined for text that cannot be read as an object or array.
 */
export function parseForgivingJson(written: string): unknown {
  const bare = withoutMarks(written);
  const text = bare.includes('"')
    ? bare
    : bare.replaceAll("&quot;", '"').replaceAll("&#34;", '"').replaceAll("&amp;", "&");
  for (const repair of [(json: string) => json, jsonrepair]) {
    try {
      const value: unknown = JSON.parse(repair(text));
      if (typeof value === "object" && value !== null) return value;
    } catch {
      // The repaired text is tried next.
    }
  }
  return undefined;
}

function withoutMarks(written: string): string {
  let text = written.trim();
  for (;;) {
    const before = marksBefore.find((mark) => text.startsWith(mark));
    const after = marksAfter.find((mark) => text.endsWith(mark));
    if (before === undefined && after === undefined) return text;
    text = text.slice(before?.length ?? 0, after === undefined ? undefined : -after.length).trim();
  }
}
