import { type Request, type Response, Router } from "express";
import { Problem } from "../../../shared/errors.ts";
import { sendSharedFile } from "../files/shared-file.ts";
import type { BundleFile, BundleFiles } from "../files/bundle-files.ts";

/** Browsers revalidate after five minutes, and run their cached copy meanwhile. */
const briefly = "public, max-age=300, stale-while-revalidate=86400";
const always = "public, max-age=31536000, immutable";

/**
 * `/widget.js` and the modules it loads. The headers that all cross-origin answers need are set earlier.
 * @param fresh for developers: each request checks whether the files have changed
 */
export function widgetRoutes({ widget, fresh }: { widget: BundleFiles; fresh: boolean }): Router {
  const router = Router();

  router.get(["/widget.js", "/widget/:name"], async (req: Request, res: Response) => {
    const file = await find(widget, req.path.slice(1));
    const caching = file.immutable ? always : briefly;
    await sendSharedFile(res, file, {
      type: req.path.endsWith(".js") ? "text/javascript" : "text/plain",
      cacheControl: fresh && !file.immutable ? "no-cache" : caching,
    });
  });
  return router;
}

async function find(widget: BundleFiles, name: string): Promise<BundleFile> {
  const file = await widget.find(name).catch((error: unknown) => {
    const detail = "The widget is not built. Where all packages are installed, npm run build does it.";
    throw new Problem("unavailable", detail, { cause: error });
  });
  if (file === undefined) throw new Problem("not-found", `The widget has no file ${name.slice(0, 100)}.`);
  return file;
}
