import { expect, it } from "vitest";
import { storableText, toStorablePage } from "./storable-page.ts";

const page = { title: "A\0B", noindex: false, share: 1, needsScript: false, notes: [] };

it("drops what PostgreSQL cannot hold, and lines that are empty then", () => {
  const lines = [{ text: "Tea\0 \ud800", heading: 2 as const }, { text: "\0" }, { text: "Größe 😀" }];
  expect(toStorablePage({ ...page, lines })).toEqual({
    ...page,
    title: "AB",
    lines: [{ text: "Tea \ufffd", heading: 2 }, { text: "Größe 😀" }],
  });
  expect(storableText("a\udc00\0")).toBe("a\ufffd");
});

it("cuts a page that is too long, between characters, and says so", () => {
  const lines = [{ text: "a".repeat(600_000) }, { text: `${"b".repeat(399_999)}😀` }, { text: "never" }];
  const { lines: kept, notes } = toStorablePage({ ...page, lines });
  expect(kept.map(({ text }) => text.length)).toEqual([600_000, 400_000]);
  expect(kept[1]?.text.endsWith("b\ufffd")).toBe(true);
  expect(notes).toEqual(["only its first 1000000 characters were taken"]);
});
