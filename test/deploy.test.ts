import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { configKeys, readConfig } from "../shared/config.ts";
import { metricNames } from "./metric-names.ts";

const root = new URL("..", import.meta.url).pathname;
const read = (path: string) => readFileSync(join(root, path), "utf8");

interface Rule {
  alert: string;
  expr: string;
  annotations: { summary: string; runbook: string };
}

const rules = (parse(read("deploy/prometheus/alerts.yml")) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const sections = new Map(
  read("docs/runbook.md")
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.split("\n", 1)[0] ?? "", section]),
);

describe("the alerts", () => {
  it("are about metrics that there are", async () => {
    const known = await metricNames();
    for (const { alert, expr } of rules) {
      expect(metricsOf(expr), alert).not.toEqual([]);
      expect(
        metricsOf(expr).filter((name) => !known.has(name)),
        alert,
      ).toEqual([]);
    }
  });

  it("each have a section in the runbook, which says what it means, how to look, and what to do", () => {
    expect([...sections.keys()]).toEqual(expect.arrayContaining(rules.map(({ alert }) => alert)));
    for (const { alert, annotations } of rules) {
      const section = sections.get(alert) ?? "";
      for (const part of ["**Means:**", "**Look:**", "**Do:**"]) expect(section, alert).toContain(part);
      expect(annotations.runbook).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
    }
    expect([...sections.keys()].filter((name) => rules.every(({ alert }) => alert !== name))).toEqual([]);
  });
});

describe("the dashboard", () => {
  const { panels } = JSON.parse(read("deploy/grafana/dashboards/parley.json")) as {
    panels: { id: number; title: string; type: string; targets?: { expr: string }[] }[];
  };

  it("shows metrics that there are", async () => {
    const known = await metricNames();
    const shown = panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => metricsOf(expr)));
    expect(shown.length).toBeGreaterThan(20);
    expect(shown.filter((name) => !known.has(name))).toEqual([]);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });

  it("has the panels that the runbook names", () => {
    const titles = panels.map(({ title }) => title);
    const named = [...read("docs/runbook.md").matchAll(/(?<!\*)\*([A-Z][^*]+)\*(?!\*)/g)].map(([, name = ""]) =>
      name.replaceAll("\n", " "),
    );
    expect(named.length).toBeGreaterThan(10);
    const unknown = named.filter((name) => !titles.some((title) => title.startsWith(name)));
    expect(unknown).toEqual([]);
  });
});

interface Resource {
  kind: string;
  apiVersion: string;
  metadata?: { name: string; labels?: Record<string, string> };
  resources?: string[];
  spec?: Record<string, never>;
}

interface PodSpec {
  terminationGracePeriodSeconds?: number;
  containers: {
    name: string;
    image: string;
    command: string[];
    env?: { name: string; value: string }[];
    ports?: { name: string; containerPort: number }[];
    lifecycle?: { preStop: { exec: { command: string[] } } };
    [probe: `${string}Probe`]: { httpGet: { path: string; port: string } };
  }[];
}

describe("the manifests for Kubernetes", () => {
  const base = "deploy/k8s/base";
  const kustomization = parse(read(`${base}/kustomization.yaml`)) as {
    resources: string[];
    configMapGenerator: { name: string; envs: string[] }[];
  };
  const resources = kustomization.resources.flatMap((file) => readAll(join(base, file)));
  const pods = resources.flatMap((resource) => {
    const { template } = (resource.spec ?? {}) as { template?: { metadata: object; spec: PodSpec } };
    return template === undefined ? [] : [{ resource, template }];
  });
  const named = (kind: string) => resources.filter((each) => each.kind === kind).map(({ metadata }) => metadata?.name);

  it("are all in the kustomization, which is whole", () => {
    const files = readdirSync(join(root, base)).filter(
      (file) => file.endsWith(".yaml") && !file.startsWith("kustomization"),
    );
    expect(files.toSorted()).toEqual(kustomization.resources.toSorted());
    expect(named("Deployment")).toEqual(["parley-api", "parley-worker"]);
    expect(named("PodDisruptionBudget")).toEqual(named("Deployment"));
    expect(named("HorizontalPodAutoscaler")).toEqual(named("Deployment"));
    expect(named("Job")).toEqual(["parley-migrate"]);
  });

  it("start what there is, with keys that there are, and values that it takes", () => {
    const settings = { ...readEnv(`${base}/config.env`), ...readEnv(`${base}/secret.example.env`) };
    for (const { template } of pods) {
      for (const { command, env = [] } of template.spec.containers) {
        expect(command[0]).toBe("node");
        expect(read(command[1] ?? "")).not.toBe("");
        const all = { ...settings, ...Object.fromEntries(env.map(({ name, value }) => [name, value])) };
        expect(Object.keys(all).filter((key) => !configKeys.includes(key))).toEqual([]);
        expect(readConfig({ ...all, TOKEN_SECRET: "x".repeat(32) }).NODE_ENV).toBe("production");
      }
    }
    expect(pods).toHaveLength(3);
  });

  it("agree on labels, ports and names", () => {
    const labels = new Map(
      pods.map(({ resource, template }) => [resource.metadata?.name, labelsOf(template.metadata)]),
    );
    for (const { kind, metadata, spec } of resources) {
      const { selector, scaleTargetRef, ports } = (spec ?? {}) as {
        selector?: { matchLabels?: Record<string, string> };
        scaleTargetRef?: { name: string };
        ports?: { targetPort: string }[];
      };
      if (selector) {
        const wanted = selector.matchLabels ?? (selector as Record<string, string>);
        expect(labels.get(metadata?.name), `${kind} ${metadata?.name}`).toMatchObject(wanted);
      }
      if (scaleTargetRef) expect(named("Deployment")).toContain(scaleTargetRef.name);
      const opened = pods.find(({ resource }) => resource.metadata?.name === metadata?.name)?.template.spec.containers;
      for (const { targetPort } of ports ?? [])
        expect(opened?.[0]?.ports?.map(({ name }) => name)).toContain(targetPort);
    }
    for (const { template } of pods) {
      const [container] = template.spec.containers;
      const port =
        container?.env?.find(({ name }) => name === "WORKER_PORT")?.value ?? readEnv(`${base}/config.env`)["PORT"];
      for (const { containerPort } of container?.ports ?? []) expect(String(containerPort)).toBe(port);
      for (const [key, value] of Object.entries(container ?? {})) {
        if (!key.endsWith("Probe")) continue;
        const { httpGet } = value as { httpGet: { path: string; port: string } };
        expect(container?.ports?.map(({ name }) => name)).toContain(httpGet.port);
        expect(["/livez", "/readyz"]).toContain(httpGet.path);
      }
    }
  });

  it("grant what an ordered end takes", () => {
    const grace = (name: string) =>
      pods.find(({ resource }) => resource.metadata?.name === name)?.template.spec.terminationGracePeriodSeconds;
    // `closeDeadlineMs` of shared/start-process.ts is 25 s; an api waits 5 s before that.
    expect(grace("parley-worker")).toBeGreaterThanOrEqual(30);
    expect(grace("parley-api")).toBeGreaterThanOrEqual(30);
  });

  it("scale workers by metrics that there are", async () => {
    const [scaled] = readAll("deploy/k8s/components/keda/worker-scaling.yaml");
    const { scaleTargetRef, triggers } = (scaled?.spec ?? {}) as {
      scaleTargetRef?: { name: string };
      triggers?: { metadata: { query: string } }[];
    };
    expect(named("Deployment")).toContain(scaleTargetRef?.name);
    const known = await metricNames();
    for (const { metadata } of triggers ?? []) {
      expect(
        metricsOf(metadata.query).every((name) => known.has(name)),
        metadata.query,
      ).toBe(true);
    }
    expect(triggers).toHaveLength(2);
  });
});

describe("docker-compose.yml", () => {
  const { services } = parse(read("docker-compose.yml"), { merge: true }) as {
    services: Record<
      string,
      {
        command?: string[];
        environment?: Record<string, string>;
        depends_on?: Record<string, { condition: string }>;
        deploy?: { resources: { limits: { memory: string } } };
        volumes?: string[];
      }
    >;
  };
  const own = ["api", "worker", "migrate"];

  it("starts what there is, with keys that there are", () => {
    for (const name of own) {
      const { command = [], environment = {} } = services[name] ?? {};
      expect(read(command[1] ?? "")).not.toBe("");
      expect(Object.keys(environment).filter((key) => !configKeys.includes(key))).toEqual([]);
    }
    expect(services["worker"]?.environment?.["WORKER_PORT"]).toBe("3001");
    expect(services["api"]?.environment?.["WORKER_PORT"]).toBe("");
  });

  it("limits everything, and starts it once what it needs is healthy", () => {
    for (const [name, { deploy }] of Object.entries(services)) {
      expect(deploy?.resources.limits.memory, name).toMatch(/^\d+[MG]$/);
    }
    for (const name of ["api", "worker"]) {
      expect(services[name]?.depends_on).toEqual({
        migrate: { condition: "service_completed_successfully" },
        postgres: { condition: "service_healthy" },
        redis: { condition: "service_healthy" },
      });
    }
  });

  it("mounts what there is", () => {
    const mounted = Object.values(services).flatMap(({ volumes = [] }) =>
      volumes.filter((each) => each.startsWith(".")),
    );
    expect(mounted).toHaveLength(3);
    for (const mount of mounted) expect(readdirSync(join(root, mount.split(":")[0] ?? ""))).not.toEqual([]);
  });
});

describe("the Procfile", () => {
  it("names scripts that there are", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const lines = read("Procfile").trim().split("\n");
    const started = lines.map((line) => /^\w+: npm run (\w+)$/.exec(line)?.[1] ?? line);
    expect(started).toEqual(["api", "worker", "migrate"]);
    for (const name of started) expect(scripts).toHaveProperty([name]);
  });
});

describe("every YAML file of deploy/", () => {
  const files = readdirSync(join(root, "deploy"), { recursive: true, encoding: "utf8" }).filter((file) =>
    /\.ya?ml$/.test(file),
  );
  it.each(files)("%s can be read", (file) => {
    expect(readAll(join("deploy", file)).length).toBeGreaterThan(0);
  });
  it("is one of those that are looked at here", () => {
    expect(files.map((file) => basename(file))).toEqual(expect.arrayContaining(["alerts.yml", "kustomization.yaml"]));
  });
});

/** Those of an expression, a histogram's by its own name. */
function metricsOf(expr: string): string[] {
  const names = expr.match(/\b(?:parley|process|nodejs)_[a-z_]+\b(?!["}])/g) ?? [];
  return [...names.map((name) => name.replace(/_(bucket|sum|count)$/, "")), ...(/\bup\{/.test(expr) ? ["up"] : [])];
}

function readAll(path: string): Resource[] {
  return parseAllDocuments(read(path)).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Resource;
  });
}

function readEnv(path: string): Record<string, string> {
  const lines = read(path).trim().split("\n");
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

function labelsOf(metadata: object): Record<string, string> {
  return "labels" in metadata ? (metadata.labels as Record<string, string>) : {};
}
