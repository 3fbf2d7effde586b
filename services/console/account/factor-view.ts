import { html, nothing, svg, type TemplateResult } from "lit/html.js";
import { encode } from "uqr";
import type { FactorSetup } from "../../../shared/protocol/people/accounts.ts";
import type { AccountModel } from "./account-model.ts";
import { accountTexts } from "./account-texts.ts";
import { given, inputField, problemView } from "./fields.ts";

const { factor: words, password } = accountTexts;

/** The second factor of one's own account: set up, confirmed, taken away. */
export function factorView(model: AccountModel): TemplateResult {
  const { factorSetup: setup, backupCodes, me } = model;
  return html`<section aria-labelledby="factor">
    <h2 id="factor">${words.title}</h2>
    <p>${me?.twoFactor === true ? words.on : words.off}</p>
    ${setup === undefined ? passwordFirst(model) : confirmView(model, setup)}
    ${problemView(model.problems.get("factor"))} ${backupCodes === undefined ? nothing : codesView(backupCodes)}
  </section>`;
}

/** Buttons that need the password: someone else may sit at an unlocked computer. */
function passwordFirst(model: AccountModel): TemplateResult {
  const isOn = model.me?.twoFactor === true;
  const submit = (event: SubmitEvent) => {
    const form = event.currentTarget as HTMLFormElement;
    const what = event.submitter instanceof HTMLButtonElement ? event.submitter.value : "";
    const { factorPassword = "" } = given(event);
    const work = isOn
      ? what === "remove"
        ? model.removeFactor(factorPassword)
        : model.renewBackupCodes(factorPassword)
      : model.setUpFactor(factorPassword);
    void work.then((isDone) => isDone && form.reset());
  };
  return html`<form class="fields" @submit=${submit}>
    ${inputField({
      name: "factorPassword",
      label: password.present,
      type: "password",
      autocomplete: "current-password",
    })}
    <div class="line">
      ${
        isOn
          ? html`<button class="secondary" value="codes">${words.newCodes}</button>
              <button class="secondary" value="remove">${words.remove}</button>`
          : html`<button class="secondary" value="add">${words.setUp}</button>`
      }
    </div>
  </form>`;
}

function confirmView(model: AccountModel, { uri }: FactorSetup): TemplateResult {
  const secret = new URL(uri).searchParams.get("secret") ?? "";
  const submit = (event: SubmitEvent) => void model.confirmFactor((given(event)["code"] ?? "").trim());
  return html`<p>${words.scan}</p>
    ${qrCode(uri)}
    <p class="small">${words.byHand} <code class="secret">${secret.replaceAll(/(.{4})(?=.)/g, "$1 ")}</code></p>
    <form class="fields" @submit=${submit}>
      ${inputField({ name: "code", label: words.code, autocomplete: "one-time-code", inputMode: "numeric" })}
      <button class="primary">${words.confirm}</button>
    </form>`;
}

/** Backup codes, shown this once. */
function codesView(codes: readonly string[]): TemplateResult {
  return html`<div class="made" role="status">
    <h3>${words.codes}</h3>
    <p class="small">${words.codesHint}</p>
    <ul class="codes">
      ${codes.map((code) => html`<li><code>${code}</code></li>`)}
    </ul>
  </div>`;
}

/** One path: a module is a square of one unit. White around and below, whatever the theme: readers want that. */
function qrCode(text: string): TemplateResult {
  const { data, size } = encode(text, { border: 4 });
  const squares = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])));
  return html`<svg
    class="qr"
    viewBox=${`0 0 ${size} ${size}`}
    role="img"
    aria-label=${words.qr}
    shape-rendering="crispEdges"
  >
    ${svg`<path d=${squares.join("")} />`}
  </svg>`;
}
