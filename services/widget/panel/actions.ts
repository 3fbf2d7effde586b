import type { Chat } from "../chat/chat-state.ts";
import type { UiStrings } from "../i18n/ui-strings.ts";
import type { Actions, PanelState } from "./view-model.ts";

export interface ActionsContext {
  readonly root: ShadowRoot;
  readonly setState: (change: Partial<PanelState>) => void;
  /** Announces words to screen readers. */
  readonly announce: (words: string | ((strings: UiStrings) => string)) => void;
  /**
   * Loads the late parts of the panel. If that fails, the visitor is told so, and may do the action again.
   * @returns true once they are shown
   */
  readonly loadLate: (again: () => void) => Promise<boolean>;
  readonly scrollToEnd: () => void;
  /** Moves the focus to where the visitor continues. */
  readonly focus: () => void;
}

/** Duration of "Copied" and "Thank you". */
const acknowledgeMs = 2500;

/** Creates the handlers of the panel's controls. */
export function createActions(
  chat: Chat,
  host: { send: (text: string) => void; close: () => void },
  context: ActionsContext,
): Actions {
  const { root, setState, announce, loadLate, scrollToEnd, focus } = context;
  const copy = async (content: readonly [text: string, html: string | undefined], mark: (copied: boolean) => void) => {
    const part = await import("./clipboard.ts").catch(() => undefined);
    if (!(await part?.copyToClipboard(root, ...content))) return;
    mark(true);
    announce(({ copied }) => copied);
    setTimeout(mark, acknowledgeMs, false);
  };
  const start = (begin: () => void) => {
    setState({ confirming: undefined, commenting: undefined, menuOpen: false });
    begin();
    focus();
  };
  const broken = new Set<string>();
  const toggleMenu = (menuOpen: boolean) => {
    setState({ menuOpen });
    if (!menuOpen) return;
    void loadLate(() => {
      // "Try again" goes; the message field would take its focus, and close the menu.
      root.querySelector<HTMLElement>(".more")?.focus();
      toggleMenu(true);
    });
  };
  return {
    send: (text) => {
      scrollToEnd();
      host.send(text);
    },
    close: host.close,
    ...passedOn(chat),
    ...ratingActions(chat, context),
    copyReply: (key, text, html) => {
      const mark = (copied: boolean) => setState({ copied: copied ? key : undefined });
      void copy([text, html], mark);
    },
    copyCode: (code, button) => void copy([code, undefined], (copied) => button.toggleAttribute("data-copied", copied)),
    pictureBroke: (url) => setState({ brokenPictures: broken.add(url) }),
    handOff: (wish) => {
      setState({ menuOpen: false });
      chat.handOff(wish);
    },
    continueConversation: (id) => start(() => chat.continueConversation(id)),
    scrollToNewest: () => (scrollToEnd(), focus()),
    toggleMenu,
    saveTranscript: isOfThisVersion(chat) ? (save) => void saveTranscript(chat, context, save) : undefined,
    confirm: (confirming) => setState({ confirming, menuOpen: false }),
    startNew: () => start(() => chat.startNew()),
    deleteData: (words) => {
      start(() => chat.deleteData());
      announce(words);
    },
  };
}

/** Actions that are the chat's alone. */
function passedOn(
  chat: Chat,
): Pick<Actions, "stop" | "tryAgain" | "giveConsent" | "loadOlder" | "rateStretch" | "answerAction"> {
  return {
    stop: () => chat.stop(),
    tryAgain: (key) => chat.tryAgain(key),
    giveConsent: () => chat.giveConsent(),
    loadOlder: () => chat.loadOlder(),
    answerAction: (id, confirm) => chat.answerAction(id, confirm),
    rateStretch: (stretch, answer) => chat.rateStretch(stretch, answer),
  };
}

async function saveTranscript(chat: Chat, context: ActionsContext, save: (text: string) => void): Promise<void> {
  const { setState, announce } = context;
  setState({ menuOpen: false, again: undefined });
  const text = await chat.readTranscript();
  if (text !== undefined) return save(text);
  setState({ again: () => void saveTranscript(chat, context, save) });
  announce(({ notLoaded }) => notLoaded);
}

/** False for the chat of a page that was loaded before an update, which reads no transcript. */
function isOfThisVersion(chat: Partial<Chat>): boolean {
  return chat.readTranscript !== undefined;
}

function ratingActions(
  chat: Chat,
  { root, setState, announce, loadLate }: ActionsContext,
): Pick<Actions, "rate" | "comment"> {
  const thank = (key: string) => {
    setState({ thanked: key, commenting: undefined });
    announce(({ thanks }) => thanks);
    setTimeout(() => setState({ thanked: undefined }), acknowledgeMs);
  };
  const askWhy = async (key: string) => {
    setState({ commenting: key, thanked: undefined });
    if (!(await loadLate(() => void askWhy(key))) || isWriting(root)) return;
    // A space or Enter would press the thumb again, which takes the rating back.
    root.querySelector<HTMLElement>(".comment textarea")?.focus();
  };
  return {
    rate: (key, rating) => {
      chat.rate(key, rating);
      if (rating === "up") return thank(key);
      if (rating === "down") return void askWhy(key);
      setState({ commenting: undefined, thanked: undefined });
    },
    comment: (key, rating, { comment, reason }) => {
      if (comment || reason) chat.rate(key, rating, comment, reason);
      const form = root.querySelector(".comment");
      form?.closest(".message")?.querySelector<HTMLElement>("[aria-pressed=true]")?.focus();
      thank(key);
    },
  };
}

/** True if the visitor has begun to write while a part was loaded: the focus is theirs. */
function isWriting({ activeElement }: ShadowRoot): boolean {
  return activeElement instanceof HTMLTextAreaElement && activeElement.value !== "";
}
