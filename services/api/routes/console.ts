import { type Request, type Response, Router } from "express";
import { Problem } from "../../../shared/errors.ts";
import type { ApiContext } from "../api-context.ts";
import { sendSharedFile } from "../files/shared-file.ts";
import { consolePage } from "../operators/page.ts";

const types = { js: "text/javascript", css: "text/css" };

/** Browsers ask each time, and are answered with 304: after an update, no old console talks to a new service. */
const cacheControl = "private, no-cache";

/**
 * Loads files of its own alone, and builds its elements with lit, whose policy is the only one that may make markup of
 * a text.
 */
const consolePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types lit-html",
].join("; ");

/** The pages in which people answer and see to the knowledge, and the files that they load. */
export function consoleRoutes({ console: files }: Pick<ApiContext, "console">): Router {
  const router = Router();

  router.get("/", (req: Request, res: Response) => {
    res.set("Content-Security-Policy", consolePolicy);
    res.send(consolePage(req.query["part"] === "knowledge" ? "knowledge" : "console"));
  });

  router.get("/:name", async (req: Request, res: Response) => {
    const name = String(req.params["name"]);
    const file = await files.find(name === "console.js" ? name : `console/${name}`).catch((error: unknown) => {
      const detail = "The console is not built. Where all packages are installed, npm run build does it.";
      throw new Problem("unavailable", detail, { cause: error });
    });
    if (file === undefined) throw new Problem("not-found", `The console has no file ${name.slice(0, 100)}.`);
    await sendSharedFile(res, file, { type: name.endsWith(".js") ? types.js : types.css, cacheControl });
  });

  return router;
}
