import { type NextFunction, type Request, type Response, Router } from "express";
import { Problem } from "../../../shared/errors.ts";
import type { ApiContext } from "../api-context.ts";
import { sendSharedFile } from "../files/shared-file.ts";
import { consolePage, signInPage } from "../operators/page.ts";

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

/**
 * The page to sign in with, and its files. It takes the place of every other page of the console until someone has
 * signed in: then the same address shows what it is of. No challenge comes with it, as a browser would ask for a
 * password on its own.
 */
export function signInPageRoutes(
  { console: files }: Pick<ApiContext, "console">,
  isSignedIn: (req: Request) => Promise<boolean>,
): Router {
  const router = Router();

  router.get("/", async (req: Request, res: Response, next: NextFunction) => {
    // A link is used whoever is signed in here.
    if (req.query["part"] !== "sign-in" && (await isSignedIn(req))) return next();
    res.status(req.query["part"] === "sign-in" ? 200 : 401);
    res.set({ "Content-Security-Policy": consolePolicy, "Cache-Control": "no-store" });
    res.send(signInPage());
  });

  for (const name of ["sign-in.js", "sign-in.css"])
    router.get(`/${name}`, (_req: Request, res: Response) => sendFile(files, res, name));

  return router;
}

/** The pages in which people answer and see to the knowledge, and the files that they load. */
export function consoleRoutes({ console: files }: Pick<ApiContext, "console">): Router {
  const router = Router();

  router.get("/", (req: Request, res: Response) => {
    res.set("Content-Security-Policy", consolePolicy);
    res.send(consolePage(parts.find((part) => part === req.query["part"]) ?? "console"));
  });

  router.get("/:name", (req: Request, res: Response) => sendFile(files, res, String(req.params["name"])));

  return router;
}

const parts = ["knowledge", "settings", "account"] as const;

async function sendFile(files: ApiContext["console"], res: Response, name: string): Promise<void> {
  const file = await files.find(name === "console.js" ? name : `console/${name}`).catch((error: unknown) => {
    const detail = "The console is not built. Where all packages are installed, npm run build does it.";
    throw new Problem("unavailable", detail, { cause: error });
  });
  if (file === undefined) throw new Problem("not-found", `The console has no file ${name.slice(0, 100)}.`);
  await sendSharedFile(res, file, { type: name.endsWith(".js") ? types.js : types.css, cacheControl });
}
