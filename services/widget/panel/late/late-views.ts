import { html } from "lit/html.js";
import type { Language } from "../../i18n/languages.ts";
import { lateStrings as ar } from "../../i18n/late/ar.ts";
import { lateStrings as de } from "../../i18n/late/de.ts";
import { lateStrings as en } from "../../i18n/late/en.ts";
import { lateStrings as es } from "../../i18n/late/es.ts";
import { lateStrings as fr } from "../../i18n/late/fr.ts";
import { lateStrings as ja } from "../../i18n/late/ja.ts";
import type { LateStrings } from "../../i18n/late/late-strings.ts";
import { lateStrings as pt } from "../../i18n/late/pt.ts";
import { lateStrings as zh } from "../../i18n/late/zh.ts";
import type { LateViews } from "../view-model.ts";
import { commentForm } from "./comment-form.ts";
import styles from "./late.css";
import { menu } from "./menu.ts";
import { confirmation, consentRequest } from "./questions.ts";

/** In one file: a file for each language would cost every visitor the addresses of all. */
export const lateStringsByLanguage: Record<Language, LateStrings> = { en, de, fr, es, pt, ja, zh, ar };

/** Parts of the panel that few visitors need, as they are loaded at the first use of one of them. */
export const late = {
  styles,
  viewsIn(language: Language): LateViews {
    const strings = lateStringsByLanguage[language];
    return {
      menu: (view) => menu(strings, view),
      comment: (reply, view) => commentForm(strings, reply, view),
      consent: (link, view) => consentRequest(strings, link, view),
      fromFile: html`<p class="notice" data-danger part="notice">${strings.openedAsFile}</p>`,
      confirmation: (view) => confirmation(strings, view),
    };
  },
};
