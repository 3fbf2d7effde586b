import type { NextFunction, Request, Response } from "express";
import helmet from "helmet";
import { isWidget } from "../access/origins.ts";

/** Our pages load only files of their own. */
const pagePolicy = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", "data:"],
  fontSrc: ["'self'"],
  connectSrc: ["'self'"],
  manifestSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
  frameAncestors: ["'self'"],
};

const common = {
  referrerPolicy: { policy: "no-referrer" },
  // Set below, only for requests that arrived by TLS.
  strictTransportSecurity: false,
} as const;

const ofPages = helmet({
  ...common,
  contentSecurityPolicy: { useDefaults: false, directives: pagePolicy },
  crossOriginResourcePolicy: { policy: "same-origin" },
});

/** The widget is embedded in pages of other sites. */
const ofWidget = helmet({
  ...common,
  contentSecurityPolicy: { useDefaults: false, directives: pagePolicy },
  crossOriginResourcePolicy: { policy: "cross-origin" },
});

/** Case-insensitive, because the router matches either case. */
const dataPath = /^\/api(\/|$)/i;

/** One year, without subdomains: hosts below this one may belong to others. */
const transportSecurity = "max-age=31536000";

/** Sets the headers that restrict how browsers use our answers. */
export function securityHeaders(req: Request, res: Response, next: NextFunction): void {
  if (req.secure) res.setHeader("Strict-Transport-Security", transportSecurity);
  if (isWidget(req.path)) return ofWidget(req, res, next);
  if (!dataPath.test(req.path)) return ofPages(req, res, next);
  // Data is never shown, run or framed. Set without helmet, because every message passes here.
  res.setHeader("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  res.setHeader("Cross-Origin-Resource-Policy", "same-origin");
  res.setHeader("Referrer-Policy", "no-referrer");
  res.setHeader("X-Content-Type-Options", "nosniff");
  res.setHeader("Cache-Control", "no-store");
  next();
}
