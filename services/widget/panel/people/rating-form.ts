import { html, nothing, type TemplateResult } from "lit/html.js";
import type { StretchRating } from "../../../../shared/protocol/people/stretch-rating.ts";
import type { Language } from "../../i18n/languages.ts";
import { ratingStringsByLanguage, type RatingStrings } from "../../i18n/people/rating-strings.ts";
import type { PartHost } from "../late-part.ts";
import type { ViewModel } from "../view-model.ts";
import styles from "./rating.css";

/** Stretch with a person that the visitor is asked about. */
interface Asked {
  readonly stretch: number;
  /** The person's, isolated from the direction of the text. */
  readonly name: string | undefined;
}

/** Duration of "Thank you". */
const thanksMs = 4_000;

/** Asks how it went with a person. A press answers; a few words may follow. */
export class RatingForm {
  readonly #host: PartHost;
  readonly #strings: RatingStrings;
  #asked: (Asked & { readonly conversationId: string | undefined }) | undefined;
  #rating: StretchRating | undefined;
  #thanks = false;

  constructor(host: PartHost, language: Language) {
    this.#host = host;
    this.#strings = ratingStringsByLanguage[language];
    host.addStyles(styles);
  }

  /** @param asked absent: there is nothing to ask, or this page has answered */
  view(asked: Asked | undefined, view: ViewModel): unknown {
    const { conversationId, handling } = view.state;
    const isSame = this.#asked?.conversationId === conversationId;
    if (asked && !(isSame && asked.stretch === this.#asked?.stretch)) {
      this.#asked = { ...asked, conversationId };
      this.#rating = undefined;
      this.#host.announce(this.#strings.question(asked.name));
    }
    if (this.#thanks) return html`<p class="people thanked">${this.#strings.thanks}</p>`;
    const isAnswering = this.#rating !== undefined && isSame && handling.handledBy === "ai";
    return this.#asked && (asked || isAnswering) ? this.#card(this.#asked, view) : nothing;
  }

  #card({ stretch, name }: Asked, { actions, settings }: ViewModel): TemplateResult {
    const { question, decline } = this.#strings;
    const rate = (rating: StretchRating) => {
      this.#rating = rating;
      actions.rateStretch(stretch, { rating });
    };
    return html`<div class="people waiting rating" part="rating" role="group" aria-labelledby="rating">
      <p id="rating">${question(name)}</p>
      ${(["good", "bad"] as const).map(
        (rating) =>
          html`<button
            type="button"
            class="secondary"
            aria-pressed=${this.#rating === rating ? "true" : "false"}
            @click=${() => rate(rating)}
          >
            ${this.#strings[rating]}
          </button>`,
      )}
      ${
        this.#rating === undefined
          ? html`<button type="button" class="plain" @click=${() => actions.rateStretch(stretch, { rating: null })}>
              ${decline}
            </button>`
          : this.#words(stretch, this.#rating, settings.locale.tag, actions)
      }
    </div>`;
  }

  #words(stretch: number, rating: StretchRating, lang: string, actions: ViewModel["actions"]): TemplateResult {
    const submit = (event: SubmitEvent) => {
      event.preventDefault();
      const comment = (new FormData(event.currentTarget as HTMLFormElement).get("comment") as string).trim();
      this.#rating = undefined;
      this.#thank();
      if (comment) actions.rateStretch(stretch, { rating, comment });
    };
    return html`<form @submit=${submit}>
      <label for="rating-words">${this.#strings.words}</label>
      <textarea id="rating-words" name="comment" rows="2" maxlength="1000" dir="auto" lang=${lang}></textarea>
      <button class="secondary">${this.#strings.done}</button>
    </form>`;
  }

  #thank(): void {
    this.#thanks = true;
    this.#host.announce(this.#strings.thanks);
    this.#host.onChange();
    setTimeout(() => {
      this.#thanks = false;
      this.#host.onChange();
    }, thanksMs);
  }
}
