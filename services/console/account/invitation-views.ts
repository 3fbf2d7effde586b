import { html, nothing, type TemplateResult } from "lit/html.js";
import type { OperatorRole } from "../../../shared/protocol/operator.ts";
import type { Invitation, OpenInvitation } from "../../../shared/protocol/people/accounts.ts";
import { clockTime } from "../views/formats.ts";
import type { AccountModel } from "./account-model.ts";
import { accountTexts } from "./account-texts.ts";
import { given, inputField, problemView, roles } from "./fields.ts";

const { team: words, account } = accountTexts;

/** A form that makes an invitation. */
export function inviteView(model: AccountModel): TemplateResult {
  const submit = (event: SubmitEvent) => {
    const form = event.currentTarget as HTMLFormElement;
    const { email = "", name = "", role = "operator", mail } = given(event);
    const invitee = {
      email: email.trim(),
      role: role as OperatorRole,
      by: mail === undefined ? ("link" as const) : ("mail" as const),
      ...(name.trim() !== "" && { name: name.trim() }),
    };
    void model.invite(invitee).then((isMade) => isMade && form.reset());
  };
  return html`<form class="fields" @submit=${submit}>
    ${inputField({ name: "email", label: words.address, type: "email", autocomplete: "off" })}
    ${inputField({ name: "name", label: words.name, autocomplete: "off", hint: words.nameHint, required: false })}
    <div class="given">
      <label for="given-role">${words.role}</label>
      <select id="given-role" name="role">
        ${roles.map((role) => html`<option value=${role}>${words.roles[role]}</option>`)}
      </select>
    </div>
    ${
      model.invited.mail
        ? html`<label class="tick"><input type="checkbox" name="mail" checked /> ${words.byMail}</label>`
        : nothing
    }
    ${problemView(model.problems.get("team"))}
    <button class="secondary" ?disabled=${model.busy === "team"}>${words.invite}</button>
  </form>`;
}

/** The invitation that was just made; its link is shown this once. */
export function invitationView({ name, email, link }: Invitation): TemplateResult {
  if (link === undefined) return html`<p role="status">${words.mailed(name, email)}</p>`;
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

export function openInvitationsView(model: AccountModel): TemplateResult | typeof nothing {
  const { invitations } = model.invited;
  if (invitations.length === 0) return nothing;
  return html`<h3>${words.openInvitations}</h3>
    <ul class="rows">
      ${invitations.map((invitation) => openInvitationView(invitation, model))}
    </ul>`;
}

function openInvitationView({ id, name, email, role, ...more }: OpenInvitation, model: AccountModel) {
  const about = [
    email,
    account.role[role],
    more.invitedBy !== undefined && words.invitedBy(more.invitedBy),
    words.until(clockTime(more.endsAt)),
    more.mail !== undefined && words.mail[more.mail],
  ];
  return html`<li>
    <div>
      <strong dir="auto">${name}</strong>
      <p class="small">${about.filter(Boolean).join(" · ")}</p>
    </div>
    <button
      type="button"
      class="secondary"
      aria-label=${`${words.withdraw}: ${name}`}
      @click=${() => void model.withdraw(id)}
    >
      ${words.withdraw}
    </button>
  </li>`;
}
