import { createHmac, timingSafeEqual } from "node:crypto";
import type { CookieOptions, Request, Response } from "express";
import { Problem } from "../../../shared/errors.ts";
import { pendingFactorMs, sessionMaxMs } from "../../../shared/tunables.ts";

/** Over plain HTTP, cookies are for browsers on the same machine alone. */
type CookiePlace = "https" | "localhost";

/**
 * The prefix makes browsers refuse such a cookie from another host or without TLS. Not all of them keep a `Secure`
 * cookie of `http://localhost` (Safari does not), so there it has neither.
 */
const names = {
  session: { https: "__Host-parley_session", localhost: "parley_session" },
  /** A sign-in that waits for its second factor; better-auth has signed it. */
  factor: { https: "__Host-parley_factor", localhost: "parley_factor" },
} as const satisfies Record<string, Record<CookiePlace, string>>;
type CookieName = keyof typeof names;

const localName = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Sets a session's cookie. It ends in the browser when the session ends at the latest. */
export function setSessionCookie(req: Request, res: Response, { token, secret }: { token: string; secret: string }) {
  const place = requirePlace(req);
  const value = `${token}.${sign(token, secret)}`;
  res.cookie(names.session[place], value, { ...optionsOf(place), maxAge: sessionMaxMs });
  if (cookieOf(req, "factor") !== undefined) clearCookie(req, res, "factor");
}

/** Sets the cookie of a sign-in that waits for its second factor. */
export function setFactorCookie(req: Request, res: Response, pending: string): void {
  const place = requirePlace(req);
  res.cookie(names.factor[place], pending, { ...optionsOf(place), maxAge: pendingFactorMs });
}

export function clearCookie(req: Request, res: Response, name: CookieName): void {
  res.clearCookie(names[name].https, optionsOf("https"));
  if (mayBeLocal(req)) res.clearCookie(names[name].localhost, optionsOf("localhost"));
}

/** @returns the cookie of a sign-in that waits for its second factor, as it was set */
export function pendingFactorOf(req: Request): string | undefined {
  try {
    return decodeURIComponent(cookieOf(req, "factor") ?? "") || undefined;
  } catch {
    return undefined;
  }
}

/** @returns the token of a request's session cookie; `undefined` without one, or with one that we did not sign */
export function sessionTokenOf(req: Request, secret: string): string | undefined {
  const cookie = cookieOf(req, "session");
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

function cookieOf(req: Request, name: CookieName): string | undefined {
  const { https, localhost } = names[name];
  const cookies = (req.get("Cookie") ?? "").split(";").map((cookie) => cookie.trim());
  const find = (each: string) => cookies.find((cookie) => cookie.startsWith(`${each}=`))?.slice(each.length + 1);
  return find(https) ?? (mayBeLocal(req) ? find(localhost) : undefined);
}

function sign(token: string, secret: string): string {
  return createHmac("sha256", secret).update(`session:${token}`).digest("base64url");
}
