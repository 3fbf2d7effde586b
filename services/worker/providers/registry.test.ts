import { describe, expect, it } from "vitest";
import { readConfig } from "../../../shared/config/config.ts";
import { describeProviders } from "../../../shared/assistants/provider-catalog.ts";
import { loadProviders } from "./registry.ts";

const environment = { DATABASE_URL: "postgres://localhost/parley" };

describe("providers of a process", () => {
  it("are the presets alone when nothing is configured", async () => {
    expect([...(await loadProviders(readConfig(environment))).keys()]).toEqual(["preset"]);
  });

  it("are those the API lists as available, each under its own name", async () => {
    const config = readConfig({ ...environment, COMPATIBLE_BASE_URL: "http://localhost:11434/v1" });
    const providers = await loadProviders(config);
    const available = describeProviders(config).filter((provider) => provider.available);
    expect([...providers.keys()]).toEqual(available.map(({ name }) => name));
    for (const [name, provider] of providers) expect(provider.name).toBe(name);
  });
});
