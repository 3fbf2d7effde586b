import type { Chat } from "../chat/chat-state.ts";
import type { Words } from "../i18n/ui-strings.ts";
import { copy } from "./clipboard.ts";
import type { Actions, Ui } from "./view-model.ts";

export interface ActionsContext {
  readonly root: ShadowRoot;
  readonly setUi: (change: Partial<Ui>) => void;
  /** Announces words to screen readers. */
  readonly say: (choose: (words: Words) => string) => void;
  readonly toEnd: () => void;
  /** Moves the focus to where the visitor continues. */
  readonly focus: () => void;
}

/** Duration of "Copied" and "Thank you". */
const passingMs = 2500;

/** Creates the handlers of the panel's controls. */
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
