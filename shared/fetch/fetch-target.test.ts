import { describe, expect, it } from "vitest";
import { FetchError } from "./fetch-error.ts";
import { parseFetchUrl, redirectTarget } from "./fetch-target.ts";

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof FetchError) return error.code;
    throw error;
  }
  return "none";
}

describe("fetch target", () => {
  it.each([
    ["ftp://shop.test/"],
    ["file:///etc/passwd"],
    ["javascript:alert(1)"],
    ["shop.test/help"],
    ["https://"],
    ["https://ana@shop.test/"],
    ["https://ana:secret@shop.test/"],
    [`https://shop.test/${"a".repeat(5000)}`],
  ])("refuses %s as invalid", (text) => expect(codeOf(() => parseFetchUrl(text))).toBe("invalid-url"));

  it("refuses ports that are not listed", () => {
    expect(codeOf(() => parseFetchUrl("http://shop.test:6379/"))).toBe("not-allowed");
    expect(codeOf(() => parseFetchUrl("http://shop.test:6379/", [6379]))).toBe("none");
    for (const text of ["http://shop.test:80/", "https://shop.test:443/", "http://shop.test:443/"]) {
      expect(
        codeOf(() => parseFetchUrl(text)),
        text,
      ).toBe("none");
    }
  });

  it.each(["http://0x7f.1/", "http://2130706433/", "http://017700000001/", "http://127.1/", "http://１２７.0.0.1/"])(
    "reads %s as 127.0.0.1",
    (text) => expect(parseFetchUrl(text).hostname).toBe("127.0.0.1"),
  );

  it("drops the fragment", () => {
    expect(parseFetchUrl("https://shop.test/help#returns").href).toBe("https://shop.test/help");
  });
});

describe("redirect target", () => {
  const url = new URL("https://shop.test/a/b?c=d");
  const target = (location: string | undefined, status = 302) => redirectTarget({ status, url, location })?.href;

  it("resolves a relative location", () => {
    expect(target("../x")).toBe("https://shop.test/x");
    expect(target("?page=2")).toBe("https://shop.test/a/b?page=2");
    expect(target("//elsewhere.test/")).toBe("https://elsewhere.test/");
  });

  it("reads bare UTF-8 and Latin-1", () => {
    expect(target(Buffer.from("/café").toString("latin1"))).toBe("https://shop.test/caf%C3%A9");
    expect(target("/café")).toBe("https://shop.test/caf%C3%A9");
  });

  it("is absent without a location, or with a status that redirects nowhere", () => {
    expect(target(undefined)).toBeUndefined();
    expect(target("/x", 304)).toBeUndefined();
    expect(target("/x", 200)).toBeUndefined();
  });

  it("is checked like any address", () => {
    expect(codeOf(() => target("file:///etc/passwd"))).toBe("invalid-url");
    expect(codeOf(() => target("http://ana:b@shop.test/"))).toBe("invalid-url");
    expect(codeOf(() => target("http://shop.test:22/"))).toBe("not-allowed");
  });
});
