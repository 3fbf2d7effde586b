import { z } from "zod";
import { clientSettings, operatorSettings, visitorSettings } from "./api-settings.ts";
import { addressRanges, databaseUrl, integer, mailbox, ports, redisUrl, serviceUrl, url } from "./setting-values.ts";
import { jobDeadlineMs } from "../tunables.ts";

/**
 * Every setting, grouped by the heading under which the documents list it. `npm run write:configuration` writes
 * `docs/configuration.md` and `.env.example` from this. `parts` names the processes that read the setting.
 */
export const settingGroups = {
  Process: {
    PORT: integer(1, 65_535).default(3000).meta({ parts: "api", description: "Port of the API." }),
    NODE_ENV: z.enum(["development", "production", "test"]).default("development").meta({
      parts: "api, worker, knowledge",
      description: "`development`, `production` or `test`. Production logs JSON and requires `TOKEN_SECRET`.",
    }),
    LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info").meta({
      parts: "api, worker, knowledge",
      description: "`fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`.",
    }),
    DEMO_SHOP_URL: z
      .string()
      .regex(/^http:\/\/127\.0\.0\.1:[1-9]\d{0,4}$/, "expected http://127.0.0.1 with a port")
      .optional()
      .meta({
        parts: "api, worker",
        description:
          "Address of the [demo shop](actions.md#see-it-first). `npm start` sets it in development; it is refused in production.",
      }),
  },
  Stores: {
    DATABASE_URL: databaseUrl().optional().meta({
      parts: "migrate, api, worker, knowledge",
      description:
        "`postgres://user:password@host:5432/database`. Without it `npm start` brings a PostgreSQL of its own; every other command refuses to start.",
    }),
    DATABASE_CONNECTIONS: integer(2, 1000).default(20).meta({
      parts: "api, worker",
      description:
        "Maximum connections that a process opens to PostgreSQL for its statements. See [how many processes that allows](deploy.md#postgresql).",
    }),
    DATABASE_POOLER: z.enum(["none", "transaction"]).default("none").meta({
      parts: "migrate, api, worker, knowledge",
      description:
        "`transaction` if `DATABASE_URL` goes through a pooler like PgBouncer in transaction mode; this needs `REDIS_URL`. Otherwise `none`.",
    }),
    REDIS_URL: redisUrl().optional().meta({
      parts: "api, worker, knowledge",
      description:
        "`redis://host:6379`, `unix:///run/redis/redis.sock`, `redis+cluster://host:6379,host:6379` or `redis+sentinel://host:26379,host:26379/master-name`; with TLS `rediss://`, `rediss+cluster://` or `rediss+sentinel://`. Without it, queue, drafts and live hints are kept in PostgreSQL.",
    }),
  },
  Providers: {
    OPENAI_API_KEY: z.string().optional().meta({
      parts: "worker",
      description: "Key of OpenAI's API, for the providers `openai` and `openai-assistants`.",
    }),
    OPENAI_BASE_URL: serviceUrl()
      .default("https://api.openai.com/v1")
      .meta({ parts: "worker", description: "Address of OpenAI's API, with `/v1`." }),
    OPENAI_MODEL: z.string().default("gpt-6.1-terra").meta({
      parts: "worker",
      description: 'Model of `openai`, unless an assistant with `"provider": "openai"` names one.',
    }),
    OPENAI_ASSISTANT_ID: z.string().optional().meta({
      parts: "worker",
      description:
        'An assistant for `"provider": "openai-assistants"`, at an `OPENAI_BASE_URL` that still speaks the Assistants API. OpenAI itself has shut that API down.',
    }),
    ANTHROPIC_API_KEY: z.string().optional().meta({ parts: "worker", description: "Key of Anthropic's API." }),
    CLAUDE_API_KEY: z
      .string()
      .optional()
      .meta({ parts: "worker", description: "Another name for `ANTHROPIC_API_KEY`, read where that is not set." }),
    ANTHROPIC_BASE_URL: serviceUrl()
      .default("https://api.anthropic.com")
      .meta({ parts: "worker", description: "Address of Anthropic's API, with or without `/v1`." }),
    ANTHROPIC_MODEL: z.string().default("claude-haiku-5-5").meta({
      parts: "worker",
      description: 'Model of `anthropic`, unless an assistant with `"provider": "anthropic"` names one.',
    }),
    COMPATIBLE_BASE_URL: serviceUrl().optional().meta({
      parts: "worker",
      description: "Address of a server with OpenAI's chat-completions API, like `http://localhost:11434/v1`.",
    }),
    COMPATIBLE_API_KEY: z
      .string()
      .optional()
      .meta({ parts: "worker", description: "Key of the server at `COMPATIBLE_BASE_URL`, sent as a bearer token." }),
    COMPATIBLE_MODEL: z.string().default("default").meta({
      parts: "worker",
      description: 'Model of `compatible`, unless an assistant with `"provider": "compatible"` names one.',
    }),
    HTTP_PROXY: url("http:", "https:").optional().meta({
      parts: "api, worker, knowledge",
      description:
        "Proxy for `http://` requests to providers, to the embeddings endpoint, to the challenge's verifier and to the trace collector. `http_proxy` is read too, and wins.",
    }),
    HTTPS_PROXY: url("http:", "https:").optional().meta({
      parts: "api, worker, knowledge",
      description: "Proxy for their `https://` requests. `https_proxy` is read too, and wins.",
    }),
    NO_PROXY: z.string().optional().meta({
      parts: "api, worker, knowledge",
      description:
        "Hosts that are reached without a proxy, separated by commas: `localhost,.internal.example.com`. `no_proxy` is read too, and wins.",
    }),
    ADOPT_THREADS: z
      .enum(["true", "false"])
      .default("false")
      .transform((text) => text === "true")
      .meta({
        parts: "api",
        description:
          '`true`: a first message may continue any thread under your key (`threadId`), for assistants with `"state": "provider"`.',
      }),
  },
  "Clients and request limits": clientSettings,
  "Visitors and conversations": visitorSettings,
  Operators: operatorSettings,
  Mail: {
    SMTP_URL: url("smtp:", "smtps:").optional().meta({
      parts: "worker",
      description:
        "Mail server, like `smtps://user:password@smtp.example.com`. Without it, [no mail](people.md#5-mail) is sent.",
    }),
    MAIL_FROM: mailbox().optional().meta({
      parts: "worker",
      description: "Sender of mails, like `Example Shop <chat@example.com>`; required with `SMTP_URL`.",
    }),
    PUBLIC_URL: serviceUrl().optional().meta({
      parts: "worker",
      description:
        "Address at which browsers reach this service, like `https://chat.example.com`, for links in mails; required with `SMTP_URL`.",
    }),
  },
  "Pages of your site": {
    FETCH_ALLOW_PRIVATE: addressRanges().optional().meta({
      parts: "worker, knowledge",
      description:
        "Ranges of your own network that may be fetched, and called by [tools](actions.md), separated by commas: `10.20.0.0/16, fd00:20::/32`. Without it, only public addresses are.",
    }),
    FETCH_PORTS: ports().optional().meta({
      parts: "worker, knowledge",
      description: "Ports that may be fetched and called besides 80 and 443, separated by commas.",
    }),
    KNOWLEDGE_PAUSE_MS: integer(0, 60_000).default(1000).meta({
      parts: "knowledge",
      description:
        "Milliseconds between the end of a request to a host and the next one. A site's own `Crawl-delay` may ask for more.",
    }),
    FETCH_PROXY: url("http:", "https:").optional().meta({
      parts: "worker, knowledge",
      description:
        "Proxy through which pages are fetched and tools are called. It is asked to `CONNECT` to an address that was checked; `HTTP_PROXY` and `HTTPS_PROXY` are not used for either.",
    }),
  },
  Embeddings: {
    EMBEDDINGS_BASE_URL: serviceUrl().optional().meta({
      parts: "api, worker, knowledge",
      description:
        "Address of a server with OpenAI's `/v1/embeddings`, like `https://api.openai.com/v1` or `http://localhost:11434/v1`. With it, passages are found [by their meaning](knowledge.md#by-meaning), too.",
    }),
    EMBEDDINGS_API_KEY: z
      .string()
      .regex(/^[\x21-\x7e]+$/, "expected characters that an HTTP header can hold")
      .optional()
      .meta({ parts: "api, worker, knowledge", description: "Key of that server, sent as a bearer token." }),
    EMBEDDINGS_MODEL: z.string().max(200).optional().meta({
      parts: "api, worker, knowledge",
      description:
        "Model of that server, like `text-embedding-3-small`. Another one is built beside the old, and takes its place when it is whole.",
    }),
    EMBEDDINGS_DIMENSIONS: integer(8, 8192).optional().meta({
      parts: "api, worker, knowledge",
      description: "Numbers of a vector. Without it, the model's own.",
    }),
    EMBEDDINGS_DAILY_TOKENS: integer(200_000, 1_000_000_000_000).optional().meta({
      parts: "api, worker, knowledge",
      description:
        "Tokens that may be sent to that server in a UTC day, [passages and questions together](knowledge.md#by-meaning). Words alone are searched for once they are spent. Without it, any number.",
    }),
  },
  "Messages and workers": {
    WORKER_CONCURRENCY: integer(1, 10_000)
      .default(50)
      .meta({ parts: "worker", description: "Replies that one worker writes at the same time." }),
    WORKER_PORT: integer(1, 65_535).optional().meta({
      parts: "worker",
      description:
        "Port on which a worker serves `/health`, `/livez`, `/readyz` and `/metrics`; each worker on a machine needs its own. Without it, they are not served; `npm start` takes the first free port after `PORT`.",
    }),
    MAX_MESSAGE_CHARS: integer(1, 20_000)
      .default(4000)
      .meta({ parts: "api", description: "Maximum length of a message in characters (code points)." }),
    MAX_BACKLOG: integer(1, 100_000_000).default(10_000).meta({
      parts: "api",
      description: "Messages that may wait for a worker before new ones are refused with `503`.",
    }),
    JOB_DEADLINE_MS: integer(1000, 3_600_000).default(jobDeadlineMs).meta({
      parts: "api, worker",
      description: "Milliseconds from the first attempt at a reply until calls to providers end and a preset answers.",
    }),
    HISTORY_CACHE_TTL_SECONDS: integer(0, 2_592_000).default(86_400).meta({
      parts: "api",
      description:
        "Seconds for which [Redis](operating.md#history-cache) keeps the newest page of a conversation, to serve it from there. `0`: never. Without `REDIS_URL` there is no such cache.",
    }),
    RETENTION_DAYS: integer(1, 36_500).optional().meta({
      parts: "api, worker",
      description:
        "Days without a new message after which a worker [erases](privacy.md) a conversation, and the API's page `/privacy` says so. Without it, conversations are kept.",
    }),
  },
};
