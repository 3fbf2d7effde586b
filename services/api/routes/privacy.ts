import { type Request, type Response, Router } from "express";
import { readFile } from "node:fs/promises";
import type { ApiContext } from "../api-context.ts";
import { type SharedFile, sendSharedFile, shareFile } from "../files/shared-file.ts";
import { privacyLanguage, privacyLanguages, privacyPage } from "../privacy/privacy-page.ts";

const stylesPath = new URL("../privacy/privacy.css", import.meta.url);

/** The page that the chat's privacy link opens, in the language of `lang`; without it, in one the browser asks for. */
export function privacyRoutes({ config }: Pick<ApiContext, "config">): Router {
  const router = Router();
  let styles: Promise<SharedFile> | undefined;

  router.get("/privacy", (req: Request, res: Response) => {
    const { lang } = req.query;
    const asked = typeof lang === "string" ? lang : req.acceptsLanguages(privacyLanguages);
    const page = privacyPage(privacyLanguage(asked || "en"), config.RETENTION_DAYS);
    res.type("text/html").set("Cache-Control", "no-cache").vary("Accept-Language").send(page);
  });

  router.get("/privacy.css", async (_req: Request, res: Response) => {
    await sendSharedFile(res, await (styles ??= readFile(stylesPath).then(shareFile)), {
      type: "text/css",
      cacheControl: "no-cache",
    });
  });

  return router;
}
