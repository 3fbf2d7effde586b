import { html, render, type TemplateResult } from "lit/html.js";
import { keyed } from "lit/directives/keyed.js";
import type { LinkView } from "../../../shared/protocol/people/accounts.ts";
import type { ServiceProblem } from "../client/service-problem.ts";
import { accountApi } from "./account-api.ts";
import { accountTexts } from "./account-texts.ts";
import { asProblem, given, inputField, newPasswordField, problemView } from "./fields.ts";

const { signIn: words, link: linkWords, code: codeWords } = accountTexts;

/** The page to sign in with: by a password and maybe a second factor, or by a one-time link. */
class SignInPage {
  readonly #root: HTMLElement;
  #link: string | undefined;
  /** Absent while it is being read. */
  #about: LinkView | undefined;
  /** The password was right; a code of this kind is wanted, too. */
  #factor: "code" | "backupCode" | undefined;
  #problem: ServiceProblem | undefined;
  #isBusy = false;

  constructor(root: HTMLElement) {
    this.#root = root;
  }

  begin(): void {
    document.title = words.pageTitle;
    // A link that is pasted over this page's address loads no page.
    window.addEventListener("hashchange", () => this.#readAddress());
    this.#readAddress();
    this.#show();
  }

  #readAddress(): void {
    const link = new URLSearchParams(location.hash.slice(1)).get("link");
    if (link === null) return;
    // The token stays in neither the address bar nor the history.
    history.replaceState(null, "", location.pathname + location.search);
    this.#link = link;
    this.#about = undefined;
    void this.#look(link);
  }

  async #look(link: string): Promise<void> {
    await this.#try(async () => {
      this.#about = await accountApi.lookAtLink(link);
    });
    // It cannot be used: a password can.
    if (this.#about === undefined) this.#link = undefined;
    this.#show();
  }

  readonly #submit = (event: SubmitEvent): void => {
    const { email = "", password = "", newPassword } = given(event);
    const link = this.#link;
    if (this.#isBusy) return;
    void this.#try(async () => {
      const { secondFactor } = await (link === undefined
        ? accountApi.signIn(email.trim(), password)
        : accountApi.useLink(link, newPassword));
      if (secondFactor === undefined) enter();
      else this.#factor = "code";
    });
  };

  readonly #showFactor = (event: SubmitEvent): void => {
    const { code = "", backupCode = "" } = given(event);
    if (this.#isBusy) return;
    void this.#try(async () => {
      await accountApi.showFactor(this.#factor === "backupCode" ? { backupCode } : { code });
      enter();
    });
  };

  #askFor(factor: "code" | "backupCode" | undefined): void {
    this.#factor = factor;
    this.#problem = undefined;
    this.#show();
  }

  async #try(work: () => Promise<void>): Promise<void> {
    this.#isBusy = true;
    this.#problem = undefined;
    this.#show();
    try {
      await work();
    } catch (error) {
      this.#problem = asProblem(error);
    }
    this.#isBusy = false;
    this.#show();
  }

  #show(): void {
    render(this.#view(), this.#root);
    this.#root.querySelector<HTMLElement>("[autofocus]:not(:focus)")?.focus();
  }

  #view(): TemplateResult {
    const busy = this.#isBusy;
    return html`<div class="card">
      <p class="brand">Parley</p>
      ${this.#stepView(busy)}
    </div>`;
  }

  #stepView(busy: boolean): TemplateResult {
    if (this.#factor !== undefined) return this.#factorView(this.#factor, busy);
    return this.#link === undefined ? this.#passwordView(busy) : this.#linkView(busy);
  }

  #factorView(factor: "code" | "backupCode", busy: boolean): TemplateResult {
    const isCode = factor === "code";
    const field = isCode
      ? inputField({
          name: "code",
          label: codeWords.code,
          autocomplete: "one-time-code",
          inputMode: "numeric",
          hint: codeWords.hint,
          focus: true,
        })
      : inputField({ name: "backupCode", label: codeWords.backup, autocomplete: "off", focus: true });
    const other = isCode ? ("backupCode" as const) : ("code" as const);
    return html`<h1>${codeWords.title}</h1>
      <form class="fields" @submit=${this.#showFactor}>
        ${keyed(factor, field)} ${problemView(this.#problem)}
        <button class="primary" ?disabled=${busy}>${busy ? words.busy : codeWords.submit}</button>
        <button type="button" class="secondary" @click=${() => this.#askFor(other)}>
          ${isCode ? codeWords.useBackup : codeWords.useCode}
        </button>
        <button type="button" class="plain" @click=${() => this.#askFor(undefined)}>${codeWords.again}</button>
      </form>`;
  }

  #passwordView(busy: boolean): TemplateResult {
    return html`<h1>${words.title}</h1>
      <form class="fields" @submit=${this.#submit}>
        ${inputField({ name: "email", label: words.address, autocomplete: "username", focus: true })}
        ${inputField({ name: "password", label: words.password, type: "password", autocomplete: "current-password" })}
        ${problemView(this.#problem)}
        <button class="primary" ?disabled=${busy}>${busy ? words.busy : words.submit}</button>
        <p class="small">${words.lost}</p>
      </form>`;
  }

  #linkView(busy: boolean): TemplateResult {
    const about = this.#about;
    if (about === undefined) return html`<p role="status">${linkWords.reading}</p>`;
    const setsPassword = about.purpose !== "sign-in";
    return html`<h1 dir="auto">${titleOf(about)}</h1>
      ${setsPassword ? html`<p>${hintOf(about)}</p>` : ""}
      <form class="fields" @submit=${this.#submit}>
        ${
          setsPassword
            ? html`${inputField({ name: "email", label: linkWords.address, autocomplete: "username", value: about.email ?? "" })}
              ${newPasswordField()}`
            : ""
        }
        ${problemView(this.#problem)}
        <button class="primary" ?disabled=${busy}>
          ${busy ? words.busy : setsPassword ? linkWords.submit : linkWords.asWhom(about.name)}
        </button>
        <p class="small">${linkWords.once}</p>
      </form>`;
  }
}

function titleOf({ purpose, name }: LinkView): string {
  if (purpose === "invitation") return linkWords.invitation(name);
  return purpose === "reset" ? linkWords.reset : words.title;
}

function hintOf({ purpose }: LinkView): string {
  return purpose === "reset" ? linkWords.resetHint : linkWords.invitationHint;
}

/** Goes on to what the address is of, now that the service shows it. */
function enter(): void {
  const query = new URLSearchParams(location.search);
  if (query.get("part") === "sign-in") location.replace("/console");
  else location.reload();
}

const root = document.querySelector<HTMLElement>("#sign-in");
if (root) {
  root.replaceChildren();
  new SignInPage(root).begin();
}
