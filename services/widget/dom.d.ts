/** Chromium's class, still missing in TypeScript's library: https://html.spec.whatwg.org/#the-closewatcher-interface */
declare class CloseWatcher extends EventTarget {
  destroy(): void;
}
