/** Bytes of a page that are searched for its charset. Browsers look at 1,024; real pages have long comments before it. */
const searchedBytes = 65_536;

/** A comment, a declaration, or a tag with its quoted attributes: a `>` inside quotes does not end it. */
const token = /<!--[^]*?(?:-->|$)|<\?[^>]*>?|<\/?[a-z](?:[^>"'=]|=\s*(?:"[^"]*"|'[^']*')?|["'])*>?/giy;

/**
 * Finds the charset that a page declares in `<meta>` or `<?xml … ?>`, as browsers do (HTML, 13.2.3.2): not in comments and
 * attributes, but in scripts.
 * @returns its label, which may be unknown
 */
export function findMetaCharset(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, searchedBytes)).toString("latin1");
  for (let at = head.indexOf("<"); at !== -1; at = head.indexOf("<", at)) {
    token.lastIndex = at;
    const found = token.exec(head)?.[0];
    const label = found === undefined ? undefined : charsetOf(found);
    if (label !== undefined) return label;
    at += found?.length ?? 1;
  }
  return undefined;
}

function charsetOf(tag: string): string | undefined {
  if (/^<\?xml\s/i.test(tag)) return /\bencoding\s*=\s*["']([^"']+)["']/i.exec(tag)?.[1]?.trim();
  if (!/^<meta[\s/]/i.test(tag)) return undefined;
  const attributes = readAttributes(tag.slice("<meta".length));
  const charset = attributes.get("charset");
  if (charset !== undefined) return charset;
  const isContentType = attributes.get("http-equiv")?.toLowerCase() === "content-type";
  return isContentType ? contentTypeCharset(attributes.get("content")) : undefined;
}

/** Reads the attributes of a tag. Of two with one name the first counts. */
function readAttributes(text: string): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name = "", double, single, bare] of text.matchAll(
    /([^\s"'>/=]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/g,
  )) {
    const key = name.toLowerCase();
    if (!attributes.has(key)) attributes.set(key, (double ?? single ?? bare ?? "").trim());
  }
  return attributes;
}

/** Reads the charset of a `Content-Type`, quoted or not. */
export function contentTypeCharset(contentType: string | undefined): string | undefined {
  return /\bcharset\s*=\s*["']?\s*([^"'\s;,]+)/i.exec(contentType ?? "")?.[1];
}
