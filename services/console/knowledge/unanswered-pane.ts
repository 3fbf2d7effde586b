import { repeat } from "lit/directives/repeat.js";
import { html, nothing, type TemplateResult } from "lit/html.js";
import { texts } from "../texts.ts";
import { clockTime } from "../views/formats.ts";
import { sign } from "../views/signs.ts";
import { knowledgeProblem, type KnowledgeScreen } from "./knowledge-screen.ts";
import { knowledgeTexts } from "./knowledge-texts.ts";
import type { OpenQuestion } from "./source-api.ts";

const words = knowledgeTexts.unanswered;
/** Conversations that are linked from one question; the others are like them. */
const maxLinks = 5;

/** Entry of the list of sources that leads to the questions without an answer. */
export function unansweredEntry({ model, deeds }: KnowledgeScreen): TemplateResult | typeof nothing {
  const { questions = [], hasMore } = model.unanswered;
  if (questions.length === 0 && !model.showsUnanswered) return nothing;
  const open = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    deeds.openUnanswered();
  };
  return html`<a
    href="/console?part=knowledge&unanswered"
    class="entry unanswered"
    aria-current=${model.showsUnanswered ? "true" : nothing}
    @click=${open}
  >
    <span class="line">
      <span class="name">${words.title}</span>
      ${questions.length > 0 ? html`<span class="count">${questions.length}${hasMore ? "+" : ""}</span>` : nothing}
    </span>
  </a>`;
}

/** Questions without an answer, each with a box for one. */
export function unansweredPane(screen: KnowledgeScreen): TemplateResult {
  const { deeds, model } = screen;
  const { questions, problem, hasMore } = model.unanswered;
  return html`<section class="conversation source" aria-labelledby="unanswered-name">
    <header class="head">
      <button type="button" class="tool back" aria-label=${knowledgeTexts.back} @click=${() => deeds.open(undefined)}>
        ${sign("back")}
      </button>
      <div class="title">
        <h2 id="unanswered-name">${words.title}</h2>
        <p role="status">${questions?.length === 0 ? words.none : words.hint}</p>
      </div>
    </header>
    <div class="pages" tabindex="-1">
      ${problem && html`<p class="problem" role="alert">${knowledgeProblem(problem)}</p>`}
      <ul class="questions">
        ${repeat(
          questions ?? [],
          ({ id }) => id,
          (question) => html`<li>${questionView(question, screen)}</li>`,
        )}
      </ul>
      ${
        hasMore
          ? html`<button type="button" class="quiet" @click=${() => void model.unanswered.readMore()}>
              ${texts.more}
            </button>`
          : nothing
      }
    </div>
  </section>`;
}

function questionView(question: OpenQuestion, screen: KnowledgeScreen): TemplateResult {
  const { sample, count, lastAt, messages } = question;
  const conversations = [...new Set(messages.map(({ conversationId }) => conversationId))].slice(0, maxLinks);
  return html`<h3 dir="auto">${sample}</h3>
    <p class="small">
      ${words.asked(count)} · <time datetime=${lastAt}>${clockTime(lastAt)}</time>
      ${conversations.map(
        (conversation, index) =>
          html` · <a href=${`/console?conversation=${conversation}`}>${words.conversation(index + 1)}</a>`,
      )}
    </p>
    ${screen.model.mayChange ? answerForm(question, screen) : nothing}`;
}

function answerForm({ id, sample }: OpenQuestion, { model, deeds }: KnowledgeScreen): TemplateResult {
  const { form } = knowledgeTexts;
  const isBusy = model.unanswered.busy === id;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    deeds.answer(id, event.currentTarget as HTMLFormElement);
  };
  return html`<details>
    <summary>${words.answer}</summary>
    <form class="fields" @submit=${submit}>
      <div class="given">
        <label for=${`question-${id}`}>${form.question}</label>
        <input
          id=${`question-${id}`}
          name="question"
          required
          maxlength="1000"
          autocomplete="off"
          dir="auto"
          value=${sample}
        />
      </div>
      <div class="given">
        <label for=${`answer-${id}`}>${form.answer}</label>
        <textarea id=${`answer-${id}`} name="answer" rows="4" required dir="auto"></textarea>
      </div>
      <div class="actions">
        <button type="button" class="secondary" ?disabled=${isBusy} @click=${() => deeds.putAside(id)}>
          ${words.putAside}
        </button>
        <button class="primary" ?disabled=${isBusy}>${isBusy ? form.adding : form.add}</button>
      </div>
    </form>
  </details>`;
}
