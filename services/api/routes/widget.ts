import { type Request, type Response, Router } from "express";
import { Problem } from "../../../shared/errors.ts";
import type { WidgetFile, WidgetFiles } from "../widget-files.ts";

/** Who has it asks again after so long, and runs what it has meanwhile. */
const briefly = "public, max-age=300, stale-while-revalidate=86400";
const always = "public, max-age=31536000, immutable";

/**
 * `/widget.js` and the modules it loads. What every answer for other people's pages needs is set before.
 * @param fresh for developers: each time it is asked whether it is still the same
 */
export function widgetRoutes({ widget, fresh }: { widget: WidgetFiles; fresh: boolean }): Router {
  const router = Router();

  router.get(["/widget.js", "/widget/:name"], async (req: Request, res: Response) => {
    const file = await find(widget, req.path.slice(1));
    const caching = file.immutable ? always : briefly;
    res.set({
      "Content-Type": `text/${req.path.endsWith(".js") ? "javascript" : "plain"}; charset=utf-8`,
      "Cache-Control": fresh && !file.immutable ? "no-cache" : caching,
      ETag: file.etag,
    });
    res.vary("Accept-Encoding");
    if (req.fresh) return void res.status(304).end();
    const encoding = req.acceptsEncodings(["br", "gzip"]);
    const isCompressed = encoding === "br" || encoding === "gzip";
    if (isCompressed) res.set("Content-Encoding", encoding);
    const body = isCompressed ? await file.compressed(encoding) : file.body;
    res.set("Content-Length", String(body.length)).end(body);
  });
  return router;
}

async function find(widget: WidgetFiles, name: string): Promise<WidgetFile> {
  const file = await widget.find(name).catch((error: unknown) => {
    const detail = "The widget is not built. Where all packages are installed, npm run build does it.";
    throw new Problem("unavailable", detail, { cause: error });
  });
  if (file === undefined) throw new Problem("not-found", `The widget has no file ${name.slice(0, 100)}.`);
  return file;
}
