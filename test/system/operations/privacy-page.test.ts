import { expect, it } from "vitest";
import { onEachBackend } from "../harness/suite.ts";

onEachBackend("the page about privacy", { workers: 0, env: { RETENTION_DAYS: "90" } }, (product) => {
  const read = async (query: string, asked: Record<string, string> = {}) => {
    const { headers, text, status } = await product().client.request(`/privacy${query}`, { headers: asked });
    return { headers, text, status };
  };

  it("says in eight languages until when conversations are kept", async () => {
    const { headers, text, status } = await read("");
    expect(status).toBe(200);
    expect(headers.get("content-type")).toMatch(/^text\/html/);
    expect(headers.get("content-security-policy")).toContain("script-src 'self'");
    expect(text).toContain("for 90 days");
    expect(text).toContain('href="privacy.css"');
    expect((await read(".css")).headers.get("content-type")).toMatch(/^text\/css/);
    expect(text).not.toContain("<script");
    const pages = await Promise.all(["de", "fr", "es", "pt", "ja", "zh", "ar"].map((lang) => read(`?lang=${lang}`)));
    expect(new Set(pages.map((page) => page.text)).size).toBe(7);
    for (const page of pages) expect(page.text).toMatch(/90|٩٠/);
    expect(pages.at(-1)?.text).toContain('lang="ar" dir="rtl"');
  });

  it("is in the language that the browser asks for, where the address names none", async () => {
    const spanish = (await read("?lang=es")).text;
    const { text, headers } = await read("", { "Accept-Language": "nl, es-MX;q=0.8, en;q=0.5" });
    expect(text).toBe(spanish);
    expect(headers.get("vary")).toContain("Accept-Language");
    expect((await read("?lang=es", { "Accept-Language": "fr" })).text).toBe(spanish);
    expect((await read("", { "Accept-Language": "nl" })).text).toContain('lang="en"');
  });

  it("is English for every other language, and repeats nothing of the request", async () => {
    const { text } = await read("");
    for (const query of ["?lang=nl", "?lang=%3Cb%3E", "?lang=constructor", "?lang=de&lang=fr", "?lang="]) {
      expect((await read(query)).text).toBe(text);
    }
  });
});
