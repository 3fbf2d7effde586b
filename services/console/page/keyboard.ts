import { inboxViews } from "../model/queue.ts";
import type { Deeds } from "../views/screen.ts";

/**
 * Maps keys of one letter to deeds, while nothing is written.
 * @param isOn false where a person has switched them off, as those must who speak to their machine
 */
export function listenToKeys(deeds: Deeds, isOn: () => boolean): void {
  const keys: Record<string, () => void> = {
    j: () => deeds.step(1),
    k: () => deeds.step(-1),
    r: () => deeds.write("reply"),
    n: () => deeds.write("note"),
    s: deeds.suggest,
    t: deeds.take,
    l: () => deeds.release("ai"),
    q: () => deeds.release("queue"),
    a: () => deeds.ask("assign"),
    c: () => deeds.ask("close"),
    d: deeds.toggleDetails,
    "/": deeds.goToSearch,
    "?": () => deeds.ask("keys"),
    ...Object.fromEntries(inboxViews.map((view, index) => [String(index + 1), () => deeds.show(view)])),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]") !== null) return;
    if (event.key === "Escape") return leave(deeds);
    if (!isOn() || writes(event.target)) return;
    const deed = keys[event.key];
    if (deed === undefined) return;
    event.preventDefault();
    deed();
  });
}

function writes(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, select");
}

/** Leaves what was searched for, or the box first and then the conversation. */
function leave(deeds: Deeds): void {
  if (document.activeElement?.matches(".find *") === true) return deeds.search({ text: "", filter: "" });
  if (writes(document.activeElement)) document.querySelector<HTMLElement>(".log")?.focus();
  else deeds.open(undefined);
}
