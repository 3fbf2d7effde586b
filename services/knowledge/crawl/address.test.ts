import { describe, expect, it } from "vitest";
import { isOfHost, normalizeAddress } from "./address.ts";

describe("address of a page", () => {
  it.each([
    ["HTTPS://Garden.Test:443/a/../b#c", "https://garden.test/b"],
    ["http://garden.test", "http://garden.test/"],
    ["http://garden.test:8080/", "http://garden.test:8080/"],
    ["https://garden.test/?utm_source=mail&id=1", "https://garden.test/?utm_source=mail&id=1"],
    ["https://garden.test/caf\u00e9", "https://garden.test/caf%C3%A9"],
    ["https://garden.test/caf%c3%a9/%7Euser/a%2fb", "https://garden.test/caf%C3%A9/~user/a%2Fb"],
    ["  https://garden.test/a \n", "https://garden.test/a"],
  ])("%s is %s", (text, expected) => expect(normalizeAddress(text)).toBe(expected));

  it("stays the same when it is normalised again", () => {
    for (const text of [
      "https://garden.test/50%-off?q=%e4",
      "https://garden.test/%2525",
      "https://b\u00fccher.test/",
    ]) {
      const once = normalizeAddress(text) ?? "";
      expect(normalizeAddress(once)).toBe(once);
    }
  });

  it("is relative to a base", () => {
    expect(normalizeAddress("../b", "https://garden.test/a/c")).toBe("https://garden.test/b");
  });

  it("is none with another scheme, a password or without a host", () => {
    for (const text of ["mailto:a@garden.test", "data:text/html,x", "https://a:b@garden.test/", "/a", ""]) {
      expect(normalizeAddress(text), text).toBeUndefined();
    }
  });
});

describe("host of an address", () => {
  it("is the same with www. and without", () => {
    expect(isOfHost("https://www.garden.test/a", ["garden.test"])).toBe(true);
    expect(isOfHost("https://garden.test/a", ["www.garden.test"])).toBe(true);
    expect(isOfHost("https://shop.garden.test/a", ["garden.test"])).toBe(false);
    expect(isOfHost("https://garden.test:8443/a", ["garden.test"])).toBe(false);
  });
});
