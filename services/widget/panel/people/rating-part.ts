import type { Language } from "../../i18n/languages.ts";
import type { PartHost } from "../late-part.ts";
import type { ViewModel } from "../view-model.ts";
import { isolate } from "./person-message.ts";
import type { RatingForm } from "./rating-form.ts";

/** Pause after a form that could not be loaded, before it is asked for again. */
const againMs = 10_000;

/** Question how it went with a person. Its form is loaded once a visitor is asked. */
export class RatingPart {
  readonly #host: PartHost;
  readonly #language: Language;
  #form: RatingForm | undefined;
  #loads = false;

  constructor(host: PartHost, language: Language) {
    this.#host = host;
    this.#language = language;
  }

  view(view: ViewModel): unknown {
    const { ratingAsked, rated } = view.state.handling;
    if (!ratingAsked || ratingAsked.stretch === rated) return this.#form?.view(undefined, view);
    if (!this.#loads) void this.#load();
    const { stretch, operator } = ratingAsked;
    return this.#form?.view({ stretch, name: operator && isolate(operator.name) }, view);
  }

  async #load(): Promise<void> {
    this.#loads = true;
    try {
      const { RatingForm } = await import("./rating-form.ts");
      this.#form = new RatingForm(this.#host, this.#language);
      this.#host.onChange();
    } catch {
      // Nothing else depends on the answer.
      setTimeout(() => (this.#loads = false), againMs);
    }
  }
}
