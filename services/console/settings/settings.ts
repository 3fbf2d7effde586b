import { render } from "lit/html.js";
import { SettingsModel } from "./settings-model.ts";
import { settingsTexts } from "./settings-texts.ts";
import { settingsView } from "./settings-view.ts";

const root = document.querySelector<HTMLElement>("#console");
if (root) {
  root.replaceChildren();
  const content = root.appendChild(document.createElement("div"));
  content.className = "content";
  document.title = settingsTexts.pageTitle;
  // On a phone the navigation is wider than the window.
  document.querySelector(".frame [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
  let due = false;
  const model = new SettingsModel(() => {
    if (due) return;
    due = true;
    queueMicrotask(() => {
      due = false;
      render(settingsView(model), content);
    });
  });
  void model.begin();
}
