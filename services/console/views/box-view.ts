import { live } from "lit/directives/live.js";
import { html, nothing, type TemplateResult } from "lit/html.js";
import type { OperatorConversation } from "../../../shared/protocol/operator.ts";
import type { ConsoleModel } from "../model/console-model.ts";
import { type UnsentText, isBusy } from "../model/reply-box.ts";
import { texts } from "../texts.ts";
import { visitorName } from "./formats.ts";
import { problemText } from "./problem-text.ts";
import type { Screen } from "./screen.ts";

const modes = ["reply", "note"] as const;
const { box: words } = texts;

/** The box in which a reply or a note is written. It always says who will read it. */
export function boxView(view: OperatorConversation, screen: Screen): TemplateResult {
  const { model, deeds } = screen;
  if (!model.mayChange) return html`<p class="box locked">${texts.readOnly}</p>`;
  const draft = model.box.of(view.id);
  const busy = isBusy(draft);
  const maySend = draft.mode === "note" || !isOthers(view, model);
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (maySend) deeds.send();
  };
  return html`<form
    class="box"
    data-mode=${draft.mode}
    @submit=${(event: Event) => {
      event.preventDefault();
      deeds.send();
    }}
  >
    <div class="modes" role="group" aria-label=${words.mode}>
      ${modes.map(
        (mode) =>
          html`<button
            type="button"
            aria-pressed=${mode === draft.mode}
            ?disabled=${busy}
            @click=${() => deeds.write(mode)}
          >
            ${words[mode]}
          </button>`,
      )}
      <p class="hears" id="hears">${audience(view, draft, model)}</p>
    </div>
    <div class="field">
      <textarea
        id="words"
        rows="2"
        dir="auto"
        aria-label=${words.placeholder[draft.mode]}
        aria-describedby="hears"
        placeholder=${words.placeholder[draft.mode]}
        ?readonly=${busy}
        .value=${live(draft.text)}
        @input=${({ target }: Event) => model.box.write(view.id, (target as HTMLTextAreaElement).value)}
        @keydown=${onKey}
      ></textarea>
      <button class="primary" ?disabled=${draft.state === "sending" || !maySend || draft.text.trim() === ""}>
        ${
          draft.state === "sending" ? words.sending : draft.problem === undefined ? words.send[draft.mode] : words.again
        }
      </button>
    </div>
    ${troubleOf(draft, view.id, model)}
  </form>`;
}

function troubleOf(draft: UnsentText, id: string, model: ConsoleModel): TemplateResult | typeof nothing {
  const { problem, state } = draft;
  if (problem === undefined || state === "sending") return nothing;
  const hint = state === "trying" ? words.trying : problem.passes ? words.unsure : "";
  return html`<p class="problem" role="alert">
    ${problemText(problem)} ${hint}
    ${
      state === "trying"
        ? html`<button type="button" class="plain" @click=${() => model.box.stopTrying(id)}>${words.giveUp}</button>`
        : nothing
    }
  </p>`;
}

/** True if another operator has the conversation. */
export function isOthers({ handledBy, operator }: OperatorConversation, { me }: ConsoleModel): boolean {
  return handledBy === "operator" && operator !== undefined && operator.id !== me?.id;
}

function audience(view: OperatorConversation, { mode }: UnsentText, model: ConsoleModel): string {
  if (mode === "note") return words.team;
  const visitor = `${visitorName(view)} (${texts.visitor.toLowerCase()})`;
  if (isOthers(view, model)) {
    const name = view.operator?.name ?? "";
    return model.me?.role === "admin" ? words.mayTake(name) : words.hasIt(name);
  }
  if (view.handledBy === "operator") return words.hears(visitor);
  if (view.handledBy === "waiting") return words.takes(visitor);
  return view.closedAt === undefined ? words.takesOver : words.reopens(visitor);
}
