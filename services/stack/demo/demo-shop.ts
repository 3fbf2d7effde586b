import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Logger } from "../../../shared/logger.ts";
import type { Lifecycle } from "../../../shared/process/lifecycle.ts";
import { DemoOrders } from "./demo-orders.ts";

/**
 * Opens the endpoint of the demo shop: `GET /orders/1042`, and `POST /orders/1042/cancel`, which honours `Idempotency-Key`. It
 * listens on the loopback interface alone, and only who has its secret is answered. It is no part of the product: it stands
 * for the owner's shop, and outlives a killed worker as that would.
 * @param folder of all stored data
 * @returns the settings by which API and worker know of it; none if it could not be opened
 */
export async function openDemoShop(
  folder: string,
  { lifecycle, log }: { lifecycle: Lifecycle; log: Logger },
): Promise<Record<string, string>> {
  try {
    const orders = new DemoOrders(join(folder, "demo-shop.json"));
    const secret = randomBytes(24).toString("base64url");
    const server = createServer((req, res) => {
      req.resume();
      const { status, body } = answerOf(orders, req, secret);
      res.writeHead(status, { "content-type": status < 300 ? "application/json" : "text/plain" }).end(body);
    });
    lifecycle.onClose("the demo shop", async () => {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, "close");
    });
    // Cards that wait are for a tool at the port of before. If another program has it, they cannot be confirmed any more.
    const port = await listen(server, orders.port ?? 0).catch(() => listen(server, 0));
    if (port !== orders.port) orders.keepPort(port);
    return { DEMO_SHOP_URL: `http://127.0.0.1:${port}`, SECRET_DEMO_SHOP: secret };
  } catch (error) {
    log.warn({ err: error }, "could not open the demo shop: its orders cannot be looked up");
    return {};
  }
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

interface ShopRequest {
  method?: string | undefined;
  url?: string | undefined;
  headers: { authorization?: string | undefined; "idempotency-key"?: string | string[] | undefined };
}

function answerOf(orders: DemoOrders, { method, url = "", headers }: ShopRequest, secret: string) {
  if (headers.authorization !== `Bearer ${secret}`) return { status: 401, body: "" };
  const [, order = "", what] = /^\/orders\/(\d+)(\/cancel)?$/.exec(url) ?? [];
  const key = headers["idempotency-key"];
  if (method === "GET" && what === undefined) return orders.read(order);
  if (method === "POST" && what !== undefined && typeof key === "string") return orders.cancel(order, key);
  return { status: 400, body: "" };
}
