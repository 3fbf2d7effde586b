import { html, render, type TemplateResult } from "lit/html.js";
import type { SourceKind } from "../../../shared/protocol/knowledge.ts";
import { texts } from "../texts.ts";
import { KnowledgeModel } from "./knowledge-model.ts";
import { knowledgeDialog } from "./knowledge-dialogs.ts";
import type { KnowledgeDeeds, KnowledgeDialog, KnowledgeScreen } from "./knowledge-screen.ts";
import { knowledgeTexts as words } from "./knowledge-texts.ts";
import { sourceListPane } from "./source-list.ts";
import { sourcePane } from "./source-pane.ts";

/** How often it is asked whether something is to be read again. */
const tickMs = 500;
const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** The page about knowledge: carries out what its buttons ask for, and keeps its address. */
class KnowledgePage implements KnowledgeDeeds {
  readonly #content: HTMLElement;
  readonly #model = new KnowledgeModel(() => this.#changed());
  #dialog: KnowledgeDialog | undefined;
  #kind: SourceKind = "page";
  /** Sent again from the same form, a source is added once. */
  #key = "";
  /** Likewise the last answer to a question: changed, it is another one. */
  #answer = { said: "", key: "" };
  #isDue = false;

  constructor(content: HTMLElement) {
    this.#content = content;
  }

  begin(): void {
    this.#readAddress();
    window.addEventListener("popstate", () => this.#readAddress());
    document.addEventListener("keydown", (event) => {
      const isFree = document.querySelector("dialog[open]") === null && !event.defaultPrevented;
      if (event.key === "Escape" && isFree) this.open(undefined);
    });
    setInterval(() => {
      if (!document.hidden) void this.#model.tick(Date.now());
    }, tickMs);
    this.#changed();
  }

  readonly open = (sourceId: string | undefined): void => {
    const { open, search, showsUnanswered } = this.#model;
    if (sourceId === open?.id && search === undefined && !showsUnanswered) return;
    this.#model.show(sourceId);
    const source = sourceId === undefined ? "" : `&source=${sourceId}`;
    history.pushState(null, "", `/console?part=knowledge${source}`);
    // On a phone the list is gone while a source is shown.
    this.#focus(sourceId === undefined ? ".entry[aria-current], .entry, .bar button" : ".back, .pages");
  };

  readonly openUnanswered = (): void => {
    if (this.#model.showsUnanswered) return;
    this.#model.showUnanswered();
    history.pushState(null, "", "/console?part=knowledge&unanswered");
    this.#focus(".back, .pages");
  };

  readonly answer = (id: string, form: HTMLFormElement): void => void this.#addAnswer(id, form);

  readonly putAside = (id: string): void => {
    void this.#model.unanswered.putAside(id).then((isGone) => isGone && this.#focus(".pages"));
  };

  readonly search = (question: string): void => {
    this.#model.ask(question);
    history.pushState(null, "", `/console?part=knowledge&${new URLSearchParams({ question })}`);
    this.#focus(".back, .pages");
  };

  readonly ask = (dialog: KnowledgeDialog | undefined): void => {
    if (dialog !== undefined && !this.#model.mayChange) return;
    document.querySelector("dialog")?.close();
    this.#dialog = dialog;
    this.#key = crypto.randomUUID();
    this.#model.addProblem = undefined;
    if (dialog === "add") void this.#model.readAssistants();
    this.#changed();
  };

  readonly chooseKind = (kind: string): void => {
    this.#kind = kind as SourceKind;
    this.#model.addProblem = undefined;
    this.#changed();
  };

  readonly add = (form: HTMLFormElement): void => {
    if (!this.#model.isAdding) void this.#add(form);
  };

  readonly remove = (): void => void this.#remove();

  async #add(form: HTMLFormElement): Promise<void> {
    const given = [...new FormData(form)];
    const file = given.map(([, value]) => value).find((value) => value instanceof File);
    const said = given.filter((entry): entry is [string, string] => typeof entry[1] === "string" && entry[1] !== "");
    const fields = Object.fromEntries(said.filter(([name]) => name !== "kind" && name !== "assistants"));
    const assistants = said.filter(([name]) => name === "assistants").map(([, type]) => type);
    const id = await this.#model.add({ kind: this.#kind, file, fields, assistants }, this.#key);
    if (id === undefined) return;
    this.ask(undefined);
    this.open(id);
    await this.#model.refresh();
  }

  async #addAnswer(id: string, form: HTMLFormElement): Promise<void> {
    const given = new FormData(form);
    const textOf = (name: string) => (given.get(name) as string).trim();
    const fields = { question: textOf("question"), answer: textOf("answer") };
    const said = JSON.stringify([id, fields]);
    if (said !== this.#answer.said) this.#answer = { said, key: crypto.randomUUID() };
    if (!(await this.#model.unanswered.answer(id, fields, this.#answer.key))) return;
    this.#focus(".pages");
    await this.#model.refresh();
  }

  async #remove(): Promise<void> {
    this.ask(undefined);
    await this.#model.remove();
    if (this.#model.open?.isGone === true) this.open(undefined);
  }

  #readAddress(): void {
    const query = new URLSearchParams(location.search);
    const [id, question] = [query.get("source"), query.get("question")];
    if (question) this.#model.ask(question);
    else if (query.has("unanswered")) this.#model.showUnanswered();
    else this.#model.show(id !== null && uuid.test(id) ? id : undefined);
  }

  /** Renders once for all changes of this turn. */
  #changed(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      const screen: KnowledgeScreen = { model: this.#model, deeds: this, kind: this.#kind };
      render(html`${pageView(screen)} ${this.#dialog && knowledgeDialog(this.#dialog, screen)}`, this.#content);
      const opened = this.#content.querySelector("dialog");
      if (opened?.open === false) opened.showModal();
    });
  }

  /** Moves the focus once the page shows what it should, where it is not seen already. */
  #focus(selector: string): void {
    this.#changed();
    queueMicrotask(() => {
      const [seen] = [...document.querySelectorAll<HTMLElement>(selector)].filter((each) => each.checkVisibility());
      seen?.focus();
    });
  }
}

function pageView(screen: KnowledgeScreen): TemplateResult {
  const { model } = screen;
  if (model.problem?.status === 401) {
    return html`<main class="begin">
      <p role="alert">${texts.problems.signIn}</p>
      <p><a href="/console?part=knowledge">${texts.problems.signInAgain}</a></p>
    </main>`;
  }
  return html`<main
    class="panes"
    ?data-open=${model.open !== undefined || model.search !== undefined || model.showsUnanswered}
  >
    <h1 class="visually-hidden">${words.knowledge}</h1>
    ${sourceListPane(screen)}
    <div class="work">${sourcePane(screen)}</div>
  </main>`;
}

const root = document.querySelector<HTMLElement>("#console");
if (root) {
  root.replaceChildren();
  const content = root.appendChild(document.createElement("div"));
  content.className = "content";
  document.title = words.title;
  new KnowledgePage(content).begin();
}
