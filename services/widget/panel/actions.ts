import type { Chat } from "../chat/chat-state.ts";
import type { Words } from "../i18n/words.ts";
import { copy } from "./copy.ts";
import type { Actions, Ui } from "./model.ts";

export interface ActionsContext {
  readonly root: ShadowRoot;
  readonly setUi: (change: Partial<Ui>) => void;
  /** To those who cannot see it. */
  readonly say: (choose: (words: Words) => string) => void;
  readonly toEnd: () => void;
  /** Puts the keyboard where somebody goes on. */
  readonly focus: () => void;
}

/** "Copied" and "Thank you" stay that long. */
const passingMs = 2500;

/** What the controls of the panel do. */
export function createActions(
  chat: Chat,
  host: { send: (text: string) => void; close: () => void },
  { root, setUi, say, toEnd, focus }: ActionsContext,
): Actions {
  const thank = (key: string) => {
    setUi({ thanked: key, commenting: undefined });
    say(({ thanks }) => thanks);
    setTimeout(() => setUi({ thanked: undefined }), passingMs);
  };
  const tellCopied = async (done: Promise<boolean>, mark: (copied: boolean) => void) => {
    if (!(await done)) return;
    mark(true);
    say(({ copied }) => copied);
    setTimeout(mark, passingMs, false);
  };
  const start = (begin: () => void) => {
    setUi({ question: undefined, commenting: undefined, menuOpen: false });
    begin();
    focus();
  };
  return {
    send: (text) => {
      toEnd();
      host.send(text);
    },
    close: host.close,
    stop: () => chat.stop(),
    tryAgain: (key) => chat.tryAgain(key),
    rate: (key, rating) => {
      chat.rate(key, rating);
      if (rating === "up") thank(key);
      else setUi({ commenting: rating === "down" ? key : undefined });
    },
    comment: (key, rating, text) => {
      if (text !== "") chat.rate(key, rating, text);
      thank(key);
    },
    copyReply: (key, text, html) =>
      void tellCopied(copy(root, text, html), (copied) => setUi({ copied: copied ? key : undefined })),
    copyCode: (code, button) =>
      void tellCopied(copy(root, code), (copied) => button.toggleAttribute("data-copied", copied)),
    loadOlder: () => chat.loadOlder(),
    toNewest: () => {
      toEnd();
      focus();
    },
    toggleMenu: (menuOpen) => setUi({ menuOpen }),
    ask: (question) => setUi({ question, menuOpen: false }),
    startAnew: () => start(() => chat.startAnew()),
    deleteData: () => {
      start(() => chat.deleteData());
      say(({ deleted }) => deleted);
    },
  };
}
