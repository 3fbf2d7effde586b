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
  context: ActionsContext,
): Actions {
  const { root, setState, announce, scrollToEnd, focus } = context;
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
    ...ratingActions(chat, context),
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

function ratingActions(chat: Chat, { root, setState, announce }: ActionsContext): Pick<Actions, "rate" | "comment"> {
  const thank = (key: string) => {
    setState({ thanked: key, commenting: undefined });
    announce(({ thanks }) => thanks);
    setTimeout(() => setState({ thanked: undefined }), acknowledgeMs);
  };
  return {
    rate: (key, rating) => {
      chat.rate(key, rating);
      if (rating === "up") return thank(key);
      setState({ commenting: rating === "down" ? key : undefined });
      // A space or Enter would press the thumb again, which takes the rating back.
      if (rating === "down") root.querySelector<HTMLElement>(".comment textarea")?.focus();
    },
    comment: (key, rating, { comment, reason }) => {
      if (comment || reason) chat.rate(key, rating, comment, reason);
      const form = root.querySelector(".comment");
      form?.closest(".message")?.querySelector<HTMLElement>("[aria-pressed=true]")?.focus();
      thank(key);
    },
  };
}
