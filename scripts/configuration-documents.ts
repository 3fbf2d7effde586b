import type { z } from "zod";
import { readEnvironment } from "../shared/config/config.ts";
import { settingGroups } from "../shared/config/settings.ts";

/** Documents of the settings: each file's path in the repository, and its text as the settings make it. */
export function configurationDocuments(): Map<string, string> {
  const groups = readGroups();
  return new Map([
    ["docs/configuration.md", toMarkdown(groups)],
    [".env.example", toEnvExample(groups)],
  ]);
}

type Setting = { key: string; value: string; parts: string; description: string };
type Group = { heading: string; settings: Setting[] };

function readGroups(): Group[] {
  const defaults: Record<string, string | number | boolean | string[] | number[] | undefined> = readEnvironment({});
  const groups: Record<string, Record<string, z.ZodType>> = settingGroups;
  return Object.entries(groups).map(([heading, schemas]) => ({
    heading,
    settings: Object.entries(schemas).map(([key, schema]) => {
      const { description, parts } = schema.meta() ?? {};
      if (typeof description !== "string" || typeof parts !== "string") {
        throw new Error(
          `${key} has no description or no parts: expected .meta({ parts, description }) as its last call`,
        );
      }
      return { key, value: defaults[key]?.toString() ?? "", parts, description };
    }),
  }));
}

function toMarkdown(groups: Group[]): string {
  const sections = groups.map(({ heading, settings }) => {
    const rows = settings.map(
      ({ key, value, parts, description }) =>
        `| \`${key}\` | ${value === "" ? "" : `\`${value}\` `}| ${parts} | ${description} |`,
    );
    return [`## ${heading}`, "", "| key | default | read by | meaning |", "| --- | --- | --- | --- |", ...rows, ""];
  });
  return [...markdownHead, ...sections.flat(), ...markdownEnd].join("\n");
}

const markdownHead = [
  "# Configuration",
  "",
  "<!-- Written by `npm run write:configuration` from shared/config/settings.ts. Change it there. -->",
  "",
  "Set these in the environment, or in a file `.env` beside `package.json` (copy [.env.example](../.env.example)). A key in the",
  "environment overrides `.env`; `KEY=` without a value means that the key is not set. An invalid value ends the",
  "process at its start, with all errors in one message.",
  "",
  "A key without a default is optional unless its meaning says otherwise. *Read by* names the parts that use a key; `npm start`",
  "runs all of them. An api reads the settings of providers, too, until the first worker reports its own. See",
  "[which part needs which secret](deploy.md#secrets).",
  "",
];

const markdownEnd = [
  "## Files",
  "",
  "[config/assistants.json](../config/assistants.json) holds the assistants: name, instructions, greeting, suggestions, presets,",
  "and optionally a provider, its model, the providers that are called when it fails, and a daily budget. An assistant that names no",
  "provider is answered by the first one that is configured. Where none is configured, its presets answer: canned replies, chosen by",
  "keywords. [providers.md](providers.md) has the fields, and what each provider needs.",
  "",
  "[config/prices.json](../config/prices.json) holds the prices from which the cost of replies is counted.",
  "",
  "`config/hours.json`, if you write one, holds [the hours in which people answer](operators.md#hours).",
  "",
  "All are checked at start, and [read again when they change](operating.md#changing-the-assistants).",
  "",
  "## A model on your own machine",
  "",
  "For example from [Ollama](https://ollama.com):",
  "",
  "```sh",
  "COMPATIBLE_BASE_URL=http://localhost:11434/v1 COMPATIBLE_MODEL=llama3.2 npm start",
  "```",
  "",
  "With no model and no account, `npm run fake-provider` is an upstream to",
  "[try streaming and failover with](providers.md#trying-it-without-an-account).",
  "",
];

function toEnvExample(groups: Group[]): string {
  const sections = groups.map(({ heading, settings }) => [
    "",
    `## ${heading}`,
    ...settings.flatMap(({ key, value, description }) => [`# ${toPlainText(description)}`, `#${key}=${value}`]),
  ]);
  return [...envHead, ...sections.flat(), ""].join("\n");
}

const envHead = [
  "# Written by `npm run write:configuration` from shared/config/settings.ts.",
  "# Copy this file to .env and uncomment what you change. A key in the environment overrides .env.",
  "# The values shown are the defaults; a key without a value has none, and `KEY=` means that the key is not set.",
];

/** Markdown without code marks; a link becomes its text and the document's path. */
function toPlainText(markdown: string): string {
  return markdown.replaceAll(/\[([^\]]+)\]\(([^)#]+)[^)]*\)/g, "$1 (docs/$2)").replaceAll("`", "");
}
