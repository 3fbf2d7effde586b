import { render } from "lit/html.js";
import type { Chat, ChatState } from "../chat/chat-state.ts";
import type { Settings } from "../element/settings.ts";
import type { Words } from "../i18n/ui-strings.ts";
import { type ActionsContext, createActions } from "./actions.ts";
import { Announcer } from "./accessibility/announcer.ts";
import { PanelBox } from "./layout/panel-frame.ts";
import { Composer } from "./composer.ts";
import { Formats } from "./formats.ts";
import { KeepEnd } from "./layout/sticky-scroll.ts";
import type { Actions, Ui, View } from "./view-model.ts";
import panelCss from "./panel.css";
import textCss from "./text.css";
import { panelView } from "./panel-view.ts";
import { Replies } from "./reply-renderer.ts";

/** Callbacks of the panel to its element. */
export interface PanelHost {
  readonly send: (text: string) => void;
  readonly close: () => void;
}

const quiet: Ui = {
  menuOpen: false,
  question: undefined,
  commenting: undefined,
  thanked: undefined,
  copied: undefined,
  atEnd: true,
  isFull: false,
};
/** Interval of a countdown's updates. */
const tickMs = 1000;

/** The open chat. Created in the element's shadow root at the first opening; keeps its scroll position when closed. */
export class Panel {
  readonly chat: Chat;
  readonly #root: ShadowRoot;
  readonly #box: PanelBox;
  readonly #composer: Composer;
  readonly #replies = new Replies(() => this.#schedule());
  readonly #announcer: Announcer;
  readonly #actions: Actions;
  readonly #sheet = new CSSStyleSheet();
  readonly #unsubscribe: () => void;
  #keepEnd: KeepEnd | undefined;
  #language: Pick<View, "words" | "formats" | "settings"> | undefined;
  #ui = quiet;
  #firstKey: string | undefined;
  #isOpen = false;
  #due = false;
  #ticks: ReturnType<typeof setInterval> | undefined;

  constructor(root: ShadowRoot, chat: Chat, host: PanelHost) {
    this.#root = root;
    this.chat = chat;
    this.#sheet.replaceSync(panelCss + textCss);
    root.adoptedStyleSheets.push(this.#sheet);
    this.#box = new PanelBox(root, { leave: () => this.#leave(host), changed: () => this.#schedule() });
    this.#announcer = new Announcer({
      region: this.#box.region,
      plainText: (reply) => this.#replies.plainText(reply),
    });
    this.#composer = new Composer({
      send: (text) => this.#actions.send(text),
      setDraft: (text) => chat.setDraft(text),
      changed: () => this.#schedule(),
    });
    this.#actions = createActions(chat, host, this.#actionsContext());
    this.#unsubscribe = chat.subscribe(() => this.#schedule());
    this.#box.element.addEventListener("pointerdown", this.#closeMenu);
    this.#box.element.addEventListener("focusin", this.#closeMenu);
  }

  /**
   * Opens the panel or, if open, applies changes.
   * @param focus true if the visitor opened it
   */
  show(settings: Settings, words: Words, { focus }: { focus: boolean }): void {
    if (this.#language?.words !== words || this.#language.settings.locale.tag !== settings.locale.tag) {
      this.#language = { words, formats: new Formats(settings.locale.tag), settings };
    } else this.#language = { ...this.#language, settings };
    const opens = !this.#isOpen;
    this.#isOpen = true;
    this.#box.show({ inline: settings.position === "inline", locale: settings.locale });
    this.#draw();
    if (opens) this.#keepEnd?.toEnd();
    if (focus) this.#focus();
  }

  /** @returns true if the focus was in it */
  hide(): boolean {
    this.#isOpen = false;
    this.#announcer.rest();
    this.#setUi({ menuOpen: false, question: undefined });
    this.#count(false);
    return this.#box.hide();
  }

  dispose(): void {
    this.#isOpen = false;
    this.#unsubscribe();
    this.#count(false);
    this.#announcer.rest();
    this.#replies.close();
    this.#keepEnd?.close();
    this.#box.close();
    this.#root.adoptedStyleSheets = this.#root.adoptedStyleSheets.filter((sheet) => sheet !== this.#sheet);
  }

  #actionsContext(): ActionsContext {
    return {
      root: this.#root,
      setUi: (ui) => this.#setUi(ui),
      say: (choose) => {
        if (this.#language !== undefined) this.#announcer.say(choose(this.#language.words));
      },
      toEnd: () => this.#keepEnd?.toEnd(),
      focus: () => this.#focus(),
    };
  }

  /** Merges several changes of one moment into one rendering. */
  #schedule(): void {
    if (this.#due || !this.#isOpen) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      if (this.#isOpen) this.#draw();
    });
  }

  #draw(): void {
    const { state } = this.chat;
    const language = this.#language;
    if (language === undefined) return;
    const { words, settings } = language;
    this.#replies.follow(state);
    const hadFocus = this.#box.hasFocus;
    const asked = this.#ui.question;
    this.#keepPlace(state, () => this.#render({ ...language, state }));
    this.#composer.follow(state);
    this.#announcer.follow(state, words, settings.locale.tag);
    this.#count(state.notice !== undefined && "resumesAt" in state.notice && state.notice.resumesAt > Date.now());
    // The focused element was removed, as by "Try again".
    if (hadFocus && !this.#box.hasFocus && asked === undefined) this.#focus();
  }

  #render(given: Pick<View, "words" | "formats" | "settings" | "state">): void {
    const view: View = {
      ...given,
      ui: { ...this.#ui, isFull: this.#box.isFull, atEnd: this.#keepEnd?.atEnd ?? true },
      actions: this.#actions,
      renderText: (reply) => this.#replies.render(reply, given.words, this.#actions.copyCode),
    };
    render(panelView(view, this.#composer), this.#box.content);
    if (this.#keepEnd === undefined) this.#attach();
  }

  /** Attaches the permanent elements after the first rendering. */
  #attach(): void {
    const [log, messages] = [this.#find(".log"), this.#find(".messages")];
    if (log && messages) this.#keepEnd = new KeepEnd(log, messages, () => this.#schedule());
    const field = this.#box.content.querySelector<HTMLTextAreaElement>(".composer textarea");
    if (field) this.#composer.attach(field);
  }

  /** Keeps the scroll position when older messages are added above. */
  #keepPlace({ messages }: ChatState, act: () => void): void {
    const first = messages.at(0)?.key;
    const prepends = this.#firstKey !== undefined && messages.some(({ key }, at) => at > 0 && key === this.#firstKey);
    this.#firstKey = first;
    if (prepends && this.#keepEnd !== undefined) this.#keepEnd.keepPlace(act);
    else act();
  }

  #setUi(change: Partial<Ui>): void {
    const asked = this.#ui.question;
    this.#ui = { ...this.#ui, ...change };
    if (!this.#isOpen) return;
    this.#draw();
    if (this.#ui.question !== asked) this.#focusQuestion();
  }

  /** Focuses the field; not on a phone, whose keyboard would open before the visitor wants it. */
  #focus(): void {
    if (matchMedia("(pointer: coarse)").matches) this.#box.element.focus({ preventScroll: true });
    else this.#composer.focus();
  }

  #focusQuestion(): void {
    this.#find(this.#ui.question === undefined ? ".more" : ".question button")?.focus();
  }

  #find(selector: string): HTMLElement | null {
    return this.#box.content.querySelector<HTMLElement>(selector);
  }

  /** Closes the innermost part first on Escape. */
  #leave(host: PanelHost): void {
    if (this.#ui.question !== undefined) this.#setUi({ question: undefined });
    else if (this.#ui.menuOpen) this.#setUi({ menuOpen: false });
    else host.close();
  }

  readonly #closeMenu = ({ target }: Event): void => {
    if (!this.#ui.menuOpen || !(target instanceof Element) || target.closest(".menu, .more") !== null) return;
    this.#setUi({ menuOpen: false });
  };

  #count(wanted: boolean): void {
    if (wanted === (this.#ticks !== undefined)) return;
    clearInterval(this.#ticks);
    this.#ticks = wanted ? setInterval(() => this.#schedule(), tickMs) : undefined;
  }
}
