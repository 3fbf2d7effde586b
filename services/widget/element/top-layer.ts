/**
 * Moves an element into the browser's top layer: over the page, and out of reach of the page's own styles and stacking.
 */
export function showInTopLayer(element: HTMLElement, raised: boolean): void {
  if (!("showPopover" in element)) return;
  element.popover = raised ? "manual" : null;
  if (raised && element.isConnected && !element.matches(":popover-open")) element.showPopover();
}
