import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { FetchError } from "../../../../shared/fetch/fetch-error.ts";
import { parseSitemap } from "./parse-sitemap.ts";
import { readSitemaps } from "./read-sitemaps.ts";

const home = "https://garden.test";
const page = (path: string) => `<url><loc>${home}${path}</loc></url>`;
const child = (path: string) => `<sitemap><loc>${home}${path}</loc></sitemap>`;
const pages = (...paths: string[]) => `<urlset>${paths.map(page).join("")}</urlset>`;
const index = (...paths: string[]) => `<sitemapindex>${paths.map(child).join("")}</sitemapindex>`;

interface Site {
  [path: string]: string | Buffer | FetchError | number;
}

/** Reads a site of files; a number is the status of its response. */
async function look(site: Site, { maxAddresses = 1000, start = "/s.xml" } = {}) {
  const fetched: string[] = [];
  const result = await readSitemaps([home + start], {
    hosts: ["garden.test"],
    maxAddresses,
    fetchFile: (address) => {
      const url = new URL(address);
      fetched.push(url.pathname);
      const file = site[url.pathname] ?? 404;
      if (file instanceof FetchError) return Promise.reject(file);
      return Promise.resolve(
        typeof file === "number"
          ? { status: file, url, bytes: Buffer.alloc(0) }
          : { status: 200, url, bytes: Buffer.from(file) },
      );
    },
  });
  const paths = result.addresses.map((address) => address.replace(home, ""));
  return { ...result, paths, fetched };
}

describe("sitemap", () => {
  it.each([
    ["white space before the declaration", `\n \t<?xml version="1.0"?>${pages("/a")}`, ["/a"]],
    ["a mark before the white space", `\uFEFF\n${pages("/a")}`, ["/a"]],
    ["bare ampersands", pages("/?a=1&b=2", "/?copy=1&copy=2"), ["/?a=1&b=2", "/?copy=1&copy=2"]],
    ["escaped ampersands", pages("/?a=1&amp;b=2&#38;c=3"), ["/?a=1&b=2&c=3"]],
    ["entities of HTML", pages("/caf&eacute;", "/c"), ["/caf%C3%A9", "/c"]],
    [
      "CDATA with white space",
      `<urlset><url><loc>\n <![CDATA[${home}/?a=1&amp=2]]> \n</loc></url></urlset>`,
      ["/?a=1&amp=2"],
    ],
    ["a prefix", `<sm:urlset xmlns:sm="x"><sm:url><sm:loc>${home}/a</sm:loc></sm:url></sm:urlset>`, ["/a"]],
    [
      "images and videos",
      `<urlset><url><loc>${home}/a</loc><image:image><image:loc>${home}/a.jpg</image:loc></image:image><video:loc>${home}/v</video:loc></url></urlset>`,
      ["/a"],
    ],
    [
      "translations",
      `<urlset><url><loc>${home}/en</loc><xhtml:link rel="alternate" hreflang="de" href="${home}/de?a&amp;b"/><xhtml:link rel="canonical" href="${home}/x"/></url></urlset>`,
      ["/en", "/de?a&b"],
    ],
    ["comments", `<!-- ours --><urlset><!-- ${page("/x")} -->${page("/a")}</urlset>`, ["/a"]],
    ["other hosts", `<urlset>${page("/a")}<url><loc>https://elsewhere.test/b</loc></url></urlset>`, ["/a"]],
    ["other schemes", `<urlset><url><loc>mailto:a@garden.test</loc></url>${page("/a")}</urlset>`, ["/a"]],
    ["relative addresses", "<urlset><url><loc>/a</loc></url><url><loc>b</loc></url></urlset>", ["/a", "/b"]],
    ["repeated addresses and fragments", pages("/a", "/a#b", "/a"), ["/a"]],
    ["a list of addresses", `${home}/a\r\n\r\n${home}/b\nnot this\n`, ["/a", "/b"]],
    ["a list after a mark", `\uFEFF${home}/a\n`, ["/a"]],
    ["a feed", `<rss><channel><link>${home}</link><item><link>${home}/a</link></item></channel></rss>`, ["/a"]],
    [
      "an Atom feed",
      `<feed><link href="${home}"/><entry><link rel="edit" href="${home}/e"/><link href="${home}/a"/></entry></feed>`,
      ["/a"],
    ],
    [
      "an encoding in the declaration",
      Buffer.from(`<?xml version="1.0" encoding="iso-8859-1"?>${pages("/\u00e9")}`, "latin1"),
      ["/%C3%A9"],
    ],
  ])("is read with %s", async (_name, text, expected) => {
    const { paths, complete, failures } = await look({ "/s.xml": text });
    expect(paths).toEqual(expected);
    expect([complete, failures]).toEqual([true, []]);
  });

  it.each([
    "<!doctype html><html><body><a href='/a'>Nothing here</a></body></html>",
    `<html>${pages("/a")}</html>`,
    "Not found",
    "",
    "<",
  ])("is not %s", async (text) => {
    const { addresses, complete, failures } = await look({ "/s.xml": text });
    expect([addresses, complete, failures]).toEqual([
      [],
      false,
      [{ address: `${home}/s.xml`, reason: "This is no sitemap." }],
    ]);
  });

  it("is gunzipped by its first bytes, whatever its name", async () => {
    const zipped = gzipSync(pages("/a"));
    for (const file of [zipped, gzipSync(zipped), Buffer.concat([zipped, Buffer.from("<!-- cached -->")])]) {
      expect((await look({ "/s.xml": file })).paths).toEqual(["/a"]);
    }
    expect((await look({ "/s.xml.gz": pages("/a") }, { start: "/s.xml.gz" })).paths).toEqual(["/a"]);
  });

  it("is incomplete where gzip or XML ends early, and keeps what it has", async () => {
    const early = await look({ "/s.xml": pages("/a", "/b").slice(0, -25) });
    expect([early.paths, early.complete]).toEqual([["/a"], false]);
    const damaged = await look({ "/s.xml": gzipSync(pages("/a")).subarray(0, 30) });
    expect([damaged.complete, damaged.failures.length]).toEqual([false, 1]);
  });

  it("holds 50,000 entries at most", () => {
    const many = parseSitemap(Buffer.from(pages(...Array.from({ length: 50_010 }, (_, n) => `/${n}`))));
    expect(many.kind !== "none" && [many.addresses.length, many.whole]).toEqual([50_000, false]);
  });
});

describe("index of sitemaps", () => {
  it("is followed, each file once, itself never", async () => {
    const site = {
      "/s.xml": index("/s.xml", "/1.xml", "/1.xml", "/2.xml"),
      "/1.xml": pages("/a"),
      "/2.xml": pages("/b"),
    };
    const { paths, fetched, complete } = await look(site);
    expect(paths).toEqual(["/a", "/b"]);
    expect(fetched).toEqual(["/s.xml", "/1.xml", "/2.xml"]);
    expect(complete).toBe(true);
  });

  it("is followed three deep at most", async () => {
    const site = {
      "/s.xml": index("/1.xml"),
      "/1.xml": index("/2.xml"),
      "/2.xml": index("/3.xml"),
      "/3.xml": index("/4.xml"),
      "/4.xml": pages("/deep"),
    };
    const { fetched, complete } = await look(site);
    expect(fetched).toEqual(["/s.xml", "/1.xml", "/2.xml", "/3.xml"]);
    expect(complete).toBe(false);
  });

  it("ignores files of other hosts", async () => {
    const foreign = "<sitemapindex><sitemap><loc>https://elsewhere.test/s.xml</loc></sitemap></sitemapindex>";
    expect((await look({ "/s.xml": foreign })).fetched).toEqual(["/s.xml"]);
  });

  it("goes on after a file that fails, and says so", async () => {
    const site = {
      "/s.xml": index("/1.xml", "/2.xml", "/3.xml"),
      "/1.xml": new FetchError("timeout", "garden.test did not answer in time."),
      "/2.xml": 503,
      "/3.xml": pages("/a"),
    };
    const { paths, failures, complete } = await look(site);
    expect([paths, complete]).toEqual([["/a"], false]);
    expect(failures.map(({ reason }) => reason)).toEqual([
      "garden.test did not answer in time.",
      "The server answered with status 503.",
    ]);
  });

  it("ends at the limit of addresses, and is then incomplete", async () => {
    const site = { "/s.xml": index("/1.xml", "/2.xml"), "/1.xml": pages("/a", "/b", "/c"), "/2.xml": pages("/d") };
    const { paths, complete } = await look(site, { maxAddresses: 2 });
    expect([paths, complete]).toEqual([["/a", "/b"], false]);
  });
});
