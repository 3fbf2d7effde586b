import { describe, expect, it } from "vitest";
import {
  childEnvironment,
  type Config,
  ConfigError,
  readApiConfig,
  readConfig,
  readDatabaseConfig,
  readEnvironment,
  readStoresEnvironment,
  readValidEnvironment,
  readWorkerConfig,
} from "./config.ts";
import { describeProviders } from "../assistants/provider-catalog.ts";

const enough = { DATABASE_URL: "postgres://u:p@localhost:5432/parley" };

/** Message that a faulty environment is answered with. */
function faultOf(env: NodeJS.ProcessEnv, read: (env: NodeJS.ProcessEnv) => unknown = readConfig): string {
  try {
    read(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error("the environment was accepted");
}

describe("environment", () => {
  it("rejects one port for two servers", () => {
    const clashes = [
      { ADMIN_PORT: "3000" },
      { PORT: "4000", ADMIN_PORT: "4000" },
      { ADMIN_PORT: "3001", WORKER_PORT: "3001" },
    ];
    for (const ports of clashes) {
      expect(faultOf({ ...enough, ...ports })).toContain("ADMIN_PORT: expected another port than PORT and WORKER_PORT");
    }
    expect(readConfig({ ...enough, ADMIN_PORT: "3002", WORKER_PORT: "3001" }).ADMIN_PORT).toBe(3002);
  });

  it("reads ranges and ports for fetching, and refuses what is none", () => {
    const config = readConfig({ ...enough, FETCH_ALLOW_PRIVATE: "10.0.0.0/8, fd00::/8", FETCH_PORTS: "8080, 8443" });
    expect(config.FETCH_ALLOW_PRIVATE).toEqual(["10.0.0.0/8", "fd00::/8"]);
    expect(config.FETCH_PORTS).toEqual([8080, 8443]);
    for (const text of ["10.0.0.1", "localhost/8", "0.0.0.0/0", "10.0.0.0/8;::1/128"]) {
      expect(faultOf({ ...enough, FETCH_ALLOW_PRIVATE: text })).toContain("FETCH_ALLOW_PRIVATE: expected ranges like");
    }
    for (const text of ["0", "65536", "http", "80-90"]) {
      expect(faultOf({ ...enough, FETCH_PORTS: text })).toContain("FETCH_PORTS: expected ports from 1 to 65535");
    }
    expect(faultOf({ ...enough, FETCH_PROXY: "socks5://127.0.0.1:1080" })).toContain("FETCH_PROXY: expected a URL");
  });

  it("requires a sender and an address of the service with a mail server, which only workers know", () => {
    const mail = { SMTP_URL: "smtps://user:secret@smtp.example.com", MAIL_FROM: "Shop <chat@example.com>" };
    const env = { ...enough, ...mail, PUBLIC_URL: "https://chat.example.com" };
    expect(readWorkerConfig(env)).toMatchObject(mail);
    expect(readApiConfig(env).SMTP_URL).toBeUndefined();
    const fault = faultOf({ ...enough, SMTP_URL: mail.SMTP_URL }, readWorkerConfig);
    expect(fault).toContain("MAIL_FROM: not set, expected with SMTP_URL");
    expect(fault).toContain("PUBLIC_URL: not set, expected with SMTP_URL");
    for (const MAIL_FROM of ["chat", "a@b@c", "Shop <chat@example.com", "a@example.com, b@example.com", "x\n<a@b.c>"]) {
      expect(faultOf({ ...env, MAIL_FROM }, readWorkerConfig)).toContain("MAIL_FROM: expected an address like");
    }
    expect(faultOf({ ...env, SMTP_URL: "http://smtp.example.com" }, readWorkerConfig)).toContain("SMTP_URL: expected");
  });

  it("requires only a database", () => {
    expect(readConfig(enough)).toMatchObject({
      DATABASE_URL: enough.DATABASE_URL,
      PORT: 3000,
      NODE_ENV: "development",
      LOG_LEVEL: "info",
      TRUST_PROXY: false,
      RATE_LIMIT_WINDOW_MS: 900_000,
      RATE_LIMIT_MAX_REQUESTS: 100,
      RATE_LIMIT_MAX_READS: 3000,
      MAX_ACTIONS_PER_VISITOR: 50,
      MAX_ACTIONS_PER_ASSISTANT: 10_000,
      CONVERSATION_ACCESS: "token",
      IDENTITY: "optional",
      WORKER_CONCURRENCY: 50,
      MAX_MESSAGE_CHARS: 4000,
      MAX_BACKLOG: 10_000,
      JOB_DEADLINE_MS: 120_000,
    });
    expect(readConfig(enough).REDIS_URL).toBeUndefined();
  });

  it("requires nothing where PostgreSQL is embedded", () => {
    expect(readEnvironment({}).DATABASE_URL).toBeUndefined();
  });

  it("treats an empty value as unset", () => {
    expect(readConfig({ ...enough, PORT: "", REDIS_URL: "", NODE_ENV: "" })).toEqual(readConfig(enough));
    expect(faultOf({ DATABASE_URL: "" })).toContain("DATABASE_URL");
    expect(faultOf({ ...enough, NODE_ENV: "production", TOKEN_SECRET: "" })).toContain("TOKEN_SECRET");
  });

  it("ignores variables that are not settings", () => {
    expect(readConfig({ ...enough, PATH: "/bin", SOMETHING: "else" })).toEqual(readConfig(enough));
  });

  it("parses numbers and lists", () => {
    const config = readConfig({
      ...enough,
      PORT: "8080",
      MAX_BACKLOG: "5",
      ALLOWED_ORIGINS: " https://a.example , http://localhost:5173,,capacitor://localhost",
    });
    expect(config).toMatchObject({
      PORT: 8080,
      MAX_BACKLOG: 5,
      ALLOWED_ORIGINS: ["https://a.example", "http://localhost:5173", "capacitor://localhost"],
    });
  });

  it.each([
    ["true", true],
    ["false", false],
    ["2", 2],
    ["loopback, 10.0.0.0/8, fd00::/8, 192.168.1.1", "loopback, 10.0.0.0/8, fd00::/8, 192.168.1.1"],
  ])("reads TRUST_PROXY %s as Express wants it", (text, expected) => {
    expect(readConfig({ ...enough, TRUST_PROXY: text }).TRUST_PROXY).toBe(expected);
  });

  it.each([
    ["PORT", "0"],
    ["PORT", "65536"],
    ["PORT", "80a"],
    ["PORT", " 80"],
    ["PORT", "1e3"],
    ["PORT", "-1"],
    ["NODE_ENV", "staging"],
    ["LOG_LEVEL", "loud"],
    ["DATABASE_URL", "mysql://u:p@h/d"],
    ["DATABASE_URL", "postgres//u:p@h/d"],
    ["OPENAI_BASE_URL", "https://user:a-key@api.openai.com/v1"],
    ["ANTHROPIC_BASE_URL", "https://a-key@api.anthropic.com"],
    ["COMPATIBLE_BASE_URL", "http://:a-key@localhost:11434/v1"],
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:a-key@localhost:4318"],
    ["HTTPS_PROXY", "socks5://localhost:1080"],
    ["REDIS_URL", "http://h:6379"],
    ["REDIS_URL", "redis+sentinel://h:26379"],
    ["ALLOWED_ORIGINS", "https://a.example/"],
    ["ALLOWED_ORIGINS", "https://a.example,b.example"],
    ["ALLOWED_ORIGINS", "*"],
    ["ALLOWED_ORIGINS", "https://*"],
    ["ALLOWED_ORIGINS", "https://*.com"],
    ["ALLOWED_ORIGINS", "https://*.com:443"],
    ["ALLOWED_ORIGINS", "https://*.localhostage"],
    ["ALLOWED_ORIGINS", "https://www.*.example.com"],
    ["ALLOWED_ORIGINS", "https://*example.com"],
    ["ALLOWED_ORIGINS", "https://user@a.example"],
    ["ALLOWED_ORIGINS", "https://a.example:port"],
    ["RATE_LIMIT_WINDOW_MS", "999"],
    ["RATE_LIMIT_MAX_REQUESTS", "0"],
    ["TRUST_PROXY", "yes"],
    ["TRUST_PROXY", "10.0.0.0/33"],
    ["TRUST_PROXY", "10.0.0.0/8/8"],
    ["METRICS_TOKEN", "short"],
    ["ADMIN_PORT", "0"],
    ["ADMIN_QUEUE_ACTIONS", "some"],
    ["TOKEN_SECRET", "short"],
    ["TOKEN_SECRET", `${"x".repeat(32)},short`],
    ["TOKEN_SECRET", ","],
    ["IDENTITY_SECRET", "short"],
    ["IDENTITY", "maybe"],
    ["IDENTITY", "required"],
    ["CHALLENGE_URL", "https://verifier.example"],
    ["CHALLENGE_SECRET", "secret"],
    ["ADMIN_USER", "a:b"],
    ["ADMIN_READ_PASSWORD", "short"],
    ["CONVERSATION_ACCESS", "closed"],
    ["ADMIN_PASSWORD", "short"],
    ["WORKER_CONCURRENCY", "0"],
    ["MAX_MESSAGE_CHARS", "20001"],
    ["JOB_DEADLINE_MS", "999"],
  ])("refuses %s=%s, naming the key and what was expected", (key, value) => {
    const message = faultOf({ ...enough, [key]: value });
    expect(message).toMatch(new RegExp(`^The environment has 1 fault\\(s\\):\n  ${key}: .*[Ee]xpected`));
  });

  it("accepts several signing secrets, for rotation", () => {
    const [old, next] = ["o".repeat(32), "n".repeat(32)];
    const config = readConfig({ ...enough, TOKEN_SECRET: `${next}, ${old}`, IDENTITY_SECRET: "i".repeat(32) });
    expect(config).toMatchObject({ TOKEN_SECRET: [next, old], IDENTITY_SECRET: ["i".repeat(32)] });
    const shared = faultOf({ ...enough, TOKEN_SECRET: `${next},${old}`, IDENTITY_SECRET: old });
    expect(shared).toMatch(/IDENTITY_SECRET: expected another secret than TOKEN_SECRET/);
  });

  it("rejects required identities with open conversation access", () => {
    const env = { ...enough, IDENTITY: "required", IDENTITY_SECRET: "i".repeat(32) };
    expect(readConfig(env).IDENTITY).toBe("required");
    expect(faultOf({ ...env, CONVERSATION_ACCESS: "open" })).toContain("IDENTITY: required");
  });

  it("normalises origins as browsers do", () => {
    const text = "HTTPS://A.Example:443,http://b.example:80,https://*.Shop.example:8443,https://bücher.example";
    expect(readConfig({ ...enough, ALLOWED_ORIGINS: `${text},http://*.localhost:3000` }).ALLOWED_ORIGINS).toEqual([
      "https://a.example",
      "http://b.example",
      "https://*.shop.example:8443",
      "https://xn--bcher-kva.example",
      "http://*.localhost:3000",
    ]);
  });

  it.each(["OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "COMPATIBLE_BASE_URL", "CHALLENGE_URL"])(
    "refuses a user and a password in %s, and does not tell them",
    (key) => {
      const url = "https://someone:s3cret@example.com/v1";
      const read = () => readConfig({ DATABASE_URL: "postgres://localhost/parley", CHALLENGE_SECRET: "x", [key]: url });
      expect(read).toThrow(`${key}: expected a URL without user:password@`);
      expect(read).not.toThrow("s3cret");
    },
  );

  it("reports every fault at once, missing settings included", () => {
    const message = faultOf({ PORT: "no", REDIS_URL: "no", NODE_ENV: "production", MAX_BACKLOG: "-1" });
    const keys = message
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(":")[0]);
    expect(keys).toEqual(["PORT", "REDIS_URL", "MAX_BACKLOG", "TOKEN_SECRET", "DATABASE_URL"]);
    expect(message).toContain("5 fault(s)");
  });

  it("prints no secret", () => {
    const message = faultOf({
      DATABASE_URL: "mysql://admin:hunter2@db/parley",
      REDIS_URL: "https://:hunter2@redis",
      TOKEN_SECRET: "hunter2",
      ADMIN_PASSWORD: "hunter",
      IDENTITY_SECRET: "hunter2",
      CHALLENGE_SECRET: "hunter2",
      LOG_LEVEL: "hunter2",
    });
    expect(message).not.toContain("hunter");
  });

  it("requires a token secret in production only", () => {
    const production = { ...enough, NODE_ENV: "production" };
    expect(faultOf(production)).toContain("TOKEN_SECRET");
    expect(faultOf(production, readEnvironment)).toContain("TOKEN_SECRET");
    expect(readConfig({ ...production, TOKEN_SECRET: "x".repeat(32) }).TOKEN_SECRET).toEqual(["x".repeat(32)]);
    expect(readConfig({ ...enough, NODE_ENV: "test" }).TOKEN_SECRET).toBeUndefined();
  });

  it("takes a demo shop on this machine alone, and none in production", () => {
    const demo = { ...enough, DEMO_SHOP_URL: "http://127.0.0.1:4000" };
    expect(readWorkerConfig(demo)).toMatchObject(demo);
    for (const url of [
      "http://10.0.0.1:4000",
      "http://127.0.0.1",
      "http://127.0.0.1:4000/",
      "https://127.0.0.1:4000",
    ]) {
      expect(faultOf({ ...demo, DEMO_SHOP_URL: url })).toContain("DEMO_SHOP_URL");
    }
    const production = { ...demo, NODE_ENV: "production", TOKEN_SECRET: "x".repeat(32) };
    for (const read of [readConfig, readApiConfig, readWorkerConfig, readEnvironment]) {
      expect(faultOf(production, read)).toContain("refused in production");
    }
  });
});

describe("process of the product", () => {
  const production = { ...enough, NODE_ENV: "production" };
  const ofApi = {
    TOKEN_SECRET: "t".repeat(32),
    IDENTITY_SECRET: "i".repeat(32),
    CHALLENGE_SECRET: "a challenge secret",
    ADMIN_PASSWORD: "an admin password",
    ADMIN_READ_PASSWORD: "a read password",
  };
  const ofWorkers = {
    OPENAI_API_KEY: "sk-1",
    ANTHROPIC_API_KEY: "sk-2",
    CLAUDE_API_KEY: "sk-3",
    COMPATIBLE_API_KEY: "sk-4",
  };

  it("starts with the secrets it needs", () => {
    expect(readWorkerConfig({ ...production, ...ofWorkers })).toMatchObject(ofWorkers);
    expect(readApiConfig({ ...production, TOKEN_SECRET: ofApi.TOKEN_SECRET }).TOKEN_SECRET).toEqual([
      ofApi.TOKEN_SECRET,
    ]);
    expect(faultOf(production, readApiConfig)).toContain("TOKEN_SECRET: required in production");
    expect(readDatabaseConfig(production)).toMatchObject({ DATABASE_URL: enough.DATABASE_URL });
    expect(readStoresEnvironment({ ...production, REDIS_URL: "redis://localhost" })).toMatchObject(enough);
    // Settings that all parts share ask a worker for no secret either.
    const settings = { IDENTITY: "required", CHALLENGE_URL: "https://challenge.example.com" };
    expect(readWorkerConfig({ ...production, ...settings }).IDENTITY).toBe("required");
  });

  it("drops the secrets of other processes", () => {
    const all = { ...production, ...ofApi, CHALLENGE_URL: "https://challenge.example.com", ...ofWorkers };
    const [api, worker] = [readApiConfig(all), readWorkerConfig(all)].map((config) => JSON.stringify(config));
    for (const secret of Object.values(ofWorkers)) expect(api).not.toContain(secret);
    for (const secret of Object.values(ofApi)) expect(worker).not.toContain(secret);
    const stores = [readStoresEnvironment(all), readDatabaseConfig(all)]
      .map((config) => JSON.stringify(config))
      .join("");
    for (const secret of Object.values({ ...ofApi, ...ofWorkers })) expect(stores).not.toContain(secret);
  });

  it("knows which providers are configured without their keys", () => {
    const available = (config: Config) => describeProviders(config).filter((provider) => provider.available);
    const all = { ...enough, ...ofWorkers };
    expect(available(readApiConfig(all))).toEqual(available(readWorkerConfig(all)));
    expect(available(readApiConfig({ ...enough, OPENAI_API_KEY: "" })).map(({ name }) => name)).toEqual(["preset"]);
  });

  it.each([
    ["an api", readApiConfig],
    ["a worker", readWorkerConfig],
    ["the migrations", readDatabaseConfig],
  ])("says what is wrong with its settings (%s)", (_, read: (env: NodeJS.ProcessEnv) => unknown) => {
    expect(faultOf({}, read)).toContain("DATABASE_URL: not set");
    expect(faultOf({ DATABASE_URL: "mysql://localhost" }, read)).toContain("DATABASE_URL: expected");
  });
});

describe("environment of a command", () => {
  it("may lack a database, as npm start brings one", () => {
    expect(readStoresEnvironment({}).DATABASE_URL).toBeUndefined();
  });

  it("is read as far as it is valid where checks go on after a fault", () => {
    const { environment, fault, faulty } = readValidEnvironment({ ...enough, PORT: "many", http_proxy: "nowhere" });
    expect(fault?.message).toContain("2 fault(s)");
    expect([...faulty].toSorted()).toEqual(["HTTP_PROXY", "PORT"]);
    expect(environment).toMatchObject({ ...enough, PORT: 3000 });
    expect(environment.HTTP_PROXY).toBeUndefined();
    expect(readValidEnvironment({ ...enough }).fault).toBeUndefined();
  });
});

describe("environment of a child process", () => {
  it("is ours plus what the child needs", () => {
    const child = childEnvironment("a part", { PARLEY_ADDED: "1", PATH: "/only/here" });
    expect(child).toMatchObject({ PARLEY_ADDED: "1", PATH: "/only/here", HOME: process.env["HOME"] });
  });

  it("has no secret of another process", () => {
    const additions = { TOKEN_SECRET: "a token secret", ADMIN_PASSWORD: "a password", OPENAI_API_KEY: "sk-1" };
    const [api, worker] = [childEnvironment("api", additions), childEnvironment("worker", additions)];
    expect(api).toMatchObject({ ...additions, OPENAI_API_KEY: "set" });
    expect(worker).toMatchObject({ OPENAI_API_KEY: "sk-1" });
    expect(JSON.stringify(worker)).not.toMatch(/a token secret|a password/);
  });
});
