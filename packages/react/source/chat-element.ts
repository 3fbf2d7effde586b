import { loadParleyChat, type ParleyChatElement, type ParleyEvents } from "@parley/client/element";
import {
  createElement,
  type CSSProperties,
  forwardRef,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
} from "react";

type Detail<Name extends keyof ParleyEvents> = ParleyEvents[Name];

/** Attributes of `<parley-chat>`, as docs/widget.md explains them, and listeners for its events. */
export interface ParleyChatProps {
  /** Origin of the service: `https://chat.example.com`. The element's code comes from there. */
  server: string;
  assistant?: string | undefined;
  identity?: string | undefined;
  /** Opens the chat when it becomes true. */
  open?: boolean | undefined;
  position?: "end" | "left" | "right" | "inline" | undefined;
  lang?: string | undefined;
  theme?: "auto" | "light" | "dark" | undefined;
  color?: string | undefined;
  greeting?: string | undefined;
  title?: string | undefined;
  aiNotice?: string | undefined;
  privacy?: string | undefined;
  consent?: boolean | undefined;
  /** `none`: no button; open the chat by `open` or the ref. */
  launcher?: "none" | undefined;
  /** A message beside the button, until the visitor opens the chat or closes it; not again in this browser. */
  invite?: string | undefined;
  /** Time before the invitation, in seconds; 0 by default. */
  inviteAfter?: number | undefined;
  /** `on`: a sound for replies and messages of people that the visitor is not looking at. */
  sound?: "on" | undefined;
  /** Kept with the conversation; sent with each message. */
  metadata?: Record<string, string> | undefined;
  className?: string | undefined;
  style?: CSSProperties | undefined;
  onReady?: (() => void) | undefined;
  /** Another number of replies and messages of people is unread: `count`. */
  onUnread?: ((detail: Detail<"parley:unread">) => void) | undefined;
  onOpen?: (() => void) | undefined;
  onClose?: (() => void) | undefined;
  onMessage?: ((detail: Detail<"parley:message">) => void) | undefined;
  onReply?: ((detail: Detail<"parley:reply">) => void) | undefined;
  onOperator?: ((detail: Detail<"parley:operator">) => void) | undefined;
  onHandling?: ((detail: Detail<"parley:handling">) => void) | undefined;
  /** Also with the reason `load`, if the code of the element could not be loaded. */
  onError?: ((detail: Detail<"parley:error">) => void) | undefined;
}

/** On a server neither does anything, and React 18 warns of the second. */
const useBeforePaint = typeof document === "undefined" ? useEffect : useLayoutEffect;

/**
 * The chat as a component: a button in the corner of the page, or the whole chat in place with `position="inline"`.
 * Its ref is the element, with `open`, `close`, `send`, `prefill` and `reset` once it is defined.
 */
const ParleyChat = forwardRef<ParleyChatElement, ParleyChatProps>(function ParleyChat(props, ref) {
  const { server, open, className, style } = props;
  const element = useRef<ParleyChatElement>(null);
  const latest = useRef(props);
  useImperativeHandle(ref, () => element.current as ParleyChatElement, []);
  // Set here: React 19 would assign properties where there are any, such as the method `open`.
  useBeforePaint(() => {
    latest.current = props;
    if (element.current === null) return;
    setAttributes(element.current, props);
    element.current.metadata = props.metadata;
  });
  useBeforePaint(() => {
    if (open !== undefined) element.current?.toggleAttribute("open", open);
  }, [open]);
  // React 18 listens to no events of elements like this one.
  useEffect(() => {
    const stop = new AbortController();
    listen(element.current, () => latest.current, stop.signal);
    return () => stop.abort();
  }, []);
  useEffect(() => {
    loadParleyChat(server).catch((error: unknown) => {
      latest.current.onError?.({ reason: "load", message: error instanceof Error ? error.message : String(error) });
    });
  }, [server]);
  // React 18 makes an attribute `classname` of `className`.
  return createElement("parley-chat", { ref: element, class: className, style });
});

export { ParleyChat };

function setAttributes(element: HTMLElement, props: ParleyChatProps): void {
  const { server, assistant, identity, position, lang, theme, color, greeting, title, privacy } = props;
  const texts = { server, assistant, identity, position, lang, theme, color, greeting, title, privacy };
  const { launcher, invite, sound, aiNotice, inviteAfter, consent } = props;
  const others = { launcher, invite, sound, "ai-notice": aiNotice, "invite-after": inviteAfter?.toString() };
  const attributes = { ...texts, ...others, consent: consent?.toString() };
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) element.removeAttribute(name);
    else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
  }
}

function listen(element: HTMLElement | null, props: () => ParleyChatProps, signal: AbortSignal): void {
  const on = <Name extends keyof ParleyEvents>(name: Name, run: (detail: Detail<Name>) => void) =>
    element?.addEventListener(name, (event) => run((event as CustomEvent<Detail<Name>>).detail), { signal });
  on("parley:ready", () => props().onReady?.());
  on("parley:unread", (detail) => props().onUnread?.(detail));
  on("parley:open", () => props().onOpen?.());
  on("parley:close", () => props().onClose?.());
  on("parley:message", (detail) => props().onMessage?.(detail));
  on("parley:reply", (detail) => props().onReply?.(detail));
  on("parley:operator", (detail) => props().onOperator?.(detail));
  on("parley:handling", (detail) => props().onHandling?.(detail));
  on("parley:error", (detail) => props().onError?.(detail));
}
