/**
 * To the clipboard, as text and, where it has a form, as HTML: a mail takes that, a code editor the other.
 * @param root where the keyboard is
 * @returns whether it is there
 */
export async function copy(root: ShadowRoot, text: string, html?: string): Promise<boolean> {
  try {
    const parts: Record<string, Blob> = { "text/plain": new Blob([text], { type: "text/plain" }) };
    if (html !== undefined) parts["text/html"] = new Blob([html], { type: "text/html" });
    await navigator.clipboard.write([new ClipboardItem(parts)]);
    return true;
  } catch {
    return copyByHand(root, text);
  }
}

/** Pages without TLS, and frames that may not use the clipboard, can do this alone. */
function copyByHand(root: ShadowRoot, text: string): boolean {
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
