/**
 * Puts the text of foot- and endnotes in brackets where they are referred to: at the end of the file they would be far
 * from the sentence that they limit. `parts` are the texts of the file's parts by name.
 */
export function inlineNotes(xml: string, parts: ReadonlyMap<string, string>): string {
  let text = xml;
  for (const kind of ["footnote", "endnote"]) {
    const notes = readNotes(parts.get(`word/${kind}s.xml`) ?? "", kind);
    text = text.replaceAll(new RegExp(`<w:${kind}Reference\\b([^>]*)/>`, "g"), (reference, attributes: string) => {
      const note = notes.get(/w:id="([^"]*)"/.exec(attributes)?.[1] ?? "");
      // A run of its own, as that of the reference is raised.
      return note === undefined ? reference : `</w:r><w:r><w:t xml:space="preserve"> (${note})</w:t></w:r><w:r>`;
    });
  }
  return text;
}

/** Texts of the notes by id, still escaped as XML. */
function readNotes(xml: string, kind: string): Map<string, string> {
  const notes = new Map<string, string>();
  for (const [, attributes = "", content = ""] of xml.matchAll(
    new RegExp(`<w:${kind}\\b([^>]*)>([^]*?)</w:${kind}>`, "g"),
  )) {
    const paragraphs = content.split("</w:p>").map((paragraph) => {
      const words = paragraph.matchAll(/<w:t\b[^>]*>([^<]*)<\/w:t>|<w:(?:br|tab|cr)\b/g);
      return [...words]
        .map(([, word]) => word ?? " ")
        .join("")
        .trim();
    });
    const text = paragraphs.filter((paragraph) => paragraph !== "").join(" ");
    const id = /w:id="([^"]*)"/.exec(attributes)?.[1];
    if (id !== undefined && text !== "") notes.set(id, text);
  }
  return notes;
}
