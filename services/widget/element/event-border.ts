/**
 * Events that stay between the visitor and the chat. A page sees them as events of `<parley-chat>`, not of a text field:
 * its shortcuts, focus traps and bans on copying would apply to the chat.
 */
const innerEvents = [
  "keydown",
  "keypress",
  "keyup",
  "beforeinput",
  "input",
  "compositionstart",
  "compositionupdate",
  "compositionend",
  "copy",
  "cut",
  "paste",
  "contextmenu",
  "selectstart",
  "dragstart",
  "mousedown",
  "focus",
  "blur",
  "focusin",
  "focusout",
] as const;

const roots = new WeakSet<EventTarget>();
let watchesWindow = false;

/** Ends the events at the element's root. Listeners of the page that capture have run by then. */
export function endEventsAt(root: ShadowRoot): void {
  roots.add(root);
  for (const type of innerEvents) root.addEventListener(type, stop);
}

/**
 * Intercepts the events at the window, ahead of every capturing listener on the document and below. Of those on the
 * window, the ones added earlier still run first.
 */
export function interceptEvents(): void {
  if (watchesWindow) return;
  watchesWindow = true;
  for (const type of innerEvents) window.addEventListener(type, intercept, true);
}

/** Replaces an event of the chat by a copy that does not leave its root. The event's default action remains. */
function intercept(event: Event): void {
  const path = event.composedPath();
  const [target] = path;
  const root = path.find((node) => roots.has(node));
  if (!(root instanceof ShadowRoot) || target === undefined || !event.composed) return;
  event.stopImmediatePropagation();
  if (event.isTrusted) undoPage(event, target, root);
  if (!target.dispatchEvent(copyOf(event))) event.preventDefault();
}

function copyOf(event: Event): Event {
  const init: Record<string, unknown> = {};
  for (const name in event) init[name] = event[name as keyof Event];
  // The constructor belongs to the event's interface: a copied key is a `KeyboardEvent`.
  return new (event.constructor as typeof Event)(event.type, { ...init, composed: false });
}

/** Undoes the effect of an earlier listener of the page on the window: a moved focus, or text that it kept out. */
function undoPage(event: Event, target: EventTarget, root: ShadowRoot): void {
  if (!(target instanceof HTMLTextAreaElement)) return;
  if (event instanceof KeyboardEvent && root.activeElement !== target) target.focus({ preventScroll: true });
  const text = event.defaultPrevented ? enteredText(event) : "";
  if (text === "") return;
  target.setRangeText(text, target.selectionStart, target.selectionEnd, "end");
  target.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

/** Text that the event's default action would have inserted. */
function enteredText(event: Event): string {
  if (event instanceof ClipboardEvent && event.type === "paste")
    return event.clipboardData?.getData("text/plain") ?? "";
  if (event instanceof InputEvent && event.type === "beforeinput") return event.data ?? "";
  if (!(event instanceof KeyboardEvent) || event.type === "keyup" || event.isComposing) return "";
  const { key, ctrlKey, metaKey, altKey } = event;
  const isCommand = (ctrlKey || metaKey || altKey) && !event.getModifierState("AltGraph");
  return isCommand || !/^.$/u.test(key) ? "" : key;
}

function stop(event: Event): void {
  event.stopPropagation();
}
