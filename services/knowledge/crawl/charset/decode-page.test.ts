import { describe, expect, it } from "vitest";
import { decodePage } from "./decode-page.ts";

const hex = (text: string) => Buffer.from(text, "hex");
const latin1 = (text: string) => Buffer.from(text, "latin1");

describe("decoding by a label", () => {
  it.each([
    ["euc-kr", "b0a18141", "\uAC00\uAC02"],
    ["windows-949", "8c63bc84", "\uB620\uD3B2"],
    ["ks_c_5601-1987", "c8fe", "\uD79D"],
    ["korean", "8141", "\uAC02"],
    ["cp949", "8141", "\uAC02"],
    ["big5", "8862", "\u00CA\u0304"],
    ["big5", "fefe", "\u79D4"],
    ["big5-hkscs", "8862", "\u00CA\u0304"],
    ["gb2312", "81308130", "\u0080"],
    ["gb2312", "b0a1", "\u554A"],
    ["iso-8859-1", "80939495", "\u20AC\u201C\u201D\u2022"],
    ["latin1", "e9", "\u00E9"],
    ["Shift_JIS", "8160", "\uFF5E"],
    ["euc-jp", "a4a2", "\u3042"],
    ["iso-2022-jp", "1b2442242224241b2842", "\u3042\u3044"],
    ["koi8-r", "cbcfd4", "\u043A\u043E\u0442"],
    ["win-1251", "eaeef2", "\u043A\u043E\u0442"],
    ["utf-16", "41004200", "AB"],
    ['"utf-8"', "c3a9", "\u00E9"],
  ])("%s", (label, bytes, text) => {
    expect(decodePage(hex(bytes), `text/html; charset=${label}`).text).toBe(text);
  });

  it.each(["utf-7", "hz-gb-2312", "iso-2022-kr", "cp437", "utf-32", "none", "__proto__", "\u0000"])(
    "skips %s, which no page can be decoded by",
    (label) => {
      expect(decodePage(Buffer.from("Größe"), `text/html; charset=${label}`)).toEqual({
        text: "Größe",
        charset: "utf-8",
      });
    },
  );
});

describe("charset of a page", () => {
  const charsetOf = (bytes: Uint8Array, contentType?: string, hint?: string) =>
    decodePage(bytes, contentType, hint).charset;
  const sjis = hex("93fa967b");
  const withSjis = (html: string) => Buffer.concat([latin1(html), sjis]);

  it("is UTF-8 where all bytes are valid, without a label", () => {
    expect(decodePage(Buffer.from("<p>Rückgabe</p>"))).toEqual({ text: "<p>Rückgabe</p>", charset: "utf-8" });
  });

  it("is UTF-8 where all bytes are valid, though the page says otherwise", () => {
    expect(charsetOf(Buffer.from("<meta charset=iso-8859-1><p>Rückgabe"))).toBe("utf-8");
  });

  it("is windows-1252 without any sign", () => {
    expect(decodePage(latin1("R\u00FCckgabe"))).toEqual({ text: "Rückgabe", charset: "windows-1252" });
  });

  it.each([
    "<meta charset=shift_jis>",
    "<META CHARSET='Shift_JIS' />",
    `<!-- ${"long ".repeat(300)} --><meta charset="shift_jis">`,
    '<meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS">',
    '<meta content="text/html;charset=shift_jis" http-equiv=content-type>',
    '<?xml version="1.0" encoding="Shift_JIS"?><html>',
    '<p title="a > b"><meta charset=shift_jis>',
    "a < b <meta charset=shift_jis>",
    '<script>var tag = "<meta charset=shift_jis>";</script><meta charset=euc-jp>',
  ])("is the declared one: %s", (html) => {
    expect(charsetOf(withSjis(html))).toBe("shift_jis");
  });

  it.each([
    "<!-- <meta charset=shift_jis> -->",
    "<!-- <meta charset=shift_jis>",
    '<p title="<meta charset=shift_jis>">',
    '<meta name="description" content="charset=shift_jis">',
    "<metal charset=shift_jis>",
    "<meta data-charset=shift_jis>",
    "<meta charset=nothing-known>",
  ])("is not declared by %s", (html) => {
    expect(charsetOf(withSjis(html))).toBe("windows-1252");
  });

  it("is the one of the site's other pages where the page declares none", () => {
    expect(charsetOf(sjis, undefined, "shift_jis")).toBe("shift_jis");
    expect(charsetOf(withSjis("<meta charset=euc-jp>"), undefined, "shift_jis")).toBe("euc-jp");
  });

  it("is the header's before the page's, and the mark's before both", () => {
    const page = withSjis("<meta charset=euc-jp>");
    expect(charsetOf(page, "text/html; charset=shift_jis")).toBe("shift_jis");
    expect(charsetOf(hex("efbbbf41"), "text/html; charset=shift_jis")).toBe("utf-8");
    expect(decodePage(hex("fffe4100"), "text/html; charset=shift_jis")).toEqual({ text: "A", charset: "utf-16le" });
    expect(decodePage(hex("feff0041"))).toEqual({ text: "A", charset: "utf-16be" });
  });

  it("is no UTF-16 where the declaration was read as ASCII", () => {
    expect(charsetOf(latin1("<meta charset=utf-16><p>plain"))).toBe("utf-8");
    expect(charsetOf(latin1("<meta charset=x-user-defined>\u0080"))).toBe("windows-1252");
  });

  it("is the declared one for ASCII with escapes", () => {
    const japanese = Buffer.concat([latin1("<meta charset=iso-2022-jp>"), hex("1b2442242224241b2842")]);
    expect(decodePage(japanese).text).toContain("\u3042\u3044");
  });

  it("is found in linear time, however many tags there are", () => {
    const started = performance.now();
    for (const piece of ["<", "<a ", "<!--", '<a b="', "<meta x='"]) {
      decodePage(Buffer.concat([latin1(piece.repeat(20_000)), sjis]));
    }
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
