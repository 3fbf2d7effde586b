import { z } from "zod";
import { integer, origins, secrets, serviceUrl, share, trustProxy, userName } from "./setting-values.ts";

/** Callers of the API, and how much each of them may ask for. */
export const clientSettings = {
  ALLOWED_ORIGINS: origins().optional().meta({
    parts: "api",
    description:
      "Origins whose pages may call the API, separated by commas (`https://*.example.com` means all subdomains). Without it: any port of localhost; in production only this service's own pages.",
  }),
  TRUST_PROXY: trustProxy().default(false).meta({
    parts: "api",
    description:
      "Proxies in front of the API, in the form of Express' `trust proxy`: `false`, `true`, a count, or addresses.",
  }),
  RATE_LIMIT_WINDOW_MS: integer(1000, 86_400_000).default(900_000).meta({
    parts: "api",
    description: "Milliseconds over which `RATE_LIMIT_MAX_REQUESTS` and `RATE_LIMIT_MAX_READS` are counted.",
  }),
  RATE_LIMIT_MAX_REQUESTS: integer(1, 100_000_000).default(100).meta({
    parts: "api",
    description: "Maximum messages in that time from a client address, and in a conversation.",
  }),
  RATE_LIMIT_MAX_READS: integer(1, 100_000_000).default(3000).meta({
    parts: "api",
    description: "Maximum other requests in that time from a client address. An operator may make ten times as many.",
  }),
  MAX_ACTIONS_PER_VISITOR: integer(1, 100_000_000).default(50).meta({
    parts: "api",
    description: "Maximum [changes](actions.md#changes) that a visitor may confirm in 24 hours.",
  }),
  MAX_ACTIONS_PER_ASSISTANT: integer(1, 100_000_000).default(10_000).meta({
    parts: "api",
    description: "Maximum changes at one assistant that all its visitors together may confirm in 24 hours.",
  }),
  RATE_LIMIT_MAX_STREAMS: integer(1, 100_000_000).default(100).meta({
    parts: "api",
    description:
      "Maximum open event streams and waiting requests of a client address at one API process. An operator may have ten times as many.",
  }),
  MAX_CONNECTIONS_PER_ADDRESS: integer(1, 100_000).optional().meta({
    parts: "api",
    description:
      "Maximum open connections of a client address at one API process. Without it: twice `RATE_LIMIT_MAX_STREAMS`, at least 200; peers that `TRUST_PROXY` trusts may have any number.",
  }),
};

/** Access to conversations. */
export const visitorSettings = {
  TOKEN_SECRET: secrets().optional().meta({
    parts: "api",
    description:
      "Signs conversation tokens; at least 32 characters. Of several, separated by commas, the first signs and all are accepted. In development one is made and kept in the database.",
  }),
  CONVERSATION_ACCESS: z.enum(["token", "open"]).default("token").meta({
    parts: "api",
    description:
      "`token`, or `open`: anyone who knows a conversation's id may read, write and delete it, unless it belongs to a [verified visitor](http-api.md#verified-visitors).",
  }),
  IDENTITY_SECRET: secrets().optional().meta({
    parts: "api",
    description:
      "Your site signs with it who its [visitors](http-api.md#verified-visitors) are (`X-Parley-Identity`); at least 32 characters. Several are separated by commas, all are accepted.",
  }),
  IDENTITY: z.enum(["optional", "required"]).default("optional").meta({
    parts: "api",
    description: "`optional`, or `required`: visitors without a signed identity cannot write.",
  }),
  CHALLENGE_URL: serviceUrl().optional().meta({
    parts: "api",
    description:
      "Address where the answer to a bot challenge is verified before a conversation begins (Turnstile, hCaptcha, reCAPTCHA).",
  }),
  CHALLENGE_SECRET: z
    .string()
    .optional()
    .meta({ parts: "api", description: "Secret for `CHALLENGE_URL`; set both or neither." }),
};

/** Pages, metrics and traces for operators. */
export const operatorSettings = {
  ADMIN_USER: userName()
    .default("admin")
    .meta({ parts: "api", description: "User name for the operators' pages and Bull Board." }),
  ADMIN_PASSWORD: z.string().min(8, "expected at least 8 characters").optional().meta({
    parts: "api",
    description:
      "Password of `ADMIN_USER`, at least 8 characters. Without it `npm start` makes one in development; otherwise operators are shown nothing.",
  }),
  ADMIN_READ_USER: userName()
    .default("viewer")
    .meta({ parts: "api", description: "User name of an account that sees the same pages but changes nothing." }),
  ADMIN_READ_PASSWORD: z.string().min(8, "expected at least 8 characters").optional().meta({
    parts: "api",
    description: "Password of `ADMIN_READ_USER`, at least 8 characters. Without it there is no such account.",
  }),
  SECRETS_KEY: z.string().min(32, "expected at least 32 characters").optional().meta({
    parts: "api, worker",
    description:
      "Signs operators' sessions, encrypts their second factors, and seals what [tools](actions.md#the-visitors-identity) take of a visitor's identity; at least 32 characters, the same for APIs and workers. Without it, one is made and kept in the database. Another key ends all sessions.",
  }),
  CONSOLE_URL: serviceUrl().optional().meta({
    parts: "api, worker",
    description:
      "Address of the console's host in links, like `https://console.example.com`. Without it, invitations name the host from which they are made, commands localhost, and mails `PUBLIC_URL`.",
  }),
  ADMIN_PORT: integer(1, 65_535).optional().meta({
    parts: "api",
    description:
      "Port for `/console`, `/api/operator`, `/admin` and `/metrics`, which `PORT` then does not serve. Without it, all are on `PORT`.",
  }),
  ADMIN_QUEUE_ACTIONS: z.enum(["entries", "all"]).default("entries").meta({
    parts: "api",
    description:
      "Bull Board's rights on the queue: `entries` retries and removes single entries, `all` also pauses, empties and adds.",
  }),
  METRICS_TOKEN: z.string().min(16, "expected at least 16 characters").optional().meta({
    parts: "api, worker",
    description:
      "Bearer token for `/metrics` of the API and of workers, at least 16 characters. Without it `/metrics` is open in development, and not served in production.",
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: serviceUrl().optional().meta({
    parts: "api, worker",
    description:
      "Address of an OpenTelemetry collector for traces (OTLP over HTTP), like `http://localhost:4318`. Without it there are no traces.",
  }),
  OTEL_TRACES_SAMPLER_ARG: share()
    .default(1)
    .meta({ parts: "api, worker", description: "Share of messages that are traced, from 0 to 1." }),
};
