import { createHmac, timingSafeEqual } from "node:crypto";
import type { CookieOptions, Request, Response } from "express";
import { Problem } from "../../../shared/errors.ts";
import { sessionMaxMs } from "../../../shared/tunables.ts";

/** Over plain HTTP, cookies are for browsers on the same machine alone. */
type CookiePlace = "https" | "localhost";

/**
 * The prefix makes browsers refuse such a cookie from another host or without TLS. Not all of them keep a `Secure`
 * cookie of `http://localhost` (Safari does not), so there it has neither.
 */
const names: Record<CookiePlace, string> = { https: "__Host-parley_session", localhost: "parley_session" };

const localName = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Sets a session's cookie. It ends in the browser when the session ends at the latest. */
export function setSessionCookie(req: Request, res: Response, { token, secret }: { token: string; secret: string }) {
  const place = requirePlace(req);
  res.cookie(names[place], `${token}.${sign(token, secret)}`, { ...optionsOf(place), maxAge: sessionMaxMs });
}

export function clearSessionCookie(req: Request, res: Response): void {
  res.clearCookie(names.https, optionsOf("https"));
  if (mayBeLocal(req)) res.clearCookie(names.localhost, optionsOf("localhost"));
}

/** @returns the token of a request's session cookie; `undefined` without one, or with one that we did not sign */
export function sessionTokenOf(req: Request, secret: string): string | undefined {
  const cookie = cookieOf(req, names.https) ?? (mayBeLocal(req) ? cookieOf(req, names.localhost) : undefined);
  const [, token = "", signature = ""] = /^([\w-]+)\.([\w-]+)$/.exec(cookie ?? "") ?? [];
  if (token === "") return undefined;
  const [given, expected] = [Buffer.from(signature), Buffer.from(sign(token, secret))];
  return given.length === expected.length && timingSafeEqual(given, expected) ? token : undefined;
}

/**
 * Requires a place where a session's cookie may be set.
 * @throws {Problem} for plain HTTP from another machine: everybody in between would read the cookie and the password
 */
export function requirePlace(req: Request): CookiePlace {
  // Behind a proxy that terminates TLS, only the page's own origin surely tells the scheme.
  const origin = URL.parse(req.get("Origin") ?? "");
  if (origin?.protocol === "https:" || (origin === null && req.secure)) return "https";
  if (localName.test(origin?.hostname ?? req.hostname)) return "localhost";
  throw new Problem(
    "https-required",
    "A password or a session is sent by HTTPS alone, or on localhost. Open the console by https://.",
  );
}

function mayBeLocal(req: Request): boolean {
  return !req.secure && localName.test(req.hostname ?? "");
}

function optionsOf(place: CookiePlace): CookieOptions {
  return { path: "/", httpOnly: true, sameSite: "lax", secure: place === "https" };
}

function cookieOf(req: Request, name: string): string | undefined {
  const cookies = (req.get("Cookie") ?? "").split(";").map((cookie) => cookie.trim());
  return cookies.find((cookie) => cookie.startsWith(`${name}=`))?.slice(name.length + 1);
}

function sign(token: string, secret: string): string {
  return createHmac("sha256", secret).update(`session:${token}`).digest("base64url");
}
