import { html, nothing, type TemplateResult } from "lit/html.js";
import { fileTypes } from "../../../shared/protocol/knowledge/file-types.ts";
import { knowledgeProblem, type KnowledgeDialog, type KnowledgeScreen } from "./knowledge-screen.ts";
import { knowledgeTexts as words } from "./knowledge-texts.ts";

const kinds = ["page", "sitemap", "file", "text", "question"] as const;

export function knowledgeDialog(dialog: KnowledgeDialog, screen: KnowledgeScreen): TemplateResult {
  return html`<dialog class=${dialog} aria-labelledby="dialog-title" @close=${() => screen.deeds.ask(undefined)}>
    ${dialog === "add" ? addView(screen) : removeView(screen)}
  </dialog>`;
}

function addView({ model, deeds, kind }: KnowledgeScreen): TemplateResult {
  const { form } = words;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    deeds.add(event.currentTarget as HTMLFormElement);
  };
  return html`<h2 id="dialog-title">${form.title}</h2>
    <form method="dialog" class="fields" @submit=${submit}>
      <fieldset>
        <legend>${form.kind}</legend>
        ${kinds.map(
          (each) =>
            html`<label class="choice">
              <input
                type="radio"
                name="kind"
                value=${each}
                .checked=${each === kind}
                @change=${() => deeds.chooseKind(each)}
              />
              ${words.kinds[each]}
            </label>`,
        )}
      </fieldset>
      ${fieldsOf(kind)} ${kind === "question" ? nothing : field("title", form.name, { hint: form.nameHint })}
      ${field("language", form.language, { hint: form.languageHint })}
      ${model.assistants.length > 1 ? assistantChoice(model) : nothing}
      ${model.addProblem && html`<p class="problem" role="alert">${knowledgeProblem(model.addProblem)}</p>`}
      <div class="actions">
        <button type="button" class="secondary" @click=${() => deeds.ask(undefined)}>${form.cancel}</button>
        <button class="primary" ?disabled=${model.isAdding}>${model.isAdding ? form.adding : form.add}</button>
      </div>
    </form>`;
}

function assistantChoice({ assistants }: KnowledgeScreen["model"]): TemplateResult {
  const { form } = words;
  return html`<fieldset aria-describedby="hint-assistants">
    <legend>${form.assistants}</legend>
    ${assistants.map(
      ({ type, name }) =>
        html`<label class="choice"><input type="checkbox" name="assistants" value=${type} />${name}</label>`,
    )}
    <span class="small" id="hint-assistants">${form.assistantsHint}</span>
  </fieldset>`;
}

function fieldsOf(kind: string): TemplateResult {
  const { form } = words;
  if (kind === "text") return area("text", form.text);
  if (kind === "question")
    return html`${field("question", form.question, { required: true })} ${area("answer", form.answer)}`;
  if (kind !== "file") return field("url", form.url, { type: "url", required: true });
  const accept = Object.keys(fileTypes).join(",");
  return given({
    name: "file",
    label: form.file,
    hint: form.fileHint,
    control: html`<input
      id="given-file"
      type="file"
      name="file"
      required
      accept=${accept}
      aria-describedby="hint-file"
    />`,
  });
}

interface FieldOptions {
  type?: "text" | "url";
  required?: boolean;
  hint?: string;
}

function field(name: string, label: string, { type = "text", required = false, hint }: FieldOptions): TemplateResult {
  const control = html`<input
    id=${`given-${name}`}
    type=${type}
    name=${name}
    ?required=${required}
    autocomplete="off"
    dir="auto"
    aria-describedby=${hint === undefined ? nothing : `hint-${name}`}
  />`;
  return given({ name, label, hint, control });
}

function area(name: string, label: string): TemplateResult {
  const control = html`<textarea id=${`given-${name}`} name=${name} rows="6" required dir="auto"></textarea>`;
  return given({ name, label, control });
}

interface Given {
  name: string;
  label: string;
  hint?: string | undefined;
  control: TemplateResult;
}

/** A control with its label. The hint is not part of the label, which screen readers say each time. */
function given({ name, label, hint, control }: Given): TemplateResult {
  return html`<div class="given">
    <label for=${`given-${name}`}>${label}</label>
    ${control} ${hint === undefined ? nothing : html`<span class="small" id=${`hint-${name}`}>${hint}</span>`}
  </div>`;
}

function removeView({ deeds }: KnowledgeScreen): TemplateResult {
  const { confirm } = words;
  return html`<h2 id="dialog-title">${confirm.title}</h2>
    <p>${confirm.hint}</p>
    <form method="dialog">
      <button type="button" class="primary" autofocus @click=${() => deeds.remove()}>${confirm.remove}</button>
      <button class="secondary">${confirm.cancel}</button>
    </form>`;
}
