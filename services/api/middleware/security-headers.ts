import type { NextFunction, Request, Response } from "express";
import helmet from "helmet";
import { isWidget } from "../access/origins.ts";

/** Our pages bring all they need in files of their own. */
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
  // Only where it came by TLS; see below.
  strictTransportSecurity: false,
} as const;

const ofPages = helmet({
  ...common,
  contentSecurityPolicy: { useDefaults: false, directives: pagePolicy },
  crossOriginResourcePolicy: { policy: "same-origin" },
});

/** The widget is embedded in other people's pages. */
const ofWidget = helmet({
  ...common,
  contentSecurityPolicy: { useDefaults: false, directives: pagePolicy },
  crossOriginResourcePolicy: { policy: "cross-origin" },
});

/** Routes are found in either case. */
const dataPath = /^\/api(\/|$)/i;

/** A year; the hosts below this one are not ours to speak for. */
const transportSecurity = "max-age=31536000";

/** Headers that tell browsers what not to do with our answers. */
export function securityHeaders(req: Request, res: Response, next: NextFunction): void {
  if (req.secure) res.setHeader("Strict-Transport-Security", transportSecurity);
  if (isWidget(req.path)) return ofWidget(req, res, next);
  if (!dataPath.test(req.path)) return ofPages(req, res, next);
  // Data: nothing in it is ever shown, run or framed. Set by hand: this is on the way of every message.
  res.setHeader("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  res.setHeader("Cross-Origin-Resource-Policy", "same-origin");
  res.setHeader("Referrer-Policy", "no-referrer");
  res.setHeader("X-Content-Type-Options", "nosniff");
  res.setHeader("Cache-Control", "no-store");
  next();
}
