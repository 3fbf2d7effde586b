import type { ParleyChatElement, ParleyEvents } from "./parley.d.ts";

export type { ParleyChatElement, ParleyEvents };

/** Scripts by the address of their service, so that each is added once. */
const scripts = new Map<string, Promise<void>>();

/**
 * Defines `<parley-chat>` with the code of the service, which so has the service's version. Adds no chat to the page.
 * @param server origin of the service, like `https://chat.example.com`
 * @returns once the element is defined; at once where there is no document, as on a server
 * @throws if the script cannot be loaded. A later call tries again
 */
export function loadParleyChat(server: string): Promise<void> {
  if (typeof document === "undefined" || customElements.get("parley-chat") !== undefined) return Promise.resolve();
  const address = `${server.replace(/\/+$/, "")}/widget.js`;
  const loading = scripts.get(address) ?? addScript(address);
  scripts.set(address, loading);
  loading.catch(() => scripts.delete(address));
  return loading;
}

function addScript(address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.async = true;
    script.src = address;
    script.addEventListener("load", () => resolve());
    script.addEventListener("error", () => {
      script.remove();
      reject(new Error(`${address} cannot be loaded`));
    });
    document.head.append(script);
  });
}
