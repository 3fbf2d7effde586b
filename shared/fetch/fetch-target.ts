import { FetchError } from "./fetch-error.ts";

/** Maximum length of an address in characters. Proxies and servers refuse longer request lines. */
const maxUrlChars = 4096;

const defaultPorts = { "http:": 80, "https:": 443 };

/**
 * Parses an address that may be fetched. Odd spellings of an IPv4 address (`0x7f.1`, `2130706433`) become the usual one.
 * @param ports ports besides 80 and 443
 * @param base address that a relative one belongs to
 * @returns the address without its fragment
 * @throws {FetchError} `invalid-url`, or `not-allowed` for its port
 */
export function parseFetchUrl(text: string, ports: readonly number[] = [], base?: URL): URL {
  if (text.length > maxUrlChars) {
    throw new FetchError("invalid-url", `The address is longer than ${maxUrlChars} characters.`);
  }
  const url = URL.parse(text, base?.href);
  if (url === null) throw new FetchError("invalid-url", "The address is no valid URL.");
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new FetchError("invalid-url", `The address starts with ${url.protocol}, expected https:// or http://.`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new FetchError("invalid-url", "The address contains a user name or a password, expected none.");
  }
  const port = url.port === "" ? defaultPorts[url.protocol] : Number(url.port);
  if (port !== 80 && port !== 443 && !ports.includes(port)) {
    throw new FetchError("not-allowed", `Port ${port} is not allowed, expected 80, 443 or one listed in FETCH_PORTS.`);
  }
  url.hash = "";
  return url;
}

const redirects = new Set([301, 302, 303, 307, 308]);

/**
 * Finds the address that a response redirects to.
 * @param location as it was received: one character per byte
 * @returns `undefined` if the response is no redirect
 * @throws {FetchError} as `parseFetchUrl`
 */
export function redirectTarget(
  { status, url, location }: { status: number; url: URL; location: string | undefined },
  ports: readonly number[] = [],
): URL | undefined {
  if (!redirects.has(status) || location === undefined) return undefined;
  return parseFetchUrl(asUtf8(location), ports, url);
}

/** Reads a header that holds bare UTF-8, as many servers send it; anything that is not UTF-8 is kept as Latin-1. */
function asUtf8(header: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(header, "latin1"));
  } catch {
    return header;
  }
}
