import { html, nothing, type TemplateResult } from "lit/html.js";
import type { ServerTool, ToolServers } from "../../../shared/protocol/people/tool-servers.ts";
import { problemView } from "../account/fields.ts";
import { clockTime } from "../views/formats.ts";
import type { SettingsModel } from "./settings-model.ts";
import { settingsTexts } from "./settings-texts.ts";

const { tools: words } = settingsTexts;
type Server = ToolServers["servers"][number];

/** MCP servers and their tools, and for admins the switches that allow them. Without a server it shows nothing. */
export function toolsView(model: SettingsModel): TemplateResult | typeof nothing {
  const { servers } = model;
  if (servers.length === 0) return nothing;
  return html`<section aria-labelledby="tools">
    <h2 id="tools">${words.title}</h2>
    <p class="small">${words.hint}</p>
    ${servers.map((server) => serverView(server, model))} ${problemView(model.problems.get("tools"))}
  </section>`;
}

function serverView(server: Server, model: SettingsModel): TemplateResult {
  const { url, assistants, listedAt, problem, leftOut, tools } = server;
  return html`<h3 dir="ltr">${url}</h3>
    <p class="small">
      ${words.usedBy(assistants.join(", "))}
      ${listedAt === undefined ? words.neverListed : words.listed(clockTime(listedAt))}
      ${leftOut > 0 ? words.leftOut(leftOut) : nothing}
    </p>
    ${problem === undefined ? nothing : html`<p class="warned" dir="auto">${words.problem(problem)}</p>`}
    ${
      model.isAdmin
        ? html`<button
            type="button"
            class="secondary"
            ?disabled=${model.busy === "tools"}
            @click=${() => void model.refreshTools(server.key)}
          >
            ${words.refresh}
          </button>`
        : nothing
    }
    <ul class="rows">
      ${tools.map((tool) => toolView(tool, model))}
    </ul>`;
}

function toolView(tool: ServerTool, model: SettingsModel): TemplateResult {
  const { name, state, description, problem, uses, unseen, decided } = tool;
  const isOpen = state === "new" || state === "changed";
  return html`<li class="tool" data-state=${state}>
    <div>
      <strong dir="ltr">${name}</strong>
      ${uses.map(({ assistant, as, effect }) => html`<span class="small">${words.use(assistant, as, effect)}</span>`)}
      <p class=${isOpen ? "warned" : "small"}>
        ${words.states[state]} ${decided ? words.decided(clockTime(decided.at), decided.operator) : nothing}
      </p>
      ${[problem, ...uses.map((use) => use.problem)].map((why) => (why === undefined ? nothing : html`<p class="warned" dir="auto">${words.unusable(why)}</p>`))}
      ${description === "" ? nothing : html`<p class="described" dir="auto">${description}</p>`} ${differenceView(tool)}
      ${unseen.length > 0 ? html`<p class="small">${words.unseen(unseen.join(", "))}</p>` : nothing} ${schemaView(tool)}
    </div>
    ${model.isAdmin ? switchView(tool, model) : nothing}
  </li>`;
}

/** Words of a server are shown as they are, never as markup. */
function differenceView({ was }: ServerTool): TemplateResult | typeof nothing {
  if (was === undefined) return nothing;
  const { description, schema } = was;
  return html`${
    description === undefined
      ? nothing
      : html`<p class="small">${words.wasDescribed}</p>
          <p class="described" dir="auto"><del>${description}</del></p>`
  }
  ${
    schema === undefined
      ? nothing
      : html`<p class="small">${words.wasSchema}</p>
          <pre dir="ltr"><del>${pretty(schema)}</del></pre>`
  }`;
}

function schemaView({ schema, was }: ServerTool): TemplateResult | typeof nothing {
  if (schema === "") return nothing;
  return html`<details ?open=${was?.schema !== undefined}>
    <summary>${words.schema}</summary>
    <pre dir="ltr">${pretty(schema)}</pre>
  </details>`;
}

function pretty(schema: string): string {
  return JSON.stringify(JSON.parse(schema), undefined, 2);
}

function switchView(tool: ServerTool, model: SettingsModel): TemplateResult | typeof nothing {
  const { id, hash, name, state } = tool;
  if (id === undefined || hash === undefined) return nothing;
  const isOn = state === "allowed";
  if (!isOn && !["new", "off", "changed"].includes(state)) return nothing;
  return html`<button
    type="button"
    class="secondary"
    aria-label=${isOn ? words.turnOffOne(name) : words.allowOne(name)}
    ?disabled=${model.busy === "tools"}
    @click=${() => void model.decideTool({ id, hash }, !isOn)}
  >
    ${isOn ? words.turnOff : words.allow}
  </button>`;
}
