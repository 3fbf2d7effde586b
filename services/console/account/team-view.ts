import { html, nothing, type TemplateResult } from "lit/html.js";
import type { Colleague, OperatorRole } from "../../../shared/protocol/operator.ts";
import type { AccountModel } from "./account-model.ts";
import { accountTexts } from "./account-texts.ts";
import { invitationView, inviteView, openInvitationsView } from "./invitation-views.ts";
import { roles } from "./fields.ts";

const { team: words, account } = accountTexts;

/** The team, and who is invited: for admins. */
export function teamView(model: AccountModel): TemplateResult {
  return html`<section aria-labelledby="team">
    <h2 id="team">${words.title}</h2>
    <ul class="rows">
      ${model.team.map((colleague) => colleagueView(colleague, model))}
    </ul>
    ${inviteView(model)} ${model.invitation === undefined ? nothing : invitationView(model.invitation)}
    ${openInvitationsView(model)}
  </section>`;
}

function colleagueView(colleague: Colleague, model: AccountModel): TemplateResult {
  const { id, name, role, email, twoFactor } = colleague;
  const isOneself = id === model.me?.id;
  const about = [email ?? words.noAccount, isOneself && account.role[role], twoFactor === true && words.secondFactor];
  return html`<li>
    <div>
      <strong dir="auto">${name}</strong>
      <p class="small">${about.filter(Boolean).join(" · ")}</p>
      ${model.asked?.id === id ? html`<p role="status">${askedText(name, model.asked.role)}</p>` : nothing}
    </div>
    ${isOneself ? nothing : changesView(colleague, model)}
  </li>`;
}

function askedText(name: string, role: OperatorRole | undefined): string {
  if (role === undefined) return words.removing(name);
  return role === "reader" ? words.newReader(name) : words.newRole(name, account.role[role]);
}

/** Controls that ask for a change, and the two buttons that answer. */
function changesView({ id, name, role }: Colleague, model: AccountModel): TemplateResult {
  const asked = model.asked?.id === id ? model.asked : undefined;
  const shown = asked?.role ?? role;
  const choose = (event: Event) => {
    const chosen = (event.currentTarget as HTMLSelectElement).value as OperatorRole;
    model.ask(chosen === role ? undefined : { id, role: chosen });
  };
  return html`<div class="line">
    ${asked && asked.role === undefined ? nothing : roleSelect({ name, shown, choose })}
    ${
      asked?.role === undefined
        ? button(words.remove, { about: name, press: () => (asked ? void model.confirm() : model.ask({ id })) })
        : button(words.changeRole, { about: name, press: () => void model.confirm() })
    }
    ${asked ? button(words.keep, { press: () => model.ask(undefined) }) : nothing}
  </div>`;
}

function roleSelect({ name, shown, choose }: { name: string; shown: OperatorRole; choose: (event: Event) => void }) {
  return html`<select aria-label=${words.roleOf(name)} @change=${choose}>
    ${roles.map((role) => html`<option value=${role} .selected=${role === shown}>${account.role[role]}</option>`)}
  </select>`;
}

function button(text: string, { about, press }: { about?: string; press: () => void }): TemplateResult {
  const label = about === undefined ? nothing : `${text}: ${about}`;
  return html`<button type="button" class="secondary" aria-label=${label} @click=${press}>${text}</button>`;
}
