import type { InboxView } from "../../../shared/protocol/operator.ts";
import { queryOf } from "../client/service-request.ts";
import type { ConsoleModel } from "../model/console-model.ts";
import { type Asked, filterOf } from "../model/found.ts";
import { inboxViews } from "../model/queue.ts";
import type { BoxMode } from "../model/reply-box.ts";
import type { Deeds, Dialog } from "../views/screen.ts";
import { Alerts } from "./alerts.ts";

const keysOff = "parley-console-keys-off";
const detailsOff = "parley-console-details-off";
/** Room for details beside the conversation. */
const wide = matchMedia("(min-width: 1100px)");

/** Carries out what buttons and keys ask for, and keeps the page's address. */
export class PageDeeds implements Deeds {
  dialog: Dialog | undefined;
  details = wide.matches && localStorage.getItem(detailsOff) === null;
  keys = localStorage.getItem(keysOff) === null;
  readonly alerts: Alerts;
  readonly #model: ConsoleModel;
  readonly #changed: () => void;

  constructor(model: ConsoleModel, changed: () => void) {
    this.#model = model;
    this.#changed = changed;
    this.alerts = new Alerts(model, this.open, changed);
    model.onEvent = (event) => this.alerts.receive(event);
  }

  /** Shows what the address names. */
  readAddress(): void {
    const asked = new URLSearchParams(location.search);
    const view = inboxViews.find((each) => each === asked.get("view"));
    if (view !== undefined) this.#model.queue.show(view);
    this.#model.found.show({ text: asked.get("q") ?? "", filter: filterOf(asked.get("filter")) });
    const id = asked.get("conversation") ?? undefined;
    this.#model.show(id !== undefined && uuid.test(id) ? id : undefined);
  }

  readonly open = (conversationId: string | undefined): void => {
    if (conversationId === this.#model.open?.id) return;
    this.#model.show(conversationId);
    this.#writeAddress("pushState");
    const id = conversationId;
    // Back in the list, the keyboard goes on where it was.
    if (id === undefined) this.#focus(".entry[aria-current], .entry, .views button");
    else if (!wide.matches) this.#focus(".back, .log");
  };

  readonly step = (by: 1 | -1): void => {
    const entries = this.#model.entries ?? [];
    const at = entries.findIndex(({ id }) => id === this.#model.open?.id);
    const next = entries[at === -1 ? (by === 1 ? 0 : entries.length - 1) : at + by];
    if (next === undefined) return;
    this.open(next.id);
    this.#focus(".entry[aria-current]");
  };

  readonly show = (view: InboxView): void => {
    if (this.#model.found.asked) this.#model.found.search({ text: "", filter: "" });
    this.#model.queue.show(view);
    this.#writeAddress("replaceState");
  };

  readonly search = (asked: Asked): void => {
    this.#model.found.search(asked);
    this.#writeAddress("replaceState");
    // Back in the queue, there is no form to stay in.
    if (this.#model.found.asked === undefined) this.#focus(".views [aria-pressed=true]");
  };

  readonly goToSearch = (): void => this.#focus(".find input");

  readonly write = (mode: BoxMode): void => {
    const { open, box, mayChange } = this.#model;
    if (open === undefined || !mayChange) return;
    box.setMode(open.id, mode);
    this.#focus("#words");
  };

  readonly take = (): void => {
    const { open, me } = this.#model;
    const holder = open?.view?.operator;
    const force = holder !== undefined && holder.id !== me?.id && me?.role === "admin";
    this.#act((api, id) => api.take(id, force));
  };

  readonly release = (to: "ai" | "queue"): void => this.#act((api, id) => api.release(id, to));

  readonly assign = (operatorId: string): void => this.#carryOut((open) => open.assign(operatorId));

  readonly close = (): void => this.#act((api, id) => api.close(id));

  readonly setBlocked = (blocked: boolean): void => this.#act((api, id) => api.setBlocked(id, blocked));

  readonly send = (): void => {
    const { open, box, suggestions, mayChange } = this.#model;
    if (open === undefined || !mayChange) return;
    suggestions.forget(open.id);
    void box.send(open);
  };

  readonly suggest = (): void => {
    const { open, me, suggestions } = this.#model;
    if (open?.view?.handledBy !== "operator" || open.view.operator?.id !== me?.id) return;
    this.write("reply");
    void suggestions.ask(open.id);
  };

  readonly ask = (dialog: Dialog | undefined): void => {
    const { open, mayChange } = this.#model;
    if (dialog !== undefined && dialog !== "keys" && (open?.view === undefined || !mayChange)) return;
    this.#closeDialog();
    this.dialog = dialog;
    if (dialog === "canned") void this.#model.canned.read();
    if (dialog === "assign") void this.#model.readColleagues();
    this.#changed();
  };

  readonly toggleDetails = (): void => {
    this.details = !this.details;
    if (wide.matches) remember(detailsOff, !this.details);
    this.#changed();
  };

  readonly turnAlerts = (): void => void this.alerts.turn();

  readonly useKeys = (on: boolean): void => {
    this.keys = on;
    remember(keysOff, !on);
    this.#changed();
  };

  readonly copyCode = (code: string, button: HTMLElement): void => {
    navigator.clipboard.writeText(code).then(
      () => button.toggleAttribute("data-copied", true),
      () => undefined,
    );
  };

  #act(change: (api: ConsoleModel["api"], id: string) => Promise<unknown>): void {
    this.#carryOut((open) => open.act((api) => change(api, open.id)));
  }

  #carryOut(act: (open: NonNullable<ConsoleModel["open"]>) => Promise<void>): void {
    const { open, mayChange } = this.#model;
    this.#closeDialog();
    if (open?.view === undefined || !mayChange) return;
    void act(open);
    this.#changed();
  }

  /** Closed before it goes, it gives the focus back. */
  #closeDialog(): void {
    this.dialog = undefined;
    document.querySelector("dialog")?.close();
  }

  #writeAddress(how: "pushState" | "replaceState"): void {
    const { queue, found, open } = this.#model;
    const { text = "", filter = "" } = found.asked ?? {};
    const asked = { q: text || undefined, filter: filter || undefined, conversation: open?.id };
    history[how](null, "", `/console?${queryOf({ view: queue.view, ...asked })}`);
  }

  /** Moves the focus once the page shows what it should. */
  #focus(selector: string): void {
    this.#changed();
    queueMicrotask(() => document.querySelector<HTMLElement>(selector)?.focus());
  }
}

const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

function remember(name: string, value: boolean): void {
  if (value) localStorage.setItem(name, "1");
  else localStorage.removeItem(name);
}
