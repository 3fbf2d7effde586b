import { html, nothing, type TemplateResult } from "lit/html.js";
import type { Colleague, OperatorRole } from "../../../shared/protocol/operator.ts";
import type { Invitation } from "../../../shared/protocol/people/accounts.ts";
import type { AccountModel } from "./account-model.ts";
import { accountTexts } from "./account-texts.ts";
import { given, inputField, problemView } from "./fields.ts";

const { team: words, account } = accountTexts;

/** The team, and a form that makes an invitation: for admins. */
export function teamView(model: AccountModel): TemplateResult {
  return html`<section aria-labelledby="team">
    <h2 id="team">${words.title}</h2>
    <ul class="rows">
      ${model.team.map((colleague) => colleagueView(colleague, model))}
    </ul>
    ${inviteView(model)} ${model.invitation === undefined ? nothing : invitationView(model.invitation)}
  </section>`;
}

function colleagueView({ id, name, role, email, twoFactor }: Colleague, model: AccountModel): TemplateResult {
  const about = [email ?? words.noAccount, account.role[role], twoFactor === true && words.secondFactor];
  return html`<li>
    <div>
      <strong dir="auto">${name}</strong>
      <p class="small">${about.filter(Boolean).join(" · ")}</p>
      ${model.removing === id ? html`<p role="status">${words.removing(name)}</p>` : nothing}
    </div>
    ${id === model.me?.id ? nothing : removeView({ id, name }, model)}
  </li>`;
}

/** The button that asks, and the two that answer. */
function removeView({ id, name }: Pick<Colleague, "id" | "name">, model: AccountModel): TemplateResult {
  const isAsked = model.removing === id;
  const press = () => (isAsked ? void model.remove(id) : model.askToRemove(id));
  return html`<div class="line">
    <button type="button" class="secondary" aria-label=${`${words.remove}: ${name}`} @click=${press}>
      ${words.remove}
    </button>
    ${
      isAsked
        ? html`<button type="button" class="secondary" @click=${() => model.askToRemove(undefined)}>
            ${words.keep}
          </button>`
        : nothing
    }
  </div>`;
}

function inviteView(model: AccountModel): TemplateResult {
  const submit = (event: SubmitEvent) => {
    const form = event.currentTarget as HTMLFormElement;
    const { email = "", name = "", role = "operator" } = given(event);
    const invited = {
      email: email.trim(),
      role: role as OperatorRole,
      ...(name.trim() !== "" && { name: name.trim() }),
    };
    void model.invite(invited).then((isMade) => isMade && form.reset());
  };
  return html`<form class="fields" @submit=${submit}>
    ${inputField({ name: "email", label: words.address, type: "email", autocomplete: "off" })}
    ${inputField({ name: "name", label: words.name, autocomplete: "off", hint: words.nameHint, required: false })}
    <div class="given">
      <label for="given-role">${words.role}</label>
      <select id="given-role" name="role">
        ${(["operator", "reader", "admin"] satisfies OperatorRole[]).map(
          (role) => html`<option value=${role}>${words.roles[role]}</option>`,
        )}
      </select>
    </div>
    ${problemView(model.problems.get("team"))}
    <button class="secondary" ?disabled=${model.busy === "team"}>${words.invite}</button>
  </form>`;
}

function invitationView({ name, link }: Invitation): TemplateResult {
  const copy = (event: Event) => {
    const button = event.currentTarget as HTMLButtonElement;
    void navigator.clipboard.writeText(link).then(() => (button.textContent = words.copied));
  };
  return html`<div class="made" role="status">
    <h3 dir="auto">${words.invited(name)}</h3>
    <div class="line">
      <input
        readonly
        aria-label=${words.link}
        .value=${link}
        @focus=${(event: Event) => (event.target as HTMLInputElement).select()}
      />
      <button type="button" class="primary" @click=${copy}>${words.copy}</button>
    </div>
    <p class="small">${words.linkHint}</p>
  </div>`;
}
