import { isVisible } from "../../../shared/protocol/visible.ts";
import type { Chat } from "../chat/chat-state.ts";
import type { Panel } from "../panel/panel.ts";
import type { ParleyChatElement } from "../parley.d.ts";
import { loadWords } from "../i18n/languages.ts";
import { launcherWords } from "../i18n/launcher-strings.ts";
import type { ParleyEvent } from "./chat-events.ts";
import { accentRules, parseColour } from "./color.ts";
import { Launcher } from "./launcher.ts";
import { openMemory } from "./safe-storage.ts";
import { Session } from "./chat-observer.ts";
import { attributeNames, readSettings, type Settings, visitorOf } from "./settings.ts";
import shellCss from "./shell.css";
import { Unread } from "./unread-counter.ts";

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
  static home = "";

  readonly #root: ShadowRoot = this.attachShadow({ mode: "open" });
  readonly #accent = new CSSStyleSheet();
  readonly #launcher = new Launcher({ open: () => this.open(), expect: () => void this.#load().catch(ignore) });
  readonly #seen = openMemory(() => localStorage);
  readonly #visit = openMemory(() => sessionStorage);
  #settings: Settings = readSettings(this, ParleyChat.home);
  #session: { of: string; opened: Promise<Session> } | undefined;
  #panel: Panel | undefined;
  #unread = 0;
  #shown = false;
  #loading = false;
  #failed = false;
  #takeFocus = false;
  #due = false;

  constructor() {
    super();
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(shellCss);
    this.#root.adoptedStyleSheets = [sheet, this.#accent];
    this.#root.append(this.#launcher.box);
  }

  /** True if the panel is open or opening. */
  get isOpen(): boolean {
    return this.hasAttribute("open") || this.#settings.position === "inline";
  }

  /** Opens the panel and moves the focus into it. */
  open(): void {
    this.#takeFocus = true;
    this.setAttribute("open", "");
    this.#schedule();
  }

  close(): void {
    this.removeAttribute("open");
  }

  /** Sends a message as if the visitor had typed it. Blank text is ignored. */
  send(text: string): void {
    if (!isVisible(text)) return;
    this.#withChat((chat) => {
      chat.send(text);
      this.#tell({ type: "parley:message", detail: { text } });
    });
  }

  /** Forgets the conversation in this browser; the next message begins a new one. */
  reset(): void {
    this.#withChat((chat) => chat.startAnew());
  }

  /** Creates the chat under the element. Subclasses may supply another one. */
  protected async createChat({ server, assistant }: Settings): Promise<Chat> {
    const { createChat } = await import("../chat/create-chat.ts");
    return createChat({
      server,
      assistant,
      // Read per request, as the page renews it now and then.
      identity: () => this.#settings.identity,
      // Query and fragment are cut off: they may be private.
      metadata: () => ({
        page: (location.origin + location.pathname).slice(0, maxPageChars),
        locale: this.#settings.locale.tag,
      }),
    });
  }

  protected connectedCallback(): void {
    this.#settings = readSettings(this, ParleyChat.home);
    document.addEventListener("visibilitychange", this.#look);
    if (this.#visit.read("parley.open") === "yes" && this.#settings.position !== "inline")
      this.setAttribute("open", "");
    this.#schedule();
    // A reply may have arrived since the last visit. The check loads only the chat's own code, once the page is idle.
    if (hasStoredChat()) whenIdle(() => this.isConnected && void this.#open().catch(ignore));
  }

  protected disconnectedCallback(): void {
    // A moved element is connected again by then.
    queueMicrotask(() => {
      if (this.isConnected) return;
      document.removeEventListener("visibilitychange", this.#look);
      this.#panel?.dispose();
      this.#panel = undefined;
      this.#shown = false;
      this.#endSession();
    });
  }

  protected attributeChangedCallback(): void {
    if (this.isConnected) this.#schedule();
  }

  /** Merges attributes that change together into one update. */
  #schedule(): void {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      if (this.isConnected) this.#apply();
    });
  }

  #apply(): void {
    this.#settings = readSettings(this, ParleyChat.home);
    const { color, locale, position } = this.#settings;
    const colour = color === undefined ? undefined : parseColour(color, this.#launcher.box);
    this.#accent.replaceSync(colour === undefined ? "" : accentRules(colour));
    this.#launcher.box.dir = locale.direction;
    this.#launcher.box.lang = locale.tag;
    if (position !== "inline") this.#visit.write("parley.open", this.isOpen ? "yes" : "no");
    if (this.isOpen) void this.#show();
    else this.#hide();
    this.#draw();
  }

  async #show(): Promise<void> {
    this.#loading = true;
    this.#failed = false;
    this.#draw();
    try {
      const [Panel, session, words] = await this.#load();
      if (!this.isConnected || !this.isOpen) return;
      if (this.#panel?.chat !== session.chat) this.#panel?.dispose();
      this.#panel = this.#panel?.chat === session.chat ? this.#panel : new Panel(this.#root, session.chat, this.#act());
      this.#panel.show(this.#settings, words, { focus: this.#takeFocus });
      this.#takeFocus = false;
      const opens = !this.#shown;
      this.#shown = true;
      if (opens) this.#announce("parley:open");
      if (opens && location.protocol === "file:") this.#tellFromFile(words.fromFile);
      session.count();
    } catch (error) {
      this.#failed = true;
      this.#tellNotLoaded(error);
    } finally {
      this.#loading = false;
      this.#draw();
    }
  }

  #hide(): void {
    const hadFocus = this.#panel?.hide() ?? false;
    if (this.#shown) this.#announce("parley:close");
    this.#shown = this.#failed = this.#takeFocus = false;
    this.#draw();
    if (hadFocus) this.#launcher.focus();
  }

  #load() {
    const panel = import("../panel/panel.ts").then((module) => module.Panel);
    return Promise.all([panel, this.#open(), loadWords(this.#settings.locale.language)]);
  }

  /** Opens the session of the present server, assistant and visitor, once. */
  #open(): Promise<Session> {
    const { server, assistant, identity } = this.#settings;
    const of = JSON.stringify([server, assistant, visitorOf(identity)]);
    if (this.#session?.of === of) return this.#session.opened;
    this.#endSession();
    const opened = this.createChat(this.#settings).then((chat) => this.#begin(chat));
    this.#session = { of, opened };
    opened.catch(() => {
      // A later call tries again.
      if (this.#session?.opened === opened) this.#session = undefined;
    });
    return opened;
  }

  #begin(chat: Chat): Session {
    const { server, assistant } = this.#settings;
    return new Session({
      chat,
      unread: new Unread(this.#seen, server, assistant),
      isSeen: () => this.#shown && document.visibilityState === "visible",
      tell: (event) => this.#tell(event),
      onUnread: (count) => {
        if (count === this.#unread) return;
        this.#unread = count;
        this.#draw();
      },
    });
  }

  #endSession(): void {
    void this.#session?.opened.then((session) => session.close(), ignore);
    this.#session = undefined;
  }

  /** Callbacks of the panel to the element. */
  #act() {
    return {
      send: (text: string) => this.send(text),
      close: () => this.close(),
    };
  }

  readonly #look = (): void => {
    void this.#session?.opened.then((session) => session.count(), ignore);
  };

  #draw(): void {
    const { locale, position } = this.#settings;
    const inline = position === "inline";
    this.#launcher.show({
      words: launcherWords[locale.language],
      unread: this.#unread,
      unreadText: new Intl.NumberFormat(locale.tag).format(this.#unread),
      hidden: this.#shown || (inline && !this.#failed),
      busy: this.#loading,
      failed: this.#failed,
      inline,
    });
  }

  #withChat(act: (chat: Chat) => void): void {
    void this.#open().then(
      ({ chat }) => act(chat),
      (error: unknown) => this.#tellNotLoaded(error),
    );
  }

  #tellFromFile(message: string): void {
    this.#tell({ type: "parley:error", detail: { reason: "file", message } });
  }

  #tellNotLoaded(error: unknown): void {
    this.#tell({ type: "parley:error", detail: { reason: "load", message: String(error) } });
  }

  #announce(type: "parley:open" | "parley:close"): void {
    this.#tell({ type, detail: {} });
  }

  #tell({ type, detail }: ParleyEvent): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }
}

/** Handles an error that a later try repeats and then reports. */
function ignore(): void {}

/** Checks only for the presence of stored values; their format belongs to the chat's own code. */
function hasStoredChat(): boolean {
  try {
    return Object.keys(localStorage).some((key) => key.startsWith("parley/"));
  } catch {
    // Access to storage is denied.
    return false;
  }
}

function whenIdle(act: () => void): void {
  if ("requestIdleCallback" in window) requestIdleCallback(act, { timeout: 3000 });
  else setTimeout(act, 1000);
}
