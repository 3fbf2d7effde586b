import { describe, expect, it } from "vitest";
import { readRobotsHeader } from "./robots-header.ts";

const now = Date.parse("2026-11-29T12:00:00Z");
const isNoindex = (header: string | undefined) => readRobotsHeader(header, "FormBot/1.0", now).noindex;

describe("X-Robots-Tag", () => {
  it.each([
    "noindex",
    "NOINDEX, nofollow",
    "nofollow, noindex",
    "none",
    "formbot: noindex",
    "other: nofollow, formbot: noindex, nofollow",
    "*: noindex",
    "max-snippet: 20, noindex",
    "unavailable_after: 25 Jun 2025 15:00:00 GMT",
    "unavailable_after: Wed, 25 Jun 2025 15:00:00 GMT",
    "unavailable_after: 2025-06-25",
  ])("forbids the page: %s", (header) => expect(isNoindex(header)).toBe(true));

  it.each([
    undefined,
    "",
    "all",
    "nofollow, noarchive",
    "other: noindex",
    "other: nofollow, noindex",
    "max-image-preview: large",
    "unavailable_after: 25 Jun 2030 15:00:00 GMT",
    "unavailable_after: Tue, 25 Jun 2030 15:00:00 GMT, nofollow",
    "unavailable_after: soon",
  ])("allows the page: %s", (header) => expect(isNoindex(header)).toBe(false));
});
