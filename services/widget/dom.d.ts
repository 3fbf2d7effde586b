/** Chromium's, not in TypeScript's library yet: https://html.spec.whatwg.org/#the-closewatcher-interface */
declare class CloseWatcher extends EventTarget {
  destroy(): void;
}
