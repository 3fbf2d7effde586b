import { render } from "lit/html.js";
import type { Chat, ChatState } from "../chat/chat-state.ts";
import type { Settings } from "../element/settings.ts";
import type { UiStrings } from "../i18n/ui-strings.ts";
import { type ActionsContext, createActions } from "./actions.ts";
import { Announcer } from "./accessibility/announcer.ts";
import { cardsPart } from "./cards/cards-part.ts";
import type { EarlierList } from "./welcome/earlier-list.ts";
import { PanelFrame } from "./layout/panel-frame.ts";
import { Composer } from "./composer.ts";
import { Formats } from "./formats.ts";
import type { late } from "./late/late-views.ts";
import { peoplePart, withHandling } from "./people/people-part.ts";
import { sourcesPart } from "./sources/sources-part.ts";
import { StickyScroll } from "./layout/sticky-scroll.ts";
import { type Actions, initialPanelState, type PanelState, type ViewModel } from "./view-model.ts";
import panelCss from "./panel.css";
import textCss from "./text.css";
import { isFromFile, panelView } from "./panel-view.ts";
import { ReplyRenderer } from "./reply-renderer.ts";

/** Callbacks of the panel to its element. */
export interface PanelHost {
  readonly send: (text: string) => void;
  readonly close: () => void;
  /** Functions of the element's file: importing them would split it. Absent in a page that was loaded before an update. */
  readonly isVisible?: (text: string) => boolean;
  readonly showInTopLayer?: (element: HTMLElement, raised: boolean) => void;
}

/** Interval of a countdown's updates. */
const countdownMs = 1000;

/** The open chat. Created in the element's shadow root at the first opening; keeps its scroll position when closed. */
export class Panel {
  readonly chat: Chat;
  readonly #root: ShadowRoot;
  readonly #frame: PanelFrame;
  readonly #composer: Composer;
  readonly #replies = new ReplyRenderer(() => this.#scheduleUpdate());
  readonly #announcer: Announcer;
  readonly #actions: Actions;
  #earlier: EarlierList | undefined;
  readonly #partHost = {
    addStyles: (styles: string) => this.#addStyles(styles),
    onChange: () => this.#scheduleUpdate(),
    announce: (words: string) => this.#announce(words),
  };
  readonly #people = peoplePart(this.#partHost);
  readonly #sources = sourcesPart(this.#partHost);
  readonly #cards = cardsPart(this.#partHost);
  /** Parts that are loaded once there is something for them to show. */
  readonly #parts = [this.#people, this.#sources, this.#cards];
  readonly #sheets: CSSStyleSheet[] = [];
  readonly #unsubscribe: () => void;
  #stickyScroll: StickyScroll | undefined;
  #late: typeof late | undefined;
  #texts: Pick<ViewModel, "strings" | "formats" | "settings"> | undefined;
  #state = initialPanelState;
  #firstKey: string | undefined;
  #isOpen = false;
  /** True once what must be seen at the opening is being loaded, such as the question for consent; a failure is repeated by the visitor. */
  #loadsConsent = false;
  #loadsEarlier = false;
  #renderScheduled = false;
  #countdown: ReturnType<typeof setInterval> | undefined;

  constructor(root: ShadowRoot, chat: Chat, host: PanelHost) {
    this.#root = root;
    this.chat = chat;
    this.#addStyles(panelCss + textCss);
    const { onChange } = this.#partHost;
    this.#frame = new PanelFrame(root, { ...host, dismiss: () => this.#dismiss(host), onChange });
    this.#announcer = new Announcer({
      region: this.#frame.liveRegion,
      plainText: (reply) => this.#replies.plainText(reply),
    });
    this.#composer = new Composer({
      isVisible: host.isVisible ?? Boolean,
      send: (text) => this.#actions.send(text),
      setDraft: (text) => chat.setDraft(text),
      onChange,
    });
    this.#actions = createActions(chat, host, this.#actionsContext());
    this.#unsubscribe = chat.subscribe(onChange);
    this.#frame.element.addEventListener("pointerdown", this.#closeMenu);
    this.#frame.element.addEventListener("focusin", this.#closeMenu);
  }

  /**
   * Opens the panel or, if open, applies changes.
   * @param focus true if the visitor opened it
   */
  show(settings: Settings, strings: UiStrings, { focus }: { focus: boolean }): void {
    if (this.#texts?.strings !== strings || this.#texts.settings.locale.tag !== settings.locale.tag) {
      this.#texts = { strings, formats: new Formats(settings.locale.tag), settings };
    } else this.#texts = { ...this.#texts, settings };
    const opens = !this.#isOpen;
    this.#isOpen = true;
    this.#frame.show({ inline: settings.position === "inline", locale: settings.locale });
    this.#update();
    if (opens) this.#stickyScroll?.scrollToEnd();
    if (focus) this.#focus();
  }

  /** @returns true if the focus was in it */
  hide(): boolean {
    this.#isOpen = false;
    this.#announcer.reset();
    this.#earlier?.update(false);
    this.#loadsConsent = false;
    for (const part of this.#parts) part.allowRetry();
    this.#sources.views?.dismiss();
    this.#setState({ menuOpen: false, confirming: undefined, again: undefined });
    this.#runCountdown(false);
    return this.#frame.hide();
  }

  dispose(): void {
    this.#isOpen = false;
    this.#unsubscribe();
    this.#runCountdown(false);
    this.#announcer.reset();
    this.#replies.close();
    this.#stickyScroll?.close();
    this.#frame.close();
    this.#root.adoptedStyleSheets = this.#root.adoptedStyleSheets.filter((sheet) => !this.#sheets.includes(sheet));
  }

  #actionsContext(): ActionsContext {
    return {
      root: this.#root,
      setState: (change) => this.#setState(change),
      announce: (words) => this.#announce(words),
      loadLate: (again) => this.#loadLate(again),
      scrollToEnd: () => this.#stickyScroll?.scrollToEnd(),
      focus: () => this.#focus(),
    };
  }

  #addStyles(styles: string): void {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(styles);
    this.#sheets.push(sheet);
    this.#root.adoptedStyleSheets.push(sheet);
  }

  #announce(words: string | ((strings: UiStrings) => string)): void {
    if (this.#texts === undefined || !this.#isOpen) return;
    this.#announcer.announce(typeof words === "string" ? words : words(this.#texts.strings));
  }

  async #loadLate(again: () => void): Promise<boolean> {
    this.#setState({ again: undefined });
    try {
      const { late } = await import("./late/late-views.ts");
      if (this.#late === undefined) this.#addStyles(late.styles);
      this.#late = late;
      this.#setState({});
      return true;
    } catch {
      if (!this.#isOpen) return false;
      this.#setState({ menuOpen: false, commenting: undefined, again });
      this.#announce(({ notLoaded }) => notLoaded);
      return false;
    }
  }

  async #loadConsent(): Promise<void> {
    this.#loadsConsent = true;
    const isShown = await this.#loadLate(() => void this.#loadConsent());
    // The panel took the focus while there was nothing to answer.
    if (isShown && this.#root.activeElement === this.#frame.element) this.#focus();
  }

  async #loadEarlier(): Promise<void> {
    this.#loadsEarlier = true;
    // The chat works as well without them.
    const part = await import("./welcome/earlier-list.ts").catch(() => undefined);
    this.#earlier = part && new part.EarlierList({ chat: this.chat, ...this.#partHost });
    this.#scheduleUpdate();
  }

  /** Merges several changes of one moment into one rendering. */
  #scheduleUpdate(): void {
    if (this.#renderScheduled || !this.#isOpen) return;
    this.#renderScheduled = true;
    queueMicrotask(() => {
      this.#renderScheduled = false;
      if (this.#isOpen) this.#update();
    });
  }

  #update(): void {
    const state = withHandling(this.chat.state);
    const texts = this.#texts;
    if (texts === undefined) return;
    const { strings, settings } = texts;
    this.#replies.update(state);
    const wantsEarlier = settings.identity !== undefined && state.ready && state.messages.length === 0;
    if (wantsEarlier && !this.#loadsEarlier) void this.#loadEarlier();
    this.#earlier?.update(wantsEarlier);
    if ((state.consentAsked || isFromFile) && !this.#loadsConsent) void this.#loadConsent();
    for (const part of this.#parts) part.update(state, settings.locale);
    this.#cards.views?.announce(state);
    const [hadFocus, confirmed] = [this.#frame.hasFocus, this.#state.confirming];
    this.#keepPosition(state, () => this.#render({ ...texts, state }));
    this.#composer.restoreDraft(state);
    this.#announcer.update(state, strings, settings.locale.tag);
    this.#runCountdown(
      state.notice !== undefined && "resumesAt" in state.notice && state.notice.resumesAt > Date.now(),
    );
    // The focused element was removed, as by "Try again".
    if (hadFocus && !this.#frame.hasFocus && confirmed === undefined) this.#focus();
  }

  #render(given: Pick<ViewModel, "strings" | "formats" | "settings" | "state">): void {
    const view: ViewModel = {
      ...given,
      ui: { ...this.#state, isFull: this.#frame.isFull, atEnd: this.#stickyScroll?.atEnd ?? true },
      actions: this.#actions,
      earlier: this.#earlier?.view,
      late: this.#late?.viewsIn(given.settings.locale.language),
      people: this.#people.views,
      sources: this.#sources.views,
      cards: this.#cards.views,
      renderText: (reply) =>
        this.#replies.render(reply, {
          strings: given.strings,
          copyCode: this.#actions.copyCode,
          sources: this.#sources.views,
        }),
    };
    render(panelView(view, this.#composer), this.#frame.content);
    if (this.#stickyScroll === undefined) this.#attach();
  }

  /** Attaches the permanent elements after the first rendering. */
  #attach(): void {
    const [log, messages] = [this.#find(".log"), this.#find(".messages")];
    if (log && messages) this.#stickyScroll = new StickyScroll(log, messages, this.#partHost.onChange);
    const field = this.#frame.content.querySelector<HTMLTextAreaElement>(".composer textarea");
    if (field) this.#composer.attach(field);
  }

  /** Keeps the scroll position when older messages are added above. */
  #keepPosition({ messages }: ChatState, prepend: () => void): void {
    const first = messages.at(0)?.key;
    const prepends = this.#firstKey !== undefined && messages.some(({ key }, at) => at > 0 && key === this.#firstKey);
    this.#firstKey = first;
    if (prepends && this.#stickyScroll !== undefined) this.#stickyScroll.keepPosition(prepend);
    else prepend();
  }

  #setState(change: Partial<PanelState>): void {
    const before = this.#state.confirming;
    this.#state = { ...this.#state, ...change };
    if (!this.#isOpen) return;
    this.#update();
    if (this.#state.confirming !== before) this.#focusConfirmation();
  }

  /** Focuses the field; not on a phone, whose keyboard would open before the visitor wants it. */
  #focus(): void {
    if (matchMedia("(pointer: coarse)").matches) this.#frame.element.focus({ preventScroll: true });
    else if (this.chat.state.consentAsked) (this.#find(".consent button") ?? this.#frame.element).focus();
    else this.#composer.focus();
  }

  #focusConfirmation(): void {
    this.#find(this.#state.confirming === undefined ? ".more" : ".question button")?.focus();
  }

  #find(selector: string): HTMLElement | null {
    return this.#frame.content.querySelector<HTMLElement>(selector);
  }

  /** Closes the innermost part first on Escape. */
  #dismiss(host: PanelHost): void {
    if (this.#sources.views?.dismiss()) return;
    if (this.#state.confirming !== undefined) this.#setState({ confirming: undefined });
    else if (this.#state.menuOpen) {
      this.#find(".more")?.focus();
      this.#setState({ menuOpen: false });
    } else if (this.#state.commenting !== undefined) this.#find(".comment button")?.click();
    else host.close();
  }

  readonly #closeMenu = ({ target }: Event): void => {
    if (!this.#state.menuOpen || !(target instanceof Element) || target.closest(".menu, .more") !== null) return;
    this.#setState({ menuOpen: false });
  };

  #runCountdown(wanted: boolean): void {
    if (wanted === (this.#countdown !== undefined)) return;
    clearInterval(this.#countdown);
    this.#countdown = wanted ? setInterval(() => this.#scheduleUpdate(), countdownMs) : undefined;
  }
}
