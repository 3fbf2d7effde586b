import { isVisible } from "../../../shared/protocol/text/visible.ts";
import type { Chat, ParleyEvent } from "../chat/chat-state.ts";
import type { Panel } from "../panel/panel.ts";
import type { ParleyChatElement } from "../../../packages/client/source/parley.d.ts";
import { loadStrings } from "../i18n/languages.ts";
import { launcherStrings } from "../i18n/launcher-strings.ts";
import { ChatObserver } from "./chat-observer.ts";
import { accentRules, parseColour } from "./color.ts";
import { endEventsAt } from "./event-border.ts";
import { Launcher } from "./launcher.ts";
import { openSafeStorage } from "./safe-storage.ts";
import { attributeNames, claimedVisitor, readSettings, type Settings } from "./settings.ts";
import shellCss from "./shell.css";
import { hasStoredChat, whenIdle } from "./stored-chat.ts";
import { showInTopLayer } from "./top-layer.ts";
import { UnreadCounter } from "./unread-counter.ts";

/** Maximum length of the page's address; the service stores 2 KB of metadata per message. */
const maxPageChars = 500;

/**
 * Chat as an element: a button in the corner that opens it or, with `position="inline"`, the chat itself at the
 * element's place. Attributes are its input, events its output (see `ParleyEvents`). The class alone defines no
 * element.
 */
export class ParleyChat extends HTMLElement implements ParleyChatElement {
  static readonly observedAttributes: readonly string[] = attributeNames;
  /** Default server of elements without a `server`. */
  static defaultServer = "";

  /** Entries of the page's own; the page may set it before this class is loaded. */
  declare metadata: Record<string, string> | undefined;

  readonly #root: ShadowRoot = this.attachShadow({ mode: "open" });
  readonly #accent = new CSSStyleSheet();
  readonly #launcher = new Launcher({ open: () => this.open(), preload: () => void this.#loadPanel().catch(ignore) });
  readonly #localStorage = openSafeStorage(() => localStorage);
  readonly #sessionStorage = openSafeStorage(() => sessionStorage);
  #settings: Settings = readSettings(this, ParleyChat.defaultServer);
  #observed: { key: string; opened: Promise<ChatObserver> } | undefined;
  #panel: Panel | undefined;
  #unread = 0;
  #panelShown = false;
  #loading = false;
  #failed = false;
  #wantsFocus = false;
  #updateScheduled = false;
  #ready = false;

  constructor() {
    super();
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(shellCss);
    this.#root.adoptedStyleSheets = [sheet, this.#accent];
    this.#root.append(this.#launcher.element);
    endEventsAt(this.#root);
  }

  /** True if the panel is open or opening. */
  get isOpen(): boolean {
    return this.hasAttribute("open") || this.#settings.position === "inline";
  }

  /** Opens the panel and moves the focus into it. */
  open(): void {
    this.#wantsFocus = true;
    this.setAttribute("open", "");
    this.#scheduleUpdate();
  }

  close(): void {
    this.removeAttribute("open");
  }

  /** Sends a message as if the visitor had typed it. Blank text is ignored. */
  send(text: string): void {
    if (!isVisible(text)) return;
    this.#withChat((chat) => {
      chat.send(text);
      this.#emit({ type: "parley:message", detail: { text } });
    });
  }

  /** Puts a text into the message field, unless the visitor has written something. */
  prefill(text: string): void {
    this.#withChat((chat) => {
      if (chat.state.draft === "") chat.setDraft(text);
    });
  }

  /** Forgets the conversation in this browser; the next message begins a new one. */
  reset(): void {
    this.#withChat((chat) => chat.startNew());
  }

  /** Creates the chat under the element. Subclasses may supply another one. */
  protected async createChat({ server, assistant, consent }: Settings): Promise<Chat> {
    const { createChat } = await import("../chat/create-chat.ts");
    return createChat({
      server,
      assistant,
      consent,
      // Read per request, as the page renews it now and then.
      identity: () => this.#settings.identity,
      // Query and fragment are cut off: they may be private.
      metadata: () => ({
        page: (location.origin + location.pathname).slice(0, maxPageChars),
        locale: this.#settings.locale.tag,
        ...this.metadata,
      }),
    });
  }

  protected connectedCallback(): void {
    this.#settings = readSettings(this, ParleyChat.defaultServer);
    document.addEventListener("visibilitychange", this.#updateUnread);
    addEventListener("pagehide", this.#onPageHide);
    if (this.#sessionStorage.read("parley.open") === "yes" && this.#settings.position !== "inline")
      this.setAttribute("open", "");
    this.#scheduleUpdate();
    // A reply may have arrived since the last visit. The check loads only the chat's own code, once the page is idle.
    if (hasStoredChat()) whenIdle(() => this.isConnected && void this.#openChat().catch(ignore));
  }

  protected disconnectedCallback(): void {
    // A moved element is connected again by then.
    queueMicrotask(() => {
      if (this.isConnected) return;
      document.removeEventListener("visibilitychange", this.#updateUnread);
      removeEventListener("pagehide", this.#onPageHide);
      this.#panel?.dispose();
      this.#panel = undefined;
      this.#panelShown = false;
      this.#closeChat();
    });
  }

  protected attributeChangedCallback(): void {
    if (this.isConnected) this.#scheduleUpdate();
  }

  /** Merges attributes that change together into one update. */
  #scheduleUpdate(): void {
    if (this.#updateScheduled) return;
    this.#updateScheduled = true;
    queueMicrotask(() => {
      this.#updateScheduled = false;
      if (this.isConnected) this.#update();
    });
  }

  #update(): void {
    this.#settings = readSettings(this, ParleyChat.defaultServer);
    const { color, locale, position } = this.#settings;
    const colour = color === undefined ? undefined : parseColour(color, this.#launcher.element);
    this.#accent.replaceSync(colour === undefined ? "" : accentRules(colour));
    this.#launcher.element.dir = locale.direction;
    this.#launcher.element.lang = locale.tag;
    if (position !== "inline") this.#sessionStorage.write("parley.open", this.isOpen ? "yes" : "no");
    if (this.isOpen) void this.#showPanel();
    else this.#hidePanel();
    this.#renderLauncher();
    this.#launcher.attend(this, this.#localStorage);
    if (this.#ready) return;
    this.#ready = true;
    this.#emit({ type: "parley:ready", detail: {} });
  }

  async #showPanel(): Promise<void> {
    this.#loading = true;
    this.#failed = false;
    this.#renderLauncher();
    try {
      const [Panel, observer, strings] = await this.#loadPanel();
      if (!this.isConnected || !this.isOpen) return;
      if (this.#panel?.chat !== observer.chat) this.#panel?.dispose();
      this.#panel =
        this.#panel?.chat === observer.chat ? this.#panel : new Panel(this.#root, observer.chat, this.#panelHost());
      this.#panel.show(this.#settings, strings, { focus: this.#wantsFocus });
      this.#wantsFocus = false;
      const opens = !this.#panelShown;
      this.#panelShown = true;
      if (opens) this.#emitToggle("parley:open");
      if (opens && location.protocol === "file:") this.#emitFileError();
      observer.updateUnread();
    } catch (error) {
      this.#failed = true;
      this.#emitLoadError(error);
    } finally {
      this.#loading = false;
      this.#renderLauncher();
    }
  }

  #hidePanel(): void {
    const hadFocus = this.#panel?.hide() ?? false;
    if (this.#panelShown) this.#emitToggle("parley:close");
    this.#panelShown = this.#failed = this.#wantsFocus = false;
    this.#updateUnread();
    this.#renderLauncher();
    if (hadFocus) this.#launcher.focus();
  }

  #loadPanel() {
    const panel = import("../panel/panel.ts").then((module) => module.Panel);
    return Promise.all([panel, this.#openChat(), loadStrings(this.#settings.locale.language)]);
  }

  /** Opens the chat of the present server, assistant, visitor and language, once. */
  #openChat(): Promise<ChatObserver> {
    const { server, assistant, consent, identity, locale } = this.#settings;
    const key = JSON.stringify([server, assistant, consent, claimedVisitor(identity), locale.tag]);
    if (this.#observed?.key === key) return this.#observed.opened;
    this.#closeChat();
    const opened = this.createChat(this.#settings).then((chat) => this.#observe(chat));
    this.#observed = { key, opened };
    opened.catch(() => {
      // A later call tries again.
      if (this.#observed?.opened === opened) this.#observed = undefined;
    });
    return opened;
  }

  #observe(chat: Chat): ChatObserver {
    const { server, assistant } = this.#settings;
    return new ChatObserver({
      chat,
      unread: new UnreadCounter(this.#localStorage, server, assistant),
      isSeen: () => this.#panelShown && document.visibilityState === "visible",
      emit: (event) => this.#emit(event),
      onUnread: (count) => {
        if (count === this.#unread) return;
        this.#unread = count;
        this.#renderLauncher();
        this.#emit({ type: "parley:unread", detail: { count } });
      },
    });
  }

  #closeChat(): void {
    void this.#observed?.opened.then((observer) => observer.close(), ignore);
    this.#observed = undefined;
  }

  /** Callbacks of the panel to the element. */
  #panelHost() {
    return { send: (text: string) => this.send(text), close: () => this.close(), isVisible, showInTopLayer };
  }

  readonly #updateUnread = (): void => {
    void this.#observed?.opened.then((observer) => observer.updateUnread(), ignore);
  };

  readonly #onPageHide = (): void => {
    this.#localStorage.save();
    this.#sessionStorage.save();
  };

  #renderLauncher(): void {
    const { locale, position, launcher } = this.#settings;
    const inline = position === "inline";
    this.#launcher.render({
      strings: launcherStrings[locale.language],
      unread: this.#unread,
      unreadText: new Intl.NumberFormat(locale.tag).format(this.#unread),
      hidden: this.#panelShown || ((inline || !launcher) && !this.#failed),
      busy: this.#loading,
      failed: this.#failed,
      inline,
    });
  }

  #withChat(use: (chat: Chat) => void): void {
    void this.#openChat().then(
      ({ chat }) => use(chat),
      (error: unknown) => this.#emitLoadError(error),
    );
  }

  #emitFileError(): void {
    const message = "The page is a file.";
    this.#emit({ type: "parley:error", detail: { reason: "file", message } });
  }

  #emitLoadError(error: unknown): void {
    this.#emit({ type: "parley:error", detail: { reason: "load", message: String(error) } });
  }

  #emitToggle(type: "parley:open" | "parley:close"): void {
    this.#emit({ type, detail: {} });
  }

  #emit({ type, detail }: ParleyEvent): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }
}

/** Handles an error that a later try repeats and then reports. */
function ignore(): void {}
