import { live } from "lit/directives/live.js";
import { html, nothing, type TemplateResult } from "lit/html.js";
import type { OperatorConversation } from "../../../shared/protocol/operator.ts";
import type { ConsoleModel } from "../model/console-model.ts";
import { type UnsentText, isBusy } from "../model/reply-box.ts";
import type { CannedReply } from "../../../shared/protocol/people/canned-replies.ts";
import { texts } from "../texts.ts";
import { cannedListId, cannedMatches } from "./canned-views.ts";
import { visitorName } from "./formats.ts";
import { problemText } from "./problem-text.ts";
import type { Screen } from "./screen.ts";
import { suggestButton, suggestionView } from "./suggestion-view.ts";

const modes = ["reply", "note"] as const;
const { box: words } = texts;

/** The box in which a reply or a note is written. It always says who will read it. */
export function boxView(view: OperatorConversation, screen: Screen): TemplateResult {
  const { model, deeds } = screen;
  if (!model.mayChange) return html`<p class="box locked">${texts.readOnly}</p>`;
  const draft = model.box.of(view.id);
  const busy = isBusy(draft);
  const maySend = draft.mode === "note" || !isOthers(view, model);
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
      ${draft.mode === "reply" ? suggestButton(view, screen) : nothing}
      <p class="hears" id="hears">${audience(view, draft, model)}</p>
    </div>
    ${draft.mode === "reply" ? suggestionView(view, screen) : nothing} ${fieldView(view.id, draft, { screen, maySend })}
    ${troubleOf(draft, view.id, model)}
  </form>`;
}

/** The text itself, the button that sends it, and the canned replies that it may mean. */
function fieldView(
  id: string,
  draft: UnsentText,
  { screen, maySend }: { screen: Screen; maySend: boolean },
): TemplateResult {
  const { model, deeds } = screen;
  const { canned, box } = model;
  const busy = isBusy(draft);
  const matches = draft.mode === "reply" && !busy ? canned.matches(draft.text) : undefined;
  const hasMatches = matches !== undefined && matches.length > 0;
  const take = ({ text }: CannedReply) => box.write(id, text);
  const onKey = (event: KeyboardEvent) => {
    if (matches && onCannedKey(event, { matches, canned, take })) return;
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (maySend) deeds.send();
  };
  const onInput = ({ target }: Event) => {
    canned.chosen = 0;
    box.write(id, (target as HTMLTextAreaElement).value);
  };
  return html`${matches && cannedMatches(matches, screen, take)}
    <div class="field">
      <textarea
        id="words"
        rows="2"
        dir="auto"
        aria-label=${words.placeholder[draft.mode]}
        aria-describedby="hears"
        aria-controls=${hasMatches ? cannedListId : nothing}
        aria-activedescendant=${hasMatches ? `${cannedListId}-${canned.chosen}` : nothing}
        placeholder=${words.placeholder[draft.mode]}
        ?readonly=${busy}
        .value=${live(draft.text)}
        @input=${onInput}
        @keydown=${onKey}
      ></textarea>
      <button class="primary" ?disabled=${draft.state === "sending" || !maySend || draft.text.trim() === ""}>
        ${
          draft.state === "sending" ? words.sending : draft.problem === undefined ? words.send[draft.mode] : words.again
        }
      </button>
    </div>`;
}

interface CannedKeys {
  readonly matches: readonly CannedReply[];
  readonly canned: ConsoleModel["canned"];
  readonly take: (reply: CannedReply) => void;
}

/**
 * Moves among canned replies, or takes one into the box, where it can be changed.
 * @returns true if the key was for them
 */
function onCannedKey(event: KeyboardEvent, { matches, canned, take }: CannedKeys): boolean {
  const reply = matches[canned.chosen];
  if (reply === undefined || event.isComposing || event.shiftKey) return false;
  if (event.key === "ArrowDown" || event.key === "ArrowUp")
    canned.step(event.key === "ArrowDown" ? 1 : -1, matches.length);
  else if (event.key === "Enter" || event.key === "Tab") take(reply);
  else return false;
  event.preventDefault();
  return true;
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
