import { html, render } from "lit/html.js";
import { ConsoleModel } from "./model/console-model.ts";
import { SpokenNews } from "./page/spoken-news.ts";
import { listenToKeys } from "./page/keyboard.ts";
import { LogScroll } from "./page/log-scroll.ts";
import { PageDeeds } from "./page/page-deeds.ts";
import { onWake } from "./page/wakes.ts";
import { texts } from "./texts.ts";
import { dialogView } from "./views/dialogs.ts";
import { pageView } from "./views/page-view.ts";
import type { Screen } from "./views/screen.ts";

/** How often clocks of those who wait go on. */
const clockMs = 1000;

function start(root: HTMLElement): void {
  root.replaceChildren();
  const content = root.appendChild(document.createElement("div"));
  content.className = "content";
  const region = root.appendChild(document.createElement("p"));
  region.className = "visually-hidden";
  region.setAttribute("aria-live", "polite");
  const scroll = new LogScroll();
  const spoken = new SpokenNews(region);

  let due = false;
  /** Renders once for all changes of this turn. No frame is waited for: a hidden page has none, and a title. */
  const changed = () => {
    if (due) return;
    due = true;
    queueMicrotask(() => {
      due = false;
      renderPage();
    });
  };
  const model = new ConsoleModel(changed);
  const deeds = new PageDeeds(model, changed);
  const renderPage = () => {
    const screen: Screen = {
      model,
      deeds,
      details: deeds.details,
      keys: deeds.keys,
      alerts: deeds.alerts.on,
      now: Date.now(),
    };
    const dialog = deeds.dialog && dialogView(deeds.dialog, screen);
    render(html`${pageView(screen)} ${dialog}`, content);
    const opened = content.querySelector("dialog");
    if (opened?.open === false) opened.showModal();
    scroll.settle(content, model.open?.id);
    spoken.update(model.open);
    document.title = texts.title(model.queue.count("waiting"), model.queue.unread);
  };

  deeds.readAddress();
  window.addEventListener("popstate", () => deeds.readAddress());
  listenToKeys(deeds, () => deeds.keys);
  onWake((surely) => model.wake(surely));
  // A text that nobody has answered would go with the page.
  window.addEventListener("beforeunload", (event) => {
    if (model.box.isSending) event.preventDefault();
  });
  setInterval(() => {
    if (!document.hidden) changed();
  }, clockMs);
  changed();
  void model.begin();
}

const root = document.querySelector<HTMLElement>("#console");
if (root) start(root);
