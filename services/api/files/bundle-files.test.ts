import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { quietLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { BundleFiles } from "./bundle-files.ts";

/** Builds what its source says. */
const builder = `
  import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
  const here = (path) => new URL(path, import.meta.url);
  const source = readFileSync(here("source.ts"), "utf8");
  if (source === "broken") process.exit(1);
  mkdirSync(here("dist/widget"), { recursive: true });
  writeFileSync(here("dist/widget/panel-AAAA1111.js"), "panel of " + source);
  writeFileSync(here("dist/widget.js"), "widget of " + source);`;

/** Named by path: a package of that name may lie above the temporary folder, or not. */
const bundler = "./bundler.cjs";

let root: string;
let folder: string;

describe("widget files", () => {
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "parley-widget-"));
    // As deep as in the repository, whose lock file counts among the sources.
    folder = join(root, "services/widget");
    await mkdir(folder, { recursive: true });
    for (const part of ["shared/markdown", "packages/client/source"])
      await mkdir(join(root, part), { recursive: true });
    await writeFile(join(folder, bundler), "");
    await writeFile(join(folder, "build.ts"), builder);
    await writeFile(join(folder, "source.ts"), "one");
  });
  afterEach(() => rm(root, { recursive: true }));

  it("are built once for concurrent requests when missing", async () => {
    const files = open();
    const [script, panel] = await Promise.all([files.find("widget.js"), files.find("widget/panel-AAAA1111.js")]);
    expect(script?.body.toString()).toBe("widget of one");
    expect(script?.immutable).toBe(false);
    expect(panel?.immutable).toBe(true);
    expect(await files.find("widget/other.js")).toBeUndefined();
    expect(await files.find("../source.ts")).toBeUndefined();
  });

  it("are rebuilt at start, in production too, when their sources are newer", async () => {
    await built("old", 1000);
    expect(await text(open({ watch: false }), "widget.js")).toBe("widget of one");
  });

  it("are served as built in production without a bundler, whatever the file times", async () => {
    await built("old", 1000);
    await rm(join(folder, bundler));
    expect(await text(open({ watch: false }), "widget.js")).toBe("widget of old");
  });

  it("are rebuilt when their sources are newer or change again", async () => {
    await built("old", 1000);
    const files = open();
    expect(await text(files, "widget.js")).toBe("widget of one");
    await writeFile(join(folder, "source.ts"), "two");
    await vi.waitFor(async () => expect(await text(files, "widget.js")).toBe("widget of two"), {
      timeout: 10_000,
      interval: 200,
    });
  });

  it("are served from the last build when a rebuild fails", async () => {
    await built("old", 1000);
    await writeFile(join(folder, "source.ts"), "broken");
    expect(await text(open(), "widget.js")).toBe("widget of old");
  });

  it("report a failed build and are built again at the next request", async () => {
    await writeFile(join(folder, "source.ts"), "broken");
    const files = open();
    await expect(files.find("widget.js")).rejects.toThrow("Command failed");
    await writeFile(join(folder, "source.ts"), "mended");
    await vi.waitFor(async () => expect(await text(files, "widget.js")).toBe("widget of mended"), {
      timeout: 10_000,
      interval: 200,
    });
  });

  it("replace those of an earlier version", async () => {
    const files = open();
    const file = await files.find("widget/panel-ZZZZ9999.js");
    expect(file?.body.toString()).toBe("panel of one");
    expect(file?.immutable).toBe(false);
    expect(await files.find("widget/chunk-ZZZZ9999.js")).toBeUndefined();
    expect(await files.find("widget/pan-ZZZZ9999.js")).toBeUndefined();
  });

  it("are compressed once", async () => {
    const file = await open().find("widget.js");
    expect(gunzipSync((await file?.compressed("gzip")) ?? "").toString()).toBe("widget of one");
    expect(brotliDecompressSync((await file?.compressed("br")) ?? "").toString()).toBe("widget of one");
    expect(await file?.compressed("br")).toBe(await file?.compressed("br"));
  });
});

// The test above writes such names itself; these are those of the bundler.
it("reads the names that the bundler gives: a hash where a file may change, none for the entries", async () => {
  const files = new BundleFiles({ bundle: "widget", log: quietLog(), watch: false });
  await files.find("widget.js");
  const names = (await readdir(new URL("../../widget/dist/widget", import.meta.url))).filter((name) =>
    name.endsWith(".js"),
  );
  const entries = ["client.js", "element.js"];
  expect(names).toEqual(expect.arrayContaining(entries));
  for (const name of names) {
    const file = await files.find(`widget/${name}`);
    expect([name, file?.immutable]).toEqual([name, !entries.includes(name)]);
    if (entries.includes(name) || name.startsWith("chunk-")) continue;
    const earlier = await files.find(`widget/${name.replace(/\w{8}\.js$/, "EARLIER0.js")}`);
    expect(earlier?.body).toEqual(file?.body);
  }
});

function open({ watch = true } = {}): BundleFiles {
  return new BundleFiles({ bundle: "widget", log: quietLog(), watch, folder, bundler });
}

async function text(files: BundleFiles, name: string): Promise<string | undefined> {
  return (await files.find(name))?.body.toString();
}

/** Leaves the files of an earlier build, so many milliseconds older than all sources. */
async function built(what: string, msAgo: number): Promise<void> {
  await mkdir(join(folder, "dist/widget"), { recursive: true });
  await writeFile(join(folder, "dist/widget.js"), `widget of ${what}`);
  const at = new Date(Date.now() - msAgo);
  await utimes(join(folder, "dist/widget.js"), at, at);
}
