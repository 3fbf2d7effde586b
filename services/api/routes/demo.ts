import type { NextFunction, Request, Response } from "express";
import { readFile, stat } from "node:fs/promises";
import { demoHelpPages } from "../../../shared/sites/demo-help-pages.ts";
import { type SharedFile, sendSharedFile, shareFile } from "../files/shared-file.ts";

const folder = new URL("../../widget/demo/", import.meta.url);
const files = new Map([
  ...demoHelpPages.map(({ path, file }) => [path, { name: file, type: "text/html" }] as const),
  ["/", { name: "index.html", type: "text/html" }],
  ["/index.html", { name: "index.html", type: "text/html" }],
  ["/demo.css", { name: "demo.css", type: "text/css" }],
  ["/demo.js", { name: "demo.js", type: "text/javascript" }],
  ["/demo.svg", { name: "demo.svg", type: "image/svg+xml" }],
]);

/** Serves the page at `/`, the help pages of its shop, and the files they load. An edited file is read again. */
export function serveDemo() {
  const shared = new Map<string, { changedAt: number; file: Promise<SharedFile> }>();

  return async (req: Request, res: Response, next: NextFunction): Promise<void> => {
    const wanted = files.get(req.path);
    if (!wanted || (req.method !== "GET" && req.method !== "HEAD")) return next();
    const { name, type } = wanted;
    const path = new URL(name, folder);
    const { mtimeMs: changedAt } = await stat(path);
    let known = shared.get(name);
    if (known?.changedAt !== changedAt) {
      known = { changedAt, file: readFile(path).then(shareFile) };
      shared.set(name, known);
    }
    await sendSharedFile(res, await known.file, { type, cacheControl: "public, max-age=0" });
  };
}
