import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Redis } from "ioredis";
import { describe, expect, it, onTestFinished } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import {
  configKeys,
  readApiConfig,
  readDatabaseConfig,
  readKnowledgeConfig,
  readWorkerConfig,
} from "../shared/config/config.ts";
import { secretsOf } from "../shared/config/config-secrets.ts";
import { redisAvailable, startRedis } from "../shared/testing/stores/redis.ts";
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
  it("use only metrics that exist", async () => {
    const known = await metricNames();
    for (const { alert, expr } of rules) {
      expect(metricsOf(expr), alert).not.toEqual([]);
      expect(
        metricsOf(expr).filter((name) => !known.has(name)),
        alert,
      ).toEqual([]);
    }
  });

  it("each have a section in the runbook with its meaning, how to look, and what to do", () => {
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

  it("uses only metrics that exist", async () => {
    const known = await metricNames();
    const shown = panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => metricsOf(expr)));
    expect(shown.length).toBeGreaterThan(20);
    expect(shown.filter((name) => !known.has(name))).toEqual([]);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });

  it("has the panels named in the runbook", () => {
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
  automountServiceAccountToken: boolean;
  securityContext: object;
  volumes: { name: string; emptyDir?: { sizeLimit?: string } }[];
  containers: {
    name: string;
    image: string;
    command: string[];
    env?: { name: string; value: string }[];
    envFrom?: { configMapRef?: { name: string }; secretRef?: { name: string } }[];
    securityContext: object;
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

  it("are all listed in the kustomization, which is complete", () => {
    const files = readdirSync(join(root, base)).filter(
      (file) => file.endsWith(".yaml") && !file.startsWith("kustomization"),
    );
    expect(files.toSorted()).toEqual(kustomization.resources.toSorted());
    expect(named("Deployment")).toEqual(["parley-api", "parley-worker", "parley-knowledge"]);
    expect(named("PodDisruptionBudget")).toEqual(named("Deployment"));
    // Processes that read sources wait for other sites, and share them between them.
    expect(named("HorizontalPodAutoscaler")).toEqual(["parley-api", "parley-worker"]);
    expect(named("Job")).toEqual(["parley-migrate"]);
  });

  /** Environment that a container's process finds. */
  const environmentOf = ({ env = [], envFrom = [] }: PodSpec["containers"][number]) =>
    Object.assign(
      {},
      ...envFrom.map(({ configMapRef, secretRef }) => {
        if (configMapRef) return readEnv(`${base}/config.env`);
        return readEnv(`${base}/${secretRef?.name.replace("parley-", "secret-")}.example.env`);
      }),
      Object.fromEntries(env.map(({ name, value }) => [name, value])),
    ) as Record<string, string>;
  const readers = {
    api: readApiConfig,
    worker: readWorkerConfig,
    knowledge: readKnowledgeConfig,
    migrate: readDatabaseConfig,
  };
  const containers = pods.flatMap(({ template }) => template.spec.containers);

  it("run commands that exist, with settings that exist and valid values", () => {
    for (const container of containers) {
      expect(container.command[0]).toBe("node");
      expect(read(container.command[1] ?? "")).not.toBe("");
      const env = environmentOf(container);
      expect(Object.keys(env).filter((key) => !configKeys.includes(key))).toEqual([]);
      expect(env["NODE_ENV"]).toBe("production");
      const secret = container.name === "api" ? { TOKEN_SECRET: "x".repeat(32) } : {};
      expect(readers[container.name as keyof typeof readers]({ ...env, ...secret }).DATABASE_URL).toMatch(/^postgres:/);
    }
    expect(containers.map(({ name }) => name).toSorted()).toEqual(["api", "knowledge", "migrate", "worker"]);
  });

  it("give each part the secrets it needs, and no others", () => {
    for (const container of containers) {
      const keys = Object.keys(environmentOf(container));
      if (container.name === "migrate") expect(keys.toSorted()).toEqual(["DATABASE_URL", "NODE_ENV"]);
      if (container.name !== "api") expect(keys.filter((key) => isOneOf(secretsOf.api, key))).toEqual([]);
      if (container.name !== "worker") expect(keys.filter((key) => isOneOf(secretsOf.worker, key))).toEqual([]);
      if (container.name === "knowledge") expect(keys.filter((key) => isOneOf(secretsOf.both, key))).toEqual([]);
    }
    const [api] = containers.filter(({ name }) => name === "api");
    const [worker] = containers.filter(({ name }) => name === "worker");
    const ofApi = [...secretsOf.api, ...secretsOf.both];
    expect(Object.keys(api ? environmentOf(api) : {})).toEqual(expect.arrayContaining(ofApi));
    expect(Object.keys(worker ? environmentOf(worker) : {})).toEqual(expect.arrayContaining([...secretsOf.both]));
    for (const file of readdirSync(join(root, base)).filter((name) => name.startsWith("secret-"))) {
      for (const value of Object.values(readEnv(join(base, file)))) expect(value).toMatch(/^$|:PASSWORD@/);
    }
  });

  it("meet the namespace's security level, and limit their resources", () => {
    const [namespace] = resources.filter(({ kind }) => kind === "Namespace");
    expect(namespace?.metadata?.labels).toMatchObject({ "pod-security.kubernetes.io/enforce": "restricted" });
    for (const { template } of pods) {
      const { automountServiceAccountToken, securityContext, volumes, containers: inPod } = template.spec;
      expect(automountServiceAccountToken).toBe(false);
      expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
      for (const { emptyDir } of volumes) expect(emptyDir?.sizeLimit).toMatch(/^\d+Mi$/);
      for (const container of inPod) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
      }
    }
  });

  it("allow traffic to existing ports only: visitors to the api, monitoring to the other parts", () => {
    const policies = resources
      .filter(({ kind }) => kind === "NetworkPolicy")
      .map(({ spec = {} }) => spec as Partial<NetworkPolicySpec>);
    const deny = policies.find(({ ingress, egress }) => ingress === undefined && egress === undefined);
    expect(deny).toEqual({
      podSelector: { matchLabels: { "app.kubernetes.io/name": "parley" } },
      policyTypes: ["Ingress", "Egress"],
    });
    expect(read(`${base}/kustomization.yaml`)).toContain("app.kubernetes.io/name: parley\n    includeTemplates: true");
    const open: string[] = [];
    for (const { podSelector, ingress = [], egress = [] } of policies) {
      const component = podSelector?.matchLabels["app.kubernetes.io/component"];
      const own = containers.find(({ name }) => name === component)?.ports?.map(({ name }) => name) ?? [];
      for (const { from, ports } of ingress) {
        expect(own).toEqual(expect.arrayContaining(ports.map(({ port }) => port)));
        if (from === undefined) open.push(...ports.map(({ port }) => `${component} ${port}`));
      }
      for (const { to = [] } of egress) {
        for (const { ipBlock } of to) expect(ipBlock.except).not.toEqual([]);
      }
    }
    expect(open).toEqual(["api http"]);
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
      const env = container === undefined ? {} : environmentOf(container);
      const keys: Record<string, string> = { http: "PORT", admin: "ADMIN_PORT", health: "WORKER_PORT" };
      for (const { name, containerPort } of container?.ports ?? []) {
        expect(String(containerPort), name).toBe(env[keys[name] ?? ""]);
      }
      const { annotations } = template.metadata as { annotations?: Record<string, string> };
      const scraped = annotations?.["prometheus.io/port"];
      if (scraped !== undefined) expect([env["ADMIN_PORT"], env["WORKER_PORT"]]).toContain(scraped);
      for (const [key, value] of Object.entries(container ?? {})) {
        if (!key.endsWith("Probe")) continue;
        const { httpGet } = value as { httpGet: { path: string; port: string } };
        expect(container?.ports?.map(({ name }) => name)).toContain(httpGet.port);
        expect(["/livez", "/readyz"]).toContain(httpGet.path);
      }
    }
  });

  it("give processes enough time for a graceful shutdown", () => {
    const grace = (name: string) =>
      pods.find(({ resource }) => resource.metadata?.name === name)?.template.spec.terminationGracePeriodSeconds;
    // `closeDeadlineMs` of shared/process/start-process.ts is 25 s; an api waits 5 s before that.
    expect(grace("parley-worker")).toBeGreaterThanOrEqual(30);
    expect(grace("parley-api")).toBeGreaterThanOrEqual(30);
  });

  it("scale workers by metrics that exist", async () => {
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
  /** As Compose fills in each value; one that is wanted and absent is an error there, too. */
  const fill = (text: string, env: Record<string, string>) =>
    text.replaceAll(/\$\{(\w+):([-?])([^}]*)\}/g, (_, key: string, mark: string, rest: string) => {
      const value = env[key] ?? "";
      if (value === "" && mark === "?") throw new Error(`${key} is wanted: ${rest}`);
      return value === "" ? rest : value;
    });
  const passwords = {
    POSTGRES_PASSWORD: "p1",
    REDIS_PASSWORD: "r1",
    TOKEN_SECRET: "t".repeat(32),
    ADMIN_PASSWORD: "an admin password",
  };
  const readServices = (env: Record<string, string>) =>
    (
      parse(read("docker-compose.yml"), (_, value: unknown) => (typeof value === "string" ? fill(value, env) : value), {
        merge: true,
      }) as { services: Record<string, ComposeService> }
    ).services;
  const services = readServices(passwords);
  const own = ["api", "worker", "migrate", "knowledge"];

  it("runs commands that exist, with settings that exist", () => {
    for (const name of own) {
      const { command = [], environment = {} } = services[name] ?? {};
      expect(read(command[1] ?? "")).not.toBe("");
      expect(Object.keys(environment).filter((key) => !configKeys.includes(key))).toEqual([]);
    }
    expect(services["worker"]?.environment?.["WORKER_PORT"]).toBe("3001");
    expect(services["api"]?.environment?.["WORKER_PORT"]).toBe("");
  });

  it("gives each part the secrets it needs and no others, and every setting to a part that uses it", () => {
    const [api, worker, migrate, knowledge] = own.map((name) => services[name]?.environment ?? {});
    expect(Object.keys(migrate ?? {}).toSorted()).toEqual(["DATABASE_URL", "NODE_ENV"]);
    expect(Object.keys(api ?? {})).toEqual(expect.arrayContaining([...secretsOf.api, ...secretsOf.both]));
    expect(Object.keys(worker ?? {})).toEqual(expect.arrayContaining([...secretsOf.worker, ...secretsOf.both]));
    expect(Object.keys(api ?? {}).filter((key) => isOneOf(secretsOf.worker, key))).toEqual([]);
    expect(Object.keys(worker ?? {}).filter((key) => isOneOf(secretsOf.api, key))).toEqual([]);
    const secrets = [...secretsOf.api, ...secretsOf.worker, ...secretsOf.both];
    expect(Object.keys(knowledge ?? {}).filter((key) => isOneOf(secrets, key))).toEqual([]);
    for (const name of own) expect(services[name]).not.toHaveProperty("env_file");
    // Keys that are left are for another way to start Parley, for development alone, or decided here.
    const notHere = ["DEMO_SHOP_URL", "DATABASE_POOLER"];
    const given = new Set([api, worker, knowledge].flatMap((environment) => Object.keys(environment ?? {})));
    expect(configKeys.filter((key) => !given.has(key))).toEqual(notHere);
    expect(readApiConfig(api).ADMIN_PORT).toBe(3003);
    expect(readWorkerConfig(worker).REDIS_URL).toBe("redis://:r1@redis:6379");
    expect(readKnowledgeConfig(knowledge).REDIS_URL).toBe("redis://:r1@redis:6379");
    expect(readDatabaseConfig(migrate).DATABASE_URL).toBe("postgres://parley:p1@postgres:5432/parley");
  });

  it.each(Object.keys(passwords))("requires a value for %s", (key) => {
    expect(() => readServices({ ...passwords, [key]: "" })).toThrow(`${key} is wanted`);
  });

  it("contains no password, and publishes operators' ports on this machine only", () => {
    expect(read("docker-compose.yml")).not.toMatch(/PASSWORD:-[^}]|SECRET:-[^}]|TOKEN:-[^}]/);
    expect(services["grafana"]?.environment).toEqual({
      GF_SECURITY_ADMIN_PASSWORD__FILE: "/run/secrets/grafana_password",
    });
    expect(services["grafana"]?.entrypoint?.join(" ")).toContain("test -s /run/secrets/grafana_password ||");
    const published = Object.values(services).flatMap(({ ports = [] }) => ports);
    expect(published).toEqual(["3000:3000", "127.0.0.1:3003:3003", "127.0.0.1:3002:3000"]);
  });

  it("uses images by digest where one is given", () => {
    const digest = (name: string) => `${name}@sha256:${"0".repeat(64)}`;
    const images = ["POSTGRES", "REDIS", "PROMETHEUS", "GRAFANA"].map((name) => [`${name}_IMAGE`, digest(name)]);
    const pinned = readServices({ ...passwords, ...(Object.fromEntries(images) as Record<string, string>) });
    for (const [name, { image }] of Object.entries(pinned)) {
      expect(image, name).toMatch(own.includes(name) ? /^parley$/ : /^[A-Z]+@sha256:/);
    }
    const built = readServices({ ...passwords, NODE_IMAGE: digest("node"), DEBIAN_IMAGE: digest("debian") })["migrate"];
    expect(built?.build?.args).toEqual({ NODE_IMAGE: digest("node"), DEBIAN_IMAGE: digest("debian") });
    const dockerfile = read("Dockerfile");
    const stages = [...dockerfile.matchAll(/^FROM \S+ AS (\w+)$/gm)].map(([, stage]) => stage);
    for (const [, from = ""] of dockerfile.matchAll(/^FROM (\S+)/gm)) {
      expect(["${NODE_IMAGE}", "${DEBIAN_IMAGE}", ...stages]).toContain(from);
    }
    for (const arg of Object.keys(built?.build?.args ?? {}))
      expect(dockerfile).toMatch(new RegExp(`^ARG ${arg}=\\w`, "m"));
  });

  describe.skipIf(!redisAvailable)("its Redis", () => {
    it("requires its password, never evicts data, and refuses other clients", async () => {
      const [, ...args] = services["redis"]?.command ?? [];
      const settings = Object.fromEntries(
        args.flatMap((arg, index) => (arg.startsWith("--") ? [[arg.slice(2), args[index + 1] ?? ""]] : [])),
      ) as Record<string, string>;
      await using redis = await startRedis({ settings: () => settings });
      const url = (services["api"]?.environment?.["REDIS_URL"] ?? "").replace("redis:6379", `127.0.0.1:${redis.port}`);
      const [known, stranger] = [new Redis(url), new Redis(redis.url)];
      stranger.on("error", () => undefined);
      onTestFinished(() => [known, stranger].forEach((client) => client.disconnect()));
      expect(await known.ping()).toBe("PONG");
      expect(await known.config("GET", "maxmemory-policy")).toEqual(["maxmemory-policy", "noeviction"]);
      await expect(stranger.ping()).rejects.toThrow("NOAUTH");
    });
  });

  it("limits the resources of every service, and starts each one after its dependencies are healthy", () => {
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

  it("mounts files that exist", () => {
    const mounted = Object.values(services).flatMap(({ volumes = [] }) =>
      volumes.filter((each) => each.startsWith(".")),
    );
    expect(mounted).toHaveLength(3);
    for (const mount of mounted) expect(readdirSync(join(root, mount.split(":")[0] ?? ""))).not.toEqual([]);
  });
});

describe("the Procfile", () => {
  it("names npm scripts that exist", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const lines = read("Procfile").trim().split("\n");
    const started = lines.map((line) => /^\w+: npm run ([\w-]+)$/.exec(line)?.[1] ?? line);
    expect(started).toEqual(["api", "worker", "knowledge-worker", "migrate"]);
    for (const name of started) expect(scripts).toHaveProperty([name]);
  });
});

describe("the YAML files of deploy/", () => {
  const files = readdirSync(join(root, "deploy"), { recursive: true, encoding: "utf8" }).filter((file) =>
    /\.ya?ml$/.test(file),
  );
  it.each(files)("%s can be parsed", (file) => {
    expect(readAll(join("deploy", file)).length).toBeGreaterThan(0);
  });
  it("include the ones tested here", () => {
    expect(files.map((file) => basename(file))).toEqual(expect.arrayContaining(["alerts.yml", "kustomization.yaml"]));
  });
});

interface NetworkPolicySpec {
  podSelector: { matchLabels: Record<string, string> };
  policyTypes: string[];
  ingress?: { from?: object[]; ports: { port: string | number }[] }[];
  egress?: { to?: { ipBlock: { cidr: string; except: string[] } }[]; ports: { port: string | number }[] }[];
}

interface ComposeService {
  image?: string;
  build?: { args: Record<string, string> };
  entrypoint?: string[];
  command?: string[];
  environment?: Record<string, string>;
  ports?: string[];
  depends_on?: Record<string, { condition: string }>;
  deploy?: { resources: { limits: { memory: string } } };
  volumes?: string[];
}

function isOneOf(keys: readonly string[], key: string): boolean {
  return keys.includes(key);
}

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
