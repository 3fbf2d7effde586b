/** Cycles Tab within the container, as the page behind it is not visible. */
export function trapFocus(event: KeyboardEvent, container: HTMLElement, active: Element | null): void {
  const focusable = [...container.querySelectorAll<HTMLElement>('button, textarea, a[href], [tabindex="0"]')].filter(
    canFocus,
  );
  const [first, last] = [focusable.at(0), focusable.at(-1)];
  const leaves = event.shiftKey ? active === first : active === last;
  if (!leaves && active !== null && container.contains(active)) return;
  event.preventDefault();
  (event.shiftKey ? last : first)?.focus();
}

function canFocus(element: HTMLElement): boolean {
  return !element.matches(":disabled, [inert] *") && element.getClientRects().length > 0;
}
