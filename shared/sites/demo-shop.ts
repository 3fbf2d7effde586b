import type { Assistant, Assistants } from "../assistants/assistants.ts";
import { siteTools } from "../assistants/tools/site-tool.ts";
import { demoToolTexts as texts } from "./demo-shop-texts.ts";

/** Sentence of the shipped instructions. While it stands, the assistant is not made for a shop of its owner's own. */
const withoutOrders = "You cannot see orders, accounts or payments, and you cannot change them.";
const withOrders =
  "You see an order with order_status alone, and cancel one with cancel_order alone. You cannot see accounts or payments, nor change anything else.";

/**
 * Gives the shipped assistant the tools of the demo shop, in development alone. An assistant with tools or with instructions of
 * its owner's own stays as it is: a made-up shop must not answer for a real one.
 * @param url address of the demo shop; `undefined` everywhere but under `npm start` in development
 */
export function withDemoShop(assistants: Assistants, url: string | undefined): Assistants {
  const shipped = assistants.get("default");
  if (url === undefined || !shipped || !isShipped(shipped)) return assistants;
  const instructions = shipped.instructions.replace(withoutOrders, withOrders);
  return new Map([...assistants, ["default", { ...shipped, instructions, tools: demoTools(url) }]]);
}

function isShipped({ tools = [], mcp = [], instructions }: Assistant): boolean {
  return tools.length + mcp.length === 0 && instructions.includes(withoutOrders);
}

function demoTools(url: string) {
  const parameters = {
    type: "object",
    properties: { order: { type: "string", pattern: "^[0-9]{4}$", description: "number of the order" } },
    required: ["order"],
    additionalProperties: false,
  };
  const headers = { Authorization: "Bearer ${secret:DEMO_SHOP}" };
  return siteTools.parse([
    {
      name: "order_status",
      description:
        "Looks up what is in an order and where it is. Call it when the visitor asks about an order and has told its number.",
      parameters,
      effect: "read",
      request: { method: "GET", url: `${url}/orders/{order}`, headers },
      result: texts.status,
    },
    {
      name: "cancel_order",
      description:
        "Cancels an order that is not sent yet. Call it when the visitor wants that and has told its number.",
      parameters,
      effect: "change",
      request: { method: "POST", url: `${url}/orders/{order}/cancel`, headers },
      repeat: "key",
      card: {
        title: texts.cancel,
        lines: [
          { label: texts.number, value: "{order}" },
          { label: texts.refund, value: texts.refundTo },
        ],
        yes: texts.yes,
        no: texts.no,
      },
      result: texts.cancelled,
    },
  ]);
}
