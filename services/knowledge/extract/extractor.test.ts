import { afterEach, describe, expect, it } from "vitest";
import { openExtractor, type Extractor } from "./extractor.ts";

const opened: Extractor[] = [];

function open(...parameters: Parameters<typeof openExtractor>): Extractor {
  const extractor = openExtractor(...parameters);
  opened.push(extractor);
  return extractor;
}

function page(text: string, mediaType = "text/html; charset=utf-8") {
  return { url: "https://shop.test/help", mediaType, text };
}

const small = page("<main><p>Within 30 days.</p></main>");

afterEach(async () => {
  await Promise.all(opened.splice(0).map((extractor) => extractor.close()));
});

describe("openExtractor", () => {
  it("reads pages one after the other, each with its own answer", async () => {
    const { extract } = open();
    const texts = ["One.", "Two.", "Three."];
    const extractions = await Promise.all(texts.map((text) => extract(page(`<p>${text}</p>`))));
    expect(extractions).toMatchObject(texts.map((text) => ({ lines: [{ text }] })));
  });

  it("says which types are read, and why a file is none", async () => {
    const { extract } = open();
    const url = "https://shop.test/file";
    const bytes = new TextEncoder().encode("no such file");
    expect(await extract(page("x", "text/css"))).toEqual({
      failed: 'a text of type "text/css" is not read: HTML, Markdown and plain text are',
    });
    expect(await extract({ url, mediaType: "image/png", bytes })).toEqual({
      failed: 'a file of type "image/png" is not read: PDF and DOCX are',
    });
    expect(await extract({ url, mediaType: "application/pdf", bytes })).toMatchObject({
      failed: expect.stringContaining("cannot be read") as string,
    });
    const mediaType = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    expect(await extract({ url, mediaType, bytes })).toMatchObject({
      failed: expect.stringContaining("cannot be read") as string,
    });
    expect(await extract(small)).toMatchObject({ lines: [{ text: "Within 30 days." }] });
  });

  it("reads elements that XHTML closes at once", async () => {
    const xhtml =
      '<html xmlns="http://www.w3.org/1999/xhtml"><head><script src="a.js"/></head><body><p>Text.</p></body></html>';
    expect(await open().extract(page(xhtml, "application/xhtml+xml"))).toMatchObject({ lines: [{ text: "Text." }] });
  });

  it("refuses what is too large, without a thread", async () => {
    expect(await open({ maxSize: 10, timeoutMs: 0 }).extract(small)).toEqual({ failed: "larger than 10 bytes" });
  });

  it("ends a page that takes too long, and goes on in a new thread", async () => {
    const { extract } = open({ timeoutMs: 1 });
    expect(await extract(small)).toEqual({ failed: "takes longer than 1 ms" });
    expect(await extract(small)).toEqual({ failed: "takes longer than 1 ms" });
  });

  it("ends a page that takes too much memory, and reads the next one in a new thread", async () => {
    const { extract } = open({ memoryMb: 24 });
    expect(await extract(page("<p>text</p>".repeat(400_000)))).toEqual({ failed: "takes more than 24 MB of memory" });
    expect(await extract(small)).toMatchObject({ lines: [{ text: "Within 30 days." }] });
  });
});
