import { html, type Html } from "./html.ts";

/**
 * Renders the Markdown of a reply for operators: paragraphs, headings, lists, code, bold and links. Everything else
 * stays as written. All text is escaped; links follow the rules of the widget.
 */
export function replyMarkdown(text: string): Html {
  const blocks: Html[] = [];
  const lines = text.split(/\r\n?|\n/);
  for (let at = 0; at < lines.length;) {
    const { block, next } = readBlock(lines, at);
    if (block) blocks.push(block);
    at = next;
  }
  return html`${blocks}`;
}

const fence = /^ {0,3}(`{3,}|~{3,})/;
const heading = /^ {0,3}#{1,6}[ \t]+(.*)$/;
const bullet = /^[ \t]{0,8}(?:[-*+]|\d{1,9}[.)])[ \t]+/;
const blank = /^[ \t]*$/;

interface Block {
  block?: Html;
  /** Index of the line after it. */
  next: number;
}

function readBlock(lines: readonly string[], at: number): Block {
  const line = lines[at] ?? "";
  if (blank.test(line)) return { next: at + 1 };
  const [, mark] = fence.exec(line) ?? [];
  if (mark !== undefined) return readCode(lines, at, mark);
  const [, title] = heading.exec(line) ?? [];
  if (title !== undefined) return { block: html`<p dir="auto"><strong>${inline(title)}</strong></p>`, next: at + 1 };
  const isItem = bullet.test(line);
  let next = at + 1;
  while (next < lines.length && continues(lines[next] ?? "", isItem)) next++;
  const block = lines.slice(at, next);
  if (!isItem) return { block: html`<p dir="auto">${inline(block.join("\n"))}</p>`, next };
  // Items keep their own marks, so that numbers stay those of the reply.
  return {
    block: html`<ul>
      ${block.map((item) => html`<li dir="auto">${inline(item)}</li>`)}
    </ul>`,
    next,
  };
}

function continues(line: string, isItem: boolean): boolean {
  return !blank.test(line) && !fence.test(line) && !heading.test(line) && bullet.test(line) === isItem;
}

function readCode(lines: readonly string[], at: number, mark: string): Block {
  let end = at + 1;
  while (end < lines.length && !(lines[end] ?? "").trim().startsWith(mark)) end++;
  return { block: html`<pre dir="ltr"><code>${lines.slice(at + 1, end).join("\n")}</code></pre>`, next: end + 1 };
}

/** Code, bold, a link, or a bare address of ASCII. Lengths are bounded, so that hostile text takes linear time. */
const marks =
  /`([^`\n]{1,1000})`|\*\*(?=\S)([^*\n]{1,1000})(?<=\S)\*\*|\[([^[\]\n]{1,1000})\]\(([^\s()<>]{1,2000})\)|(https?:\/\/[!#-;=?-_a-~]{1,2000})/g;
/** Punctuation after an address belongs to the sentence. */
const trailing = /[?!.,:;*_~')\]]+$/;

function inline(text: string): Html {
  const parts: (Html | string)[] = [];
  let done = 0;
  for (const match of text.matchAll(marks)) {
    const [whole, code, bold, label, target, address] = match;
    parts.push(text.slice(done, match.index));
    done = match.index + whole.length;
    if (code !== undefined) parts.push(html`<code>${code}</code>`);
    else if (bold !== undefined) parts.push(html`<strong>${inline(bold)}</strong>`);
    else if (label !== undefined && target !== undefined) parts.push(link(target, label) ?? whole);
    else if (address !== undefined) {
      const shown = address.replace(trailing, "");
      parts.push(link(shown, shown) ?? shown, address.slice(shown.length));
    }
  }
  return html`${parts}${text.slice(done)}`;
}

const allowedProtocols: readonly string[] = ["http:", "https:", "mailto:", "tel:"];

/** The address is shown where the label hides it, since a reply may mislead an operator as well. */
function link(target: string, label: string): Html | undefined {
  if (!URL.canParse(target)) return undefined;
  const { protocol, href } = new URL(target);
  if (!allowedProtocols.includes(protocol)) return undefined;
  const hidden = label !== target && html` <span class="note">(${target})</span>`;
  return html`<a href="${href}" target="_blank" rel="noopener noreferrer nofollow">${label}</a>${hidden}`;
}
