import cors from "cors";
import type { NextFunction, Request, Response } from "express";
import type { Config } from "../../../shared/config/config.ts";
import { Problem } from "../../../shared/errors.ts";
import { challengeHeader, identityHeader } from "../../../shared/protocol/headers.ts";

type OriginsConfig = Pick<Config, "ALLOWED_ORIGINS" | "NODE_ENV">;

/** What pages may ask of us, and read of our answers. */
const allowedHeaders = [
  "Authorization",
  "Content-Type",
  "Idempotency-Key",
  "Prefer",
  "Last-Event-ID",
  "X-Request-Id",
  identityHeader,
  challengeHeader,
];
const exposedHeaders = [
  "Location",
  "Retry-After",
  "RateLimit",
  "RateLimit-Policy",
  "Preference-Applied",
  "X-Request-Id",
];
/** A browser asks again after so long. */
const maxAge = 600;

/** Lets the pages of allowed origins read our answers, errors too, and no others; the widget is there for all. */
export function allowOrigins(config: OriginsConfig) {
  const isAllowed = originsOf(config);
  const forAll = cors({ origin: "*", methods: ["GET"], maxAge });
  const forAllowed = cors({
    origin: (origin, tell) => tell(null, origin !== undefined && isAllowed(origin)),
    methods: ["GET", "POST", "DELETE"],
    allowedHeaders,
    exposedHeaders,
    maxAge,
  });
  return (req: Request, res: Response, next: NextFunction): void => {
    if (isWidget(req.path)) return forAll(req, res, next);
    const origin = req.get("Origin");
    // A developer who looks for the reason finds it here: of what is refused later the browser shows nothing.
    if (origin !== undefined && isPreflight(req) && !isAllowed(origin)) throw notAllowed(origin);
    forAllowed(req, res, next);
  };
}

/**
 * Refuses writes from pages of other origins. CORS alone would keep such a page from reading the answer, and let some
 * requests through all the same. Who is no browser sends neither header, and passes.
 */
export function refuseForeignWrites(config: OriginsConfig) {
  const isAllowed = originsOf(config);
  return (req: Request, _res: Response, next: NextFunction): void => {
    if (isSafe(req.method) || isSameOrigin(req)) return next();
    const origin = req.get("Origin");
    if (origin !== undefined && isAllowed(origin)) return next();
    // Long before there was Sec-Fetch-Site, browsers sent Origin with each write to another one.
    if (origin === undefined && !isForeign(req)) return next();
    throw notAllowed(origin);
  };
}

/** Refuses every write that a page elsewhere may have caused: browsers add an operator's credentials by themselves. */
export function refuseForeignOperations(req: Request, _res: Response, next: NextFunction): void {
  if (isSafe(req.method) || isSameOrigin(req)) return next();
  if (req.get("Origin") === undefined && !isForeign(req)) return next();
  throw new Problem("origin-not-allowed", "Operators change things from this service's own pages alone.");
}

function notAllowed(origin: string | undefined): Problem {
  const detail =
    origin === undefined
      ? "The request came from a page of another origin, which the browser does not name."
      : `To let the pages of ${origin.slice(0, maxShownChars)} in, add that to ALLOWED_ORIGINS.`;
  return new Problem("origin-not-allowed", detail);
}

const maxShownChars = 200;
const localhost = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/** Whether pages of an origin may call the API. */
function originsOf({ ALLOWED_ORIGINS, NODE_ENV }: OriginsConfig): (origin: string) => boolean {
  if (ALLOWED_ORIGINS === undefined) {
    return NODE_ENV === "production" ? () => false : (origin) => localhost.test(origin);
  }
  const exact = new Set(ALLOWED_ORIGINS);
  const subdomains = ALLOWED_ORIGINS.filter((item) => item.includes("://*.")).map((item) => {
    const [scheme = "", domain = ""] = item.split("://*");
    return { scheme: `${scheme}://`, domain };
  });
  return (origin) =>
    exact.has(origin) ||
    subdomains.some(
      ({ scheme, domain }) =>
        origin.startsWith(scheme) &&
        origin.endsWith(domain) &&
        /^[a-z\d_-][a-z\d._-]*$/.test(origin.slice(scheme.length, -domain.length)),
    );
}

/**
 * The browser says so, or its page came from the host that it now asks. The scheme is not compared: where TLS ends in
 * front of us, ours is unknown.
 */
function isSameOrigin(req: Request): boolean {
  const site = req.get("Sec-Fetch-Site");
  if (site !== undefined) return site === "same-origin" || site === "none";
  const origin = req.get("Origin");
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === req.host.toLowerCase();
}

function isForeign(req: Request): boolean {
  const site = req.get("Sec-Fetch-Site");
  return site !== undefined && site !== "same-origin" && site !== "none";
}

function isPreflight(req: Request): boolean {
  return req.method === "OPTIONS" && req.get("Access-Control-Request-Method") !== undefined;
}

function isSafe(method: string): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}

/** What other people's pages load from here. */
export function isWidget(path: string): boolean {
  return path === "/widget.js" || path.startsWith("/widget/");
}
