import { type Request, type Response, Router } from "express";
import { readFile } from "node:fs/promises";
import type { ApiContext } from "../api-context.ts";
import { type SharedFile, sendSharedFile, shareFile } from "../files/shared-file.ts";
import { privacyLanguage, privacyPage } from "../privacy/privacy-page.ts";

const stylesPath = new URL("../privacy/privacy.css", import.meta.url);

/** The page that the chat's privacy link opens, in the language of `lang`. */
export function privacyRoutes({ config, providers }: Pick<ApiContext, "config" | "providers">): Router {
  const router = Router();
  let styles: Promise<SharedFile> | undefined;

  router.get("/privacy", async (req: Request, res: Response) => {
    const { lang } = req.query;
    const known = await providers.read();
    const facts = { retentionDays: config.RETENTION_DAYS, providers: known };
    const page = privacyPage(privacyLanguage(typeof lang === "string" ? lang : "en"), facts);
    res.type("text/html").set("Cache-Control", "no-cache").send(page);
  });

  router.get("/privacy.css", async (_req: Request, res: Response) => {
    await sendSharedFile(res, await (styles ??= readFile(stylesPath).then(shareFile)), {
      type: "text/css",
      cacheControl: "no-cache",
    });
  });

  return router;
}
