/** Elements that frameworks leave in place, or page code removes along with the chat, when it is no new page. */
const notContent = "script, style, link, noscript, template, meta";

/**
 * Puts an element back after the page has replaced what contained it: navigation without a reload replaces the body or
 * all of its content. Ends once the page removes the element alone.
 */
export function keepOnPage(chat: HTMLElement): void {
  let parent = chat.parentNode;
  const observer = new MutationObserver((changes) => {
    if (!chat.isConnected) {
      if (parent !== null && chat.parentNode === null && !isReplaced(parent, chat, changes))
        return observer.disconnect();
      // While there is no body, the observer waits for the next one.
      document.body?.append(chat);
    }
    watch();
  });
  watch();

  function watch(): void {
    observer.disconnect();
    if (chat.isConnected) parent = chat.parentNode;
    const start = chat.isConnected ? parent : document.documentElement;
    for (let node: Node | null = start ?? document; node !== null; node = node.parentNode)
      observer.observe(node, { childList: true });
  }
}

/** True if nothing of the parent's former content is left, and more than the chat was removed or something was added. */
function isReplaced(parent: ParentNode, chat: HTMLElement, changes: readonly MutationRecord[]): boolean {
  const here = changes.filter(({ target }) => target === parent);
  const added = new Set(here.flatMap(({ addedNodes }) => [...addedNodes]));
  const removed = here.flatMap(({ removedNodes }) => [...removedNodes]);
  const changed = [...added, ...removed].some((node) => node !== chat && isContent(node));
  return changed && [...parent.children].every((child) => added.has(child) || !isContent(child));
}

function isContent(node: Node): boolean {
  return node instanceof Element && !node.matches(notContent);
}
