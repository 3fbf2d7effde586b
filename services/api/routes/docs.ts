import { type Request, type Response, Router } from "express";
import { fileURLToPath } from "node:url";
import type { ApiContext } from "../api-context.ts";

const stylesPath = fileURLToPath(new URL("../docs/docs.css", import.meta.url));

/** The description of this API, and the page that shows it. Made when somebody asks: most processes never need it. */
export function docsRoutes({ config }: Pick<ApiContext, "config">): Router {
  const router = Router();
  let made: Promise<{ description: string; page: string }> | undefined;
  const make = async () => {
    const [{ describeApi }, { docsPage }] = await Promise.all([
      import("../description/describe-api.ts"),
      import("../docs/docs-page.ts"),
    ]);
    const description = describeApi(config);
    return { description: JSON.stringify(description), page: docsPage(description) };
  };

  router.get("/openapi.json", async (_req: Request, res: Response) => {
    made ??= make();
    res.type("application/json").send((await made).description);
  });

  router.get("/docs", async (_req: Request, res: Response) => {
    made ??= make();
    res.type("html").send((await made).page);
  });

  router.get("/docs/docs.css", (_req: Request, res: Response) => {
    res.sendFile(stylesPath);
  });

  return router;
}
