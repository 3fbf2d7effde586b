/**
 * Copies to the clipboard as text and, if formatted, as HTML: mail programs take the HTML, code editors the text.
 * @param root the tree with the focus
 * @returns true if the copy succeeded
 */
export async function copyToClipboard(root: ShadowRoot, text: string, html: string | undefined): Promise<boolean> {
  try {
    const parts: Record<string, Blob> = { "text/plain": new Blob([text], { type: "text/plain" }) };
    if (html !== undefined) parts["text/html"] = new Blob([html], { type: "text/html" });
    await navigator.clipboard.write([new ClipboardItem(parts)]);
    return true;
  } catch {
    return copyWithCommand(root, text);
  }
}

/** Copies with `execCommand`, the only way on pages without TLS and in frames without clipboard permission. */
function copyWithCommand(root: ShadowRoot, text: string): boolean {
  const before = root.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.readOnly = true;
  field.style.cssText = "position:fixed;opacity:0";
  root.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  return done;
}
