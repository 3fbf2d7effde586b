import { type Request, type Response, Router } from "express";
import { readFile } from "node:fs/promises";
import type { ApiContext } from "../api-context.ts";
import { sendSharedFile, shareFile } from "../files/shared-file.ts";

const stylesPath = new URL("../openapi/page/docs.css", import.meta.url);
/** Makes browsers revalidate each time, answered with 304, so that no old version is shown after an update. */
const cacheControl = "no-cache";

/**
 * The description of this API, and the page that shows it. Built at the first request, because most processes never
 * need it.
 */
export function docsRoutes({ config }: Pick<ApiContext, "config">): Router {
  const router = Router();
  let made: ReturnType<typeof makeDocs> | undefined;
  const docs = () => (made ??= makeDocs(config));

  router.get("/openapi.json", async (_req: Request, res: Response) => {
    await sendSharedFile(res, (await docs()).description, { type: "application/json", cacheControl });
  });

  router.get("/docs", async (_req: Request, res: Response) => {
    await sendSharedFile(res, (await docs()).page, { type: "text/html", cacheControl });
  });

  router.get("/docs/docs.css", async (_req: Request, res: Response) => {
    await sendSharedFile(res, (await docs()).styles, { type: "text/css", cacheControl });
  });

  return router;
}

async function makeDocs(config: ApiContext["config"]) {
  const [{ describeApi }, { docsPage }, styles] = await Promise.all([
    import("../openapi/describe-api.ts"),
    import("../openapi/page/docs-page.ts"),
    readFile(stylesPath),
  ]);
  const description = describeApi(config);
  return {
    description: shareFile(JSON.stringify(description)),
    page: shareFile(docsPage(description)),
    styles: shareFile(styles),
  };
}
