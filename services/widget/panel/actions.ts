import type { Chat } from "../chat/chat-state.ts";
import type { UiStrings } from "../i18n/ui-strings.ts";
import { copyToClipboard } from "./clipboard.ts";
import type { Actions, PanelState } from "./view-model.ts";

export interface ActionsContext {
  readonly root: ShadowRoot;
  readonly setState: (change: Partial<PanelState>) => void;
  /** Announces words to screen readers. */
  readonly announce: (choose: (strings: UiStrings) => string) => void;
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
  { root, setState, announce, scrollToEnd, focus }: ActionsContext,
): Actions {
  const thank = (key: string) => {
    setState({ thanked: key, commenting: undefined });
    announce(({ thanks }) => thanks);
    setTimeout(() => setState({ thanked: undefined }), acknowledgeMs);
  };
  const acknowledgeCopy = async (done: Promise<boolean>, mark: (copied: boolean) => void) => {
    if (!(await done)) return;
    mark(true);
    announce(({ copied }) => copied);
    setTimeout(mark, acknowledgeMs, false);
  };
  const start = (begin: () => void) => {
    setState({ confirming: undefined, commenting: undefined, menuOpen: false });
    begin();
    focus();
  };
  return {
    send: (text) => {
      scrollToEnd();
      host.send(text);
    },
    close: host.close,
    stop: () => chat.stop(),
    tryAgain: (key) => chat.tryAgain(key),
    rate: (key, rating) => {
      chat.rate(key, rating);
      if (rating === "up") thank(key);
      else setState({ commenting: rating === "down" ? key : undefined });
    },
    comment: (key, rating, text) => {
      if (text !== "") chat.rate(key, rating, text);
      thank(key);
    },
    copyReply: (key, text, html) =>
      void acknowledgeCopy(copyToClipboard(root, text, html), (copied) =>
        setState({ copied: copied ? key : undefined }),
      ),
    copyCode: (code, button) =>
      void acknowledgeCopy(copyToClipboard(root, code), (copied) => button.toggleAttribute("data-copied", copied)),
    loadOlder: () => chat.loadOlder(),
    scrollToNewest: () => {
      scrollToEnd();
      focus();
    },
    toggleMenu: (menuOpen) => setState({ menuOpen }),
    confirm: (confirming) => setState({ confirming, menuOpen: false }),
    startNew: () => start(() => chat.startNew()),
    deleteData: () => {
      start(() => chat.deleteData());
      announce(({ deleting }) => deleting);
    },
  };
}
