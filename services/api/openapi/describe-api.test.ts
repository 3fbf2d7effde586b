import { createConfig, lintFromString } from "@redocly/openapi-core";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { readConfig } from "../../../shared/config/config.ts";
import { Lifecycle } from "../../../shared/process/lifecycle.ts";
import { createTestDatabase } from "../../../shared/testing/stores/postgres.ts";
import { quietLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { openApiContext } from "../api.ts";
import { createApp } from "../app.ts";
import { pageTemplates, routeOf, routeTemplates } from "../telemetry/route-template.ts";
import { describeApi, describedPaths } from "./describe-api.ts";
import { docsPage } from "./page/docs-page.ts";

const description = describeApi({ MAX_MESSAGE_CHARS: 4000 });
const paths = Object.entries(description.paths ?? {});
const methods = ["get", "post", "put", "patch", "delete"] as const;
const described = paths.flatMap(([path, item]) =>
  methods.filter((method) => item[method] !== undefined).map((method) => `${method} ${path}`),
);

/** As much of Express' router as is looked at here. */
interface RouterLayer {
  route?: { path: string | string[]; methods: Record<string, boolean> };
  handle: { stack?: RouterLayer[] };
  /** Path at which it was mounted. */
  rawPath: string;
}

function layersOf(router: object): RouterLayer[] {
  if (!("stack" in router) || !Array.isArray(router.stack)) throw new Error("Express keeps its routes elsewhere");
  return router.stack as RouterLayer[];
}

/** Every route of the application, written as OpenAPI writes it. */
function routesOf(layers: readonly RouterLayer[], prefix = ""): string[] {
  return layers.flatMap((layer) => {
    if (layer.route !== undefined) {
      const { path, methods: served } = layer.route;
      return [path].flat().flatMap((each) => {
        const whole = `${prefix}${each}`.replaceAll(/:(\w+)/g, "{$1}").replace(/(.)\/$/, "$1");
        return Object.keys(served).map((method) => `${method} ${whole}`);
      });
    }
    return routesOf(layer.handle.stack ?? [], prefix + layer.rawPath.replace(/\/$/, ""));
  });
}

describe("API description", () => {
  it("passes an OpenAPI linter", async () => {
    const config = await createConfig({ extends: ["recommended-strict"] });
    const problems = await lintFromString({
      source: JSON.stringify(description),
      absoluteRef: "/openapi.json",
      config,
    });
    expect(problems.map(({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer}: ${message}`)).toEqual(
      [],
    );
  });

  it("has every route of the application but pages, and no other", async () => {
    const database = await createTestDatabase();
    const lifecycle = new Lifecycle(quietLog());
    onTestFinished(async () => {
      await lifecycle.close(2000);
      await database.drop();
    });
    const config = readConfig({ DATABASE_URL: database.url, NODE_ENV: "test", ADMIN_PASSWORD: "an operator's" });
    const app = createApp(await openApiContext(config, { log: quietLog(), lifecycle }));
    const served = new Set(routesOf(layersOf(app.router)));
    // Files of a folder, and a router of Bull Board's own.
    const elsewhere = ["get /", "get /admin/queues"];
    const others = new Set([
      "get /admin/operators.css",
      "get /admin/frame.css",
      "get /console/sign-in.css",
      "get /console/sign-in.js",
      "get /docs/docs.css",
      "get /mail/mail.css",
      "get /mail/open.js",
      "get /privacy",
      "get /privacy.css",
    ]);
    const pages = pageTemplates.map((path) => `get ${path}`);
    expect([...[...served].filter((route) => !others.has(route)), ...elsewhere].toSorted()).toEqual(
      [...described, ...pages].toSorted(),
    );
    // Tests that visit every route under it take them from the description.
    expect(pages.filter((route) => route.startsWith("get /api"))).toEqual([]);
  });

  it("names routes as metrics and traces do", () => {
    expect([...paths.map(([path]) => path), ...pageTemplates].toSorted()).toEqual([...routeTemplates].toSorted());
    for (const path of routeTemplates) {
      expect(routeOf(path.replaceAll(/\{\w+\}/g, "0190a7e4-7c1b-4d3e-9f52-0a1b2c3d4e5f"))).toBe(path);
    }
    for (const stranger of ["/api", "/api/jobs", "/api/jobs/1/2/3", "/__proto__", "/constructor", "", "/{id}"]) {
      expect(routeOf(stranger), stranger).toBe("other");
    }
    expect(routeOf("/Admin/Queues/api/queues")).toBe("/admin/queues");
  });

  it("asks for credentials wherever a route does not say otherwise", () => {
    expect(description.security).toEqual([{ conversationToken: [] }, { visitorIdentity: [] }]);
    const schemes = Object.keys(description.components?.securitySchemes ?? {});
    const used = paths.flatMap(([, item]) =>
      methods.flatMap((method) => (item[method]?.security ?? []).flatMap((way) => Object.keys(way))),
    );
    expect([...new Set(used)].toSorted()).toEqual(schemes.toSorted());
  });

  it("names, tags and describes the responses of each operation", () => {
    const operations = paths.flatMap(([, item]) => methods.flatMap((method) => item[method] ?? []));
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const { operationId, tags, summary, security, responses } of operations) {
      expect(tags, operationId).toHaveLength(1);
      expect(summary, operationId).toMatch(/^[A-Z].+[^.]$/);
      expect(security, operationId).toBeDefined();
      expect(Object.keys(responses ?? {}), operationId).toContainEqual(expect.stringMatching(/^20[0-4]$/));
    }
  });

  it("describes request bodies by the schemas that validate them", () => {
    const { SubmitRequest } = description.components?.schemas ?? {};
    expect(SubmitRequest).toMatchObject({ required: ["message"] });
    expect(JSON.stringify(SubmitRequest)).toContain('"maxItems":50');
    expect(JSON.stringify(description)).not.toMatch(/9007199254740991|"pattern":"\^\(\[0-9a-f/);
  });

  it("has an example of each JSON request, which its own schema takes whole", () => {
    const bodies = Object.values(describedPaths({ MAX_MESSAGE_CHARS: 4000 })).flatMap((item) =>
      methods.flatMap((method) => {
        const { operationId, requestBody } = item[method] ?? {};
        const media = requestBody?.content["application/json"];
        return media === undefined ? [] : [{ operationId, ...media }];
      }),
    );
    expect(bodies.length).toBeGreaterThan(30);
    for (const { operationId, schema, example } of bodies) {
      const fields = Object.keys(z.record(z.string(), z.unknown()).parse(example));
      if (!(schema instanceof z.ZodObject)) throw new Error(`the body of ${operationId} is no object`);
      expect(schema.safeParse(example).error, operationId).toBeUndefined();
      // Servers ignore or refuse what a schema does not name: an example has nothing of it.
      expect(Object.keys(schema.shape), operationId).toEqual(expect.arrayContaining(fields));
      // The page of the description puts it into a shell's quotes.
      expect(JSON.stringify(example), operationId).not.toContain("'");
    }
    const page = docsPage(description);
    expect(page).toContain("-d &#39;{&quot;confirm&quot;:true}&#39;");
    expect(page).not.toContain("-d &#39;undefined");
    const shown = description.paths?.["/api/chat"]?.post?.requestBody;
    expect(shown).toMatchObject({ content: { "application/json": { example: { message: "Where is my order?" } } } });
  });
});
