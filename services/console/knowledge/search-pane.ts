import { html, nothing, type TemplateResult } from "lit/html.js";
import type { PassageView } from "../../../shared/protocol/knowledge.ts";
import { sign } from "../views/signs.ts";
import { knowledgeProblem, type KnowledgeScreen, linkTo, shortAddress } from "./knowledge-screen.ts";
import { knowledgeTexts as words } from "./knowledge-texts.ts";
import type { ShownSearch } from "./shown-search.ts";

/** Field for a question to try. */
export function searchForm({ model, deeds }: KnowledgeScreen): TemplateResult {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const question = new FormData(event.target as HTMLFormElement).get("question");
    if (typeof question === "string" && question.trim() !== "") deeds.search(question.trim());
  };
  return html`<form class="search" role="search" @submit=${submit}>
    <input
      name="question"
      type="search"
      maxlength="1000"
      autocomplete="off"
      aria-label=${words.search.label}
      placeholder=${words.search.label}
      .value=${model.search?.question ?? ""}
    />
    <button type="submit" class="secondary">${words.search.ask}</button>
  </form>`;
}

/** Passages that a question finds, the best first, each with the words by which it was found. */
export function searchPane({ question, found, problem }: ShownSearch, { deeds }: KnowledgeScreen): TemplateResult {
  return html`<section class="conversation source" aria-labelledby="search-name">
    <header class="head">
      <button type="button" class="tool back" aria-label=${words.back} @click=${() => deeds.open(undefined)}>
        ${sign("back")}
      </button>
      <div class="title">
        <h2 id="search-name" dir="auto">${question}</h2>
        <p role="status">
          ${found ? words.search.found(found.passages.length) : problem ? nothing : words.search.asking}
        </p>
      </div>
    </header>
    <div class="pages" tabindex="-1">
      ${problem && html`<p class="problem" role="alert">${knowledgeProblem(problem)}</p>`}
      ${
        found &&
        html`<ol class="passages">
          ${found.passages.map((passage) => passageView(passage))}
        </ol>`
      }
    </div>
  </section>`;
}

function passageView({ heading, title, url, text, why, similar, language }: PassageView): TemplateResult {
  const meaning = similar === undefined ? [] : [words.search.meaning(similar)];
  const terms = [...why.map(({ term }) => term), ...meaning].join(", ");
  return html`<li>
    <h3 dir="auto">${heading || title || words.search.untitled}</h3>
    ${url === undefined ? nothing : html`<p class="small">${linkTo(url, shortAddress(url))}</p>`}
    <p class="passage" lang=${language ?? nothing} dir="auto">${text}</p>
    ${terms === "" ? nothing : html`<p class="small" dir="auto">${words.search.why}: ${terms}</p>`}
  </li>`;
}
