import cors from "cors";
import type { NextFunction, Request, Response } from "express";
import type { Config } from "../../../shared/config/config.ts";
import { Problem } from "../../../shared/errors.ts";
import { challengeHeader, identityHeader, tokenHeader } from "../../../shared/protocol/headers.ts";
import type { OriginReport } from "../../../shared/protocol/service.ts";
import { originAdvice } from "./refused-origins.ts";

type OriginsConfig = Pick<Config, "ALLOWED_ORIGINS" | "NODE_ENV">;

/** CORS: request headers that pages may send, and answer headers that they may read. */
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
  tokenHeader,
  "x-vercel-ai-ui-message-stream",
];
/** Seconds for which a browser caches a preflight. */
const maxAge = 600;

/** Path at which a page of any origin may ask whether it is allowed. */
export const originPath = "/api/origin";

/**
 * Lets only pages of allowed origins read our answers, including errors. The widget's files are open to all origins.
 * @param onRefused hears the origin of each request that a page of another origin was refused
 */
export function allowOrigins(config: OriginsConfig, onRefused: (origin: string) => void = () => undefined) {
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
    const origin = req.get("Origin");
    if (origin !== undefined && isApi(req.path) && !isAllowed(origin) && !isSameOrigin(req)) onRefused(origin);
    if (isWidget(req.path) || req.path === originPath) return forAll(req, res, next);
    // Refuse at the preflight, so that a developer finds the reason in its answer: browsers show nothing of later
    // refusals.
    if (origin !== undefined && isPreflight(req) && !isAllowed(origin)) throw notAllowed(origin);
    forAllowed(req, res, next);
  };
}

/**
 * Refuses writes from pages of other origins. CORS alone only stops such a page from reading the answer; some requests
 * would still take effect. Clients other than browsers send neither header, and pass.
 */
export function refuseForeignWrites(config: OriginsConfig) {
  const isAllowed = originsOf(config);
  return (req: Request, _res: Response, next: NextFunction): void => {
    if (isSafe(req.method) || isSameOrigin(req)) return next();
    const origin = req.get("Origin");
    if (origin !== undefined && isAllowed(origin)) return next();
    // Browsers sent Origin with cross-origin writes long before Sec-Fetch-Site existed.
    if (origin === undefined && !isForeign(req)) return next();
    throw notAllowed(origin);
  };
}

/**
 * Refuses every page that is not of an allowed origin, our own included: a name that somebody points at this host gives a page
 * the origin of its `Host` (DNS rebinding).
 */
export function refuseUnlistedPages(config: OriginsConfig) {
  const isAllowed = originsOf(config);
  return (req: Request, _res: Response, next: NextFunction): void => {
    const origin = req.get("Origin");
    if (origin === undefined ? isForeign(req) : !isAllowed(origin)) throw notAllowed(origin);
    next();
  };
}

/**
 * Answers whether the page that asks may call the API. The answer is readable on every page: `fetch` reports a refusal
 * by CORS exactly like a lost connection, so the widget learns of it here.
 */
export function reportOrigin(config: OriginsConfig) {
  const isAllowed = originsOf(config);
  return (req: Request, res: Response): void => {
    const origin = req.get("Origin");
    const allowed = origin === undefined ? !isForeign(req) : isAllowed(origin) || isSameOrigin(req);
    const report: OriginReport = { allowed, ...(origin !== undefined && { origin }) };
    res.set("Cache-Control", "no-store").vary("Origin").json(report);
  };
}

/**
 * Refuses every write that a page of another origin may have caused, because browsers attach an operator's credentials
 * automatically.
 */
export function refuseForeignOperations(req: Request, _res: Response, next: NextFunction): void {
  if (isSafe(req.method) || isSameOrigin(req)) return next();
  if (req.get("Origin") === undefined && !isForeign(req)) return next();
  throw new Problem("origin-not-allowed", "Operators may only make changes from this service's own pages.");
}

/**
 * Requires that the browser shows that one of our own pages sends this: cookies come along with the requests of every
 * page. `Sec-Fetch-Site` cannot be set by a page; browsers without it send `Origin`. A request with neither is refused.
 */
export function requireOwnPage(req: Request): void {
  if (req.get("Sec-Fetch-Site") !== "none" && isSameOrigin(req)) return;
  throw new Problem("origin-not-allowed", "This is only taken from the console's own pages.");
}

function notAllowed(origin: string | undefined): Problem {
  const detail =
    origin === undefined
      ? "The request came from a page of another origin, which the browser does not name."
      : originAdvice(origin);
  return new Problem("origin-not-allowed", detail);
}

const localhost = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/** Builds the test whether pages of an origin may call the API. */
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
 * True if the browser says so, or if the page was loaded from the host of this request. The scheme is not compared:
 * behind a TLS proxy ours is unknown.
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

function isApi(path: string): boolean {
  return path.startsWith("/api/");
}

/** Paths that pages of other sites load from here. */
export function isWidget(path: string): boolean {
  return path === "/widget.js" || path.startsWith("/widget/");
}
