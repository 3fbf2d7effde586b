import { html, nothing, type TemplateResult } from "lit/html.js";
import type { ChatState } from "../chat/chat-state.ts";
import { icon } from "./icons.ts";
import type { ViewModel } from "./view-model.ts";

/** Default limit of the service in code points. With another limit, the service's own error reports it. */
const maxMessageChars = 4000;
/** Share of the limit from which the remaining characters are shown. */
const showLeftFrom = 0.9;

export interface ComposerOptions {
  readonly isVisible: (text: string) => boolean;
  readonly send: (text: string) => void;
  readonly setDraft: (text: string) => void;
  readonly onChange: () => void;
}

/** Text field of the visitor. */
export class Composer {
  readonly #options: ComposerOptions;
  #field: HTMLTextAreaElement | undefined;

  constructor(options: ComposerOptions) {
    this.#options = options;
  }

  /** Attaches the field after its first rendering. */
  attach(field: HTMLTextAreaElement): void {
    this.#field = field;
  }

  focus(): void {
    this.#field?.focus({ preventScroll: true });
  }

  /**
   * Restores the text typed before a reload, or returned because it was not sent. Text being typed already is the
   * draft.
   */
  restoreDraft({ draft }: ChatState): void {
    if (this.#field === undefined || this.#field.value === draft) return;
    this.#field.value = draft;
    this.#fitHeight();
    this.#options.onChange();
  }

  render({ state, strings, formats, actions, settings }: ViewModel): TemplateResult {
    const text = this.#field?.value ?? "";
    const left = maxMessageChars - codePoints(text.trim());
    const near = left < maxMessageChars * (1 - showLeftFrom);
    const blank = !this.#options.isVisible(text.trim());
    return html`<form class="composer" part="composer" ?hidden=${state.consentAsked} @submit=${this.#submit}>
      ${
        near
          ? html`<p class="limit" id="limit" data-over=${left < 0 ? "" : nothing}>
              ${left < 0 ? strings.charactersOver(formats.number(-left)) : strings.charactersLeft(formats.number(left))}
            </p>`
          : nothing
      }
      <div class="field" data-over=${left < 0 ? "" : nothing}>
        <textarea
          part="input"
          rows="1"
          dir="auto"
          enterkeyhint="send"
          autocomplete="off"
          aria-label=${strings.yourMessage}
          aria-describedby=${near ? "limit" : nothing}
          aria-invalid=${left < 0 ? "true" : nothing}
          placeholder=${strings.placeholder}
          lang=${settings.locale.tag}
          @input=${this.#onInput}
          @keydown=${this.#onKeyDown}
        ></textarea>
        ${
          state.busy
            ? html`<button
                type="button"
                class="stop"
                part="stop"
                aria-label=${strings.stop}
                title=${strings.stop}
                @click=${actions.stop}
              >
                ${icon("stop")}
              </button>`
            : nothing
        }
        <button
          class="send"
          part="send"
          aria-label=${strings.send}
          title=${strings.send}
          aria-disabled=${blank || left < 0 ? "true" : "false"}
          @pointerdown=${keepFocus}
        >
          ${icon("send")}
        </button>
      </div>
    </form>`;
  }

  readonly #submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const text = this.#field?.value ?? "";
    if (!this.#options.isVisible(text.trim()) || codePoints(text.trim()) > maxMessageChars) return this.focus();
    this.#options.setDraft("");
    this.#options.send(text);
  };

  readonly #onInput = (): void => {
    this.#fitHeight();
    this.#options.setDraft(this.#field?.value ?? "");
    this.#options.onChange();
  };

  readonly #onKeyDown = (event: KeyboardEvent): void => {
    // Key code 229: Safari reports the key that ends a composition only after its end.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.#field?.form?.requestSubmit();
  };

  /** Fits the field's height to its text, up to the style sheet's maximum. */
  #fitHeight(): void {
    if (this.#field === undefined) return;
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight}px`;
  }
}

/** Keeps the focus in the field: a phone hides its keyboard when the field loses it. */
function keepFocus(event: PointerEvent): void {
  event.preventDefault();
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
