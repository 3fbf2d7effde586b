import { render } from "lit/html.js";
import { AccountModel } from "./account-model.ts";
import { accountTexts } from "./account-texts.ts";
import { accountView } from "./account-view.ts";

const root = document.querySelector<HTMLElement>("#console");
if (root) {
  root.replaceChildren();
  const content = root.appendChild(document.createElement("div"));
  content.className = "content";
  document.title = accountTexts.account.pageTitle;
  // On a phone the navigation is wider than the window.
  document.querySelector(".frame [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
  let due = false;
  const model = new AccountModel(() => {
    if (due) return;
    due = true;
    queueMicrotask(() => {
      due = false;
      render(accountView(model), content);
    });
  });
  void model.begin();
}
