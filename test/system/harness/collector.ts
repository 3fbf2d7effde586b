import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { z } from "zod";

const attribute = z.object({
  key: z.string(),
  value: z.object({
    stringValue: z.string().optional(),
    intValue: z.union([z.number(), z.string()]).optional(),
    boolValue: z.boolean().optional(),
  }),
});

/** The parts of OTLP's JSON that tests read. */
const delivery = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: z.array(attribute) }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: z.string(),
              spanId: z.string(),
              parentSpanId: z.string().optional(),
              name: z.string(),
              startTimeUnixNano: z.string(),
              endTimeUnixNano: z.string(),
              attributes: z.array(attribute),
              events: z.array(z.object({ name: z.string() })).default([]),
              links: z.array(z.object({ traceId: z.string() })).default([]),
            }),
          ),
        }),
      ),
    }),
  ),
});

export interface CollectedSpan {
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  name: string;
  /** Service name of the sending process. */
  service: unknown;
  /** Milliseconds. */
  lasted: number;
  attributes: Record<string, unknown>;
  events: string[];
  /** Linked traces. */
  links: string[];
}

/** OpenTelemetry collector for tests: it accepts OTLP over HTTP as JSON. */
export interface Collector extends AsyncDisposable {
  readonly url: string;
  readonly spans: readonly CollectedSpan[];
  /** Raw data received so far. */
  readonly received: () => string;
}

export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const bodies: string[] = [];
  const take = async (req: IncomingMessage, res: ServerResponse) => {
    const body = await readBody(req);
    bodies.push(body);
    if (req.url === "/v1/traces") spans.push(...readSpans(body));
    res.writeHead(req.url === "/v1/traces" ? 200 : 404, { "content-type": "application/json" }).end("{}");
  };
  const server = createServer((req, res) => void take(req, res)).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    received: () => bodies.join("\n"),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function readBody(req: IncomingMessage): Promise<string> {
  let body = "";
  for await (const piece of req.setEncoding("utf8")) body += String(piece);
  return body;
}

function readSpans(body: string): CollectedSpan[] {
  return delivery.parse(JSON.parse(body)).resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = toRecord(resource.attributes)["service.name"];
    return scopeSpans.flatMap((scope) =>
      scope.spans.map(({ attributes, events, links, startTimeUnixNano, endTimeUnixNano, ...span }) => ({
        traceId: span.traceId,
        spanId: span.spanId,
        // A root span has an absent or empty parent.
        parentSpanId: span.parentSpanId || undefined,
        name: span.name,
        service,
        lasted: Number(BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)) / 1e6,
        attributes: toRecord(attributes),
        events: events.map(({ name }) => name),
        links: links.map(({ traceId }) => traceId),
      })),
    );
  });
}

function toRecord(attributes: z.output<typeof attribute>[]): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ?? value.boolValue ?? (value.intValue === undefined ? undefined : Number(value.intValue)),
    ]),
  );
}
