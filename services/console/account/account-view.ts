import { html, nothing, type TemplateResult } from "lit/html.js";
import { clockTime } from "../views/formats.ts";
import type { Session } from "./account-api.ts";
import type { AccountModel } from "./account-model.ts";
import { accountTexts as words } from "./account-texts.ts";
import { given, inputField, newPasswordField, problemView } from "./fields.ts";
import { factorView } from "./factor-view.ts";
import { teamView } from "./team-view.ts";

export function accountView(model: AccountModel): TemplateResult {
  const { me } = model;
  if (me === undefined) {
    const problem = model.problems.get("page");
    return html`<main class="begin">
      ${problem === undefined ? html`<p role="status">${words.busy}</p>` : problemView(problem)}
      ${problem?.status === 401 ? html`<p><a href="/console?part=account">${words.signIn.title}</a></p>` : nothing}
    </main>`;
  }
  return html`<main class="account">
    <section class="who" aria-labelledby="who">
      <h1 id="who" dir="auto">${me.name}</h1>
      <p class="small">${[me.email, words.account.role[me.role]].filter(Boolean).join(" · ")}</p>
      ${model.sessions === undefined ? nothing : signOutView(model)} ${problemView(model.problems.get("page"))}
    </section>
    ${ownView(model)} ${model.isAdmin ? teamView(model) : nothing}
  </main>`;
}

function signOutView(model: AccountModel): TemplateResult {
  const signOut = () => void model.signOut().then((isOut) => isOut && location.replace("/console"));
  return html`<button type="button" class="secondary" @click=${signOut}>${words.account.signOut}</button>`;
}

/** Sections for people who have a session. */
function ownView(model: AccountModel): TemplateResult {
  if (model.problems.get("sessions")?.code === "session-required") {
    return html`<section><p>${words.account.noSession}</p></section>`;
  }
  const isConfigured = model.me?.email === undefined;
  return html`${sessionsView(model)}
  ${isConfigured ? html`<section><p>${words.account.configured}</p></section>` : [passwordView(model), factorView(model)]}`;
}

function sessionsView(model: AccountModel): TemplateResult {
  const sessions = model.sessions ?? [];
  return html`<section aria-labelledby="sessions">
    <h2 id="sessions">${words.sessions.title}</h2>
    <ul class="rows">
      ${sessions.map((session) => sessionView(session, model))}
    </ul>
    ${
      sessions.length > 1
        ? html`<button type="button" class="secondary" @click=${() => void model.endOtherSessions()}>
            ${words.sessions.endOthers}
          </button>`
        : nothing
    }
    ${problemView(model.problems.get("sessions"))}
  </section>`;
}

function sessionView({ id, current, userAgent, address, beganAt, seenAt }: Session, model: AccountModel) {
  const { sessions } = words;
  return html`<li>
    <div>
      <strong>${browserOf(userAgent)}</strong>${current ? html` · ${sessions.current}` : nothing}
      <p class="small">
        ${[address, sessions.began(clockTime(beganAt)), sessions.seen(clockTime(seenAt))].join(" · ")}
      </p>
    </div>
    ${
      current
        ? nothing
        : html`<button
            type="button"
            class="secondary"
            aria-label=${`${sessions.end}: ${browserOf(userAgent)}, ${address}`}
            @click=${() => void model.endSession(id)}
          >
            ${sessions.end}
          </button>`
    }
  </li>`;
}

/** Browser and system, as far as a person recognises them. */
function browserOf(userAgent: string): string {
  const browser = /(Firefox|Edg|OPR|Chrome|Safari)\/\d+/.exec(userAgent)?.[1];
  const system = /Windows|Android|iPhone|iPad|Mac OS X|Linux/.exec(userAgent)?.[0];
  const names: Record<string, string> = { Edg: "Edge", OPR: "Opera", "Mac OS X": "macOS" };
  const known = [browser, system].filter((name) => name !== undefined).map((name) => names[name] ?? name);
  return known.join(", ") || words.sessions.unknown;
}

function passwordView(model: AccountModel): TemplateResult {
  const { password } = words;
  const submit = (event: SubmitEvent) => {
    const form = event.currentTarget as HTMLFormElement;
    const { present = "", newPassword = "" } = given(event);
    void model.changePassword(present, newPassword).then((isChanged) => isChanged && form.reset());
  };
  return html`<section aria-labelledby="password">
    <h2 id="password">${password.title}</h2>
    <form class="fields" @submit=${submit}>
      ${inputField({ name: "present", label: password.present, type: "password", autocomplete: "current-password" })}
      ${newPasswordField()} ${problemView(model.problems.get("password"))}
      ${model.passwordChanged ? html`<p role="status">${password.changed}</p>` : nothing}
      <button class="secondary" ?disabled=${model.busy === "password"}>${password.change}</button>
    </form>
  </section>`;
}
