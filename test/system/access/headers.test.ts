import { expect, it } from "vitest";
import { ApiClient } from "../harness/api-client.ts";
import { adminPassword } from "../harness/product.ts";
import { onSharedProducts } from "../harness/suite.ts";

onSharedProducts("the response headers", (product) => {
  const headersOf = async (path: string, headers: Record<string, string> = {}, client = product().client) =>
    (await client.request(path, { headers })).headers;

  it("of every answer hide the server software, and prevent content sniffing", async () => {
    for (const path of ["/", "/widget.js", "/docs", "/health", "/api/providers", "/api/nothing", "/nothing", "/%zz"]) {
      const headers = await headersOf(path);
      expect(headers.get("x-powered-by")).toBeNull();
      expect(headers.get("server")).toBeNull();
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("content-security-policy")).toMatch(/^default-src 'none'/);
      expect(headers.get("content-security-policy")).not.toMatch(/unsafe|\*|https?:/);
    }
  });

  it("of our pages forbid others to frame, open or read them", async () => {
    const headers = await headersOf("/");
    expect(headers.get("content-security-policy")).toMatch(
      /script-src 'self';.*base-uri 'none';.*frame-ancestors 'self'/,
    );
    expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
    expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
    const board = { authorization: `Basic ${Buffer.from(`admin:${adminPassword}`).toString("base64")}` };
    const queues = await headersOf("/admin/queues", board);
    expect(queues.get("cache-control")).toBe("no-store");
    expect(queues.get("content-security-policy")).toMatch(/frame-ancestors 'none'/);
    expect(queues.get("content-security-policy")).not.toMatch(/script-src|unsafe-eval/);
  });

  it("allow every page to embed the widget, and nothing else", async () => {
    for (const path of ["/widget.js", "/widget/any.js"]) {
      const headers = await headersOf(path, { origin: "https://anybody.example" });
      expect(headers.get("cross-origin-resource-policy")).toBe("cross-origin");
      expect(headers.get("access-control-allow-origin")).toBe("*");
    }
    expect((await headersOf("/api/assistants")).get("cross-origin-resource-policy")).toBe("same-origin");
  });

  it("of data and errors forbid caching", async () => {
    for (const path of ["/api/providers", "/api/nothing", "/nothing", "/api/jobs/x"]) {
      expect((await headersOf(path)).get("cache-control")).toBe("no-store");
    }
  });

  it("announce HSTS for TLS requests, as far as the proxy can be trusted", async () => {
    const tls = { "x-forwarded-proto": "https" };
    expect((await headersOf("/", tls)).get("strict-transport-security")).toBeNull();
    const behind = new ApiClient((await product().startApi({ TRUST_PROXY: "1" })).url);
    for (const path of ["/", "/api/providers"]) {
      expect((await headersOf(path, tls, behind)).get("strict-transport-security")).toBe("max-age=31536000");
      expect((await headersOf(path, {}, behind)).get("strict-transport-security")).toBeNull();
    }
  });

  it("of operators' pages are absent without an operator", async () => {
    const { url } = await product().startApi({
      NODE_ENV: "production",
      ADMIN_PASSWORD: "",
    });
    const client = new ApiClient(url);
    for (const path of ["/admin/queues", "/admin/queues/api/queues"]) {
      const answer = await client.request(path);
      expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([404, null]);
    }
  });
});
