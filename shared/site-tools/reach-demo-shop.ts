import { type GuardedFetch, openGuardedFetch } from "../fetch/guarded-fetch.ts";

/**
 * Lets tools call the demo shop on this machine, and nothing else of it: its address and port exactly, whatever ports and
 * ranges are listed. All other calls go through the guarded client as it is.
 * @param url address of the demo shop, `http://127.0.0.1:…`; `undefined`: there is none
 */
export function reachDemoShop(client: GuardedFetch, url: string | undefined, userAgent: string): GuardedFetch {
  if (url === undefined) return client;
  const { origin, port } = new URL(url);
  // No proxy: one elsewhere would connect to its own machine.
  const shop = openGuardedFetch({ userAgent, allowPrivate: ["127.0.0.1/32"], ports: [Number(port)] });
  return {
    get: client.get,
    send: (to, options) => (new URL(to).origin === origin ? shop : client).send(to, options),
    close: async () => {
      await Promise.all([client.close(), shop.close()]);
    },
  };
}
