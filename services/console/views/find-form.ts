import { html, nothing, type TemplateResult } from "lit/html.js";
import type { FoundList } from "../model/found.ts";
import { filterOf, filters } from "../model/found.ts";
import { texts } from "../texts.ts";
import type { Screen } from "./screen.ts";

const words = texts.search;

/** The form to search all conversations, and how many were found. */
export function findForm({ model, deeds }: Screen): TemplateResult {
  const { text = "", filter = "" } = model.found.asked ?? {};
  const search = (event: Event) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const q = given.get("q");
    deeds.search({ text: typeof q === "string" ? q : "", filter: filterOf(given.get("filter")) });
  };
  return html`<form class="find" role="search" @submit=${search}>
    <input
      type="search"
      name="q"
      aria-label=${words.name}
      placeholder=${words.hint}
      maxlength="200"
      autocomplete="off"
      spellcheck="false"
      enterkeyhint="search"
      dir="auto"
      .value=${text}
    />
    <select
      name="filter"
      aria-label=${words.filter}
      @change=${({ target }: Event) => (target as HTMLSelectElement).form?.requestSubmit()}
    >
      ${filters.map((each) => html`<option value=${each} .selected=${each === filter}>${words.filters[each]}</option>`)}
    </select>
    <p role="status">${statusOf(model.found)}</p>
    ${
      model.found.asked === undefined
        ? nothing
        : html`<button type="button" class="plain" @click=${() => deeds.search({ text: "", filter: "" })}>
            ${words.clear}
          </button>`
    }
  </form>`;
}

function statusOf({ asked, entries, hasMore, problem }: FoundList): string | typeof nothing {
  if (asked === undefined || problem !== undefined) return nothing;
  if (entries === undefined) return words.searching;
  return entries.length === 0 ? words.none : words.found(entries.length, hasMore);
}
