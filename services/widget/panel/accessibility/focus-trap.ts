/** Cycles Tab within the box, as the page behind it is not visible. */
export function keepWithin(event: KeyboardEvent, box: HTMLElement, active: Element | null): void {
  const stops = [...box.querySelectorAll<HTMLElement>('button, textarea, a[href], [tabindex="0"]')].filter(canFocus);
  const [first, last] = [stops.at(0), stops.at(-1)];
  const leaves = event.shiftKey ? active === first : active === last;
  if (!leaves && active !== null && box.contains(active)) return;
  event.preventDefault();
  (event.shiftKey ? last : first)?.focus();
}

function canFocus(element: HTMLElement): boolean {
  return !element.matches(":disabled, [inert] *") && element.getClientRects().length > 0;
}
