import { isIP } from "node:net";
import { z } from "zod";
import { isAddressRange } from "../fetch/address-range.ts";
import { DatabaseUrlError, readTlsSettings } from "../postgres/database-url.ts";
import { parseRedisUrl, RedisUrlError } from "../redis/redis-url.ts";
import { splitList } from "./config-needs.ts";

export function integer(min: number, max: number) {
  const message = `expected a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d+$/, message)
    .transform(Number)
    .refine((n) => n >= min && n <= max, message);
}

/** Share of a total: 0 is none, 1 is all. */
export function share() {
  const message = "expected a number from 0 to 1";
  return z
    .string()
    .regex(/^\d*\.?\d+$/, message)
    .transform(Number)
    .refine((n) => n <= 1, message);
}

export function url(...protocols: string[]) {
  const message = `expected a URL that starts with ${protocols.map((p) => `${p}//`).join(" or ")}`;
  return z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), message);
}

/** One sender of mails: an address, alone or in angle brackets after a name. */
export function mailbox() {
  return z
    .string()
    .regex(
      /^(?:[^<>@\p{Cc}]*<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)$/u,
      "expected an address like chat@example.com or Example Shop <chat@example.com>",
    );
}

export function databaseUrl() {
  return url("postgres:", "postgresql:").superRefine((text, context) => {
    if (URL.canParse(text)) reportUnreadable(() => readTlsSettings(new URL(text)), context);
  });
}

/** URL of an HTTP service. Its key has a separate setting; in the URL it would be logged, so it is refused there. */
export function serviceUrl() {
  return url("http:", "https:").refine((text) => {
    const parsed = URL.parse(text);
    return parsed === null || (parsed.username === "" && parsed.password === "");
  }, "expected a URL without user:password@: the key has a setting of its own");
}

export function redisUrl() {
  return z.string().superRefine((text, context) => reportUnreadable(() => parseRedisUrl(text), context));
}

function reportUnreadable(read: () => unknown, context: z.RefinementCtx): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof RedisUrlError || error instanceof DatabaseUrlError)) throw error;
    context.addIssue({ code: "custom", message: error.message });
  }
}

/** Matches an origin. A wildcard covers the subdomains of a domain, never all domains. */
const origin = /^[a-z][a-z\d+.-]*:\/\/(\*\.(?=[^/:]*[^/:.]\.|localhost(?![^:])))?[^/?#\s@*]+$/i;

export function origins() {
  return z
    .string()
    .transform(splitList)
    .refine(
      (items) => items.every((item) => origin.test(item) && URL.canParse(item)),
      "expected origins like https://www.example.com or https://*.example.com, separated by commas, without a path",
    )
    .transform((items) => items.map(asSentByBrowsers));
}

/**
 * Normalises an origin as browsers send it: lower case, no port that its scheme implies. A scheme that is not a
 * browser's own is kept.
 */
function asSentByBrowsers(item: string): string {
  const { origin: sent } = new URL(item);
  return sent === "null" ? item.toLowerCase() : sent;
}

/** List of secrets during a rotation: the first signs, all verify. */
export function secrets() {
  return z
    .string()
    .transform(splitList)
    .refine(
      (items): items is [string, ...string[]] => items.length > 0 && items.every((item) => item.length >= 32),
      "expected at least 32 characters, or several such secrets separated by commas",
    );
}

/** CIDR ranges of one's own networks. */
export function addressRanges() {
  return z
    .string()
    .transform(splitList)
    .refine(
      (items) => items.every(isAddressRange),
      "expected ranges like 10.0.0.0/8 or fd00::/8, separated by commas, and not the whole of IPv4 or IPv6",
    );
}

export function ports() {
  return z
    .string()
    .transform(splitList)
    .refine(
      (items) => items.every((item) => /^\d{1,5}$/.test(item) && Number(item) >= 1 && Number(item) <= 65_535),
      "expected ports from 1 to 65535, separated by commas",
    )
    .transform((items) => items.map(Number));
}

/** User name without a colon: Basic credentials end the name at the first one. */
export function userName() {
  return z.string().regex(/^[^:]+$/, "expected a name without a colon");
}

/** Express' `trust proxy`: a hop count, `true`/`false`, or addresses, subnets and its names for some of them. */
export function trustProxy() {
  return z
    .string()
    .refine(
      (text) => /^(true|false|\d+)$/.test(text) || splitList(text).every(isProxy),
      "expected true, false, a number of hops, or addresses and subnets, separated by commas",
    )
    .transform((text) => {
      if (text === "true" || text === "false") return text === "true";
      return /^\d+$/.test(text) ? Number(text) : text;
    });
}

function isProxy(text: string): boolean {
  if (["loopback", "linklocal", "uniquelocal"].includes(text)) return true;
  const [address = "", bits = "0", ...rest] = text.split("/");
  const family = isIP(address);
  return family !== 0 && /^\d+$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128) && rest.length === 0;
}
