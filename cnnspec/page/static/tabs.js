// The views of a spec, one at a time. A view that is not seen costs nothing.
import { byId, h } from "./dom.js";
import { Compare } from "./compare.js";
import { Drawing } from "./drawing.js";
import { Formulas } from "./formulas.js";
import { Layers } from "./layers.js";
import { Rules } from "./rules.js";
import * as store from "./store.js";

export class Tabs {
  constructor(page, wanted) {
    this.page = page;
    this.all = [new Drawing(page), new Layers(page), new Formulas(page), new Compare(page), new Rules(page)];
    for (const view of this.all) this.add(view);
    const kept = page.embed ? null : store.load().tab;
    const chosen = this.all.find(({ id }) => id === (wanted ?? kept)) ?? this.all[0];
    this.choose(page.rules && !wanted && page.shared ? this.get("rules") : chosen);
  }

  // A view has an `id`, a `title` and an `element`, and what it wants of `show`, `later` and `at`.
  add(view) {
    if (!this.all.includes(view)) this.all.push(view);
    view.tab = h("button", {
      type: "button", role: "tab", id: `tab-${view.id}`, "aria-controls": `panel-${view.id}`,
      onclick: () => this.choose(view, { keep: true }), onkeydown: (event) => this.key(event),
    }, view.title);
    view.panel = h("div", { role: "tabpanel", id: `panel-${view.id}`, "aria-labelledby": `tab-${view.id}`, tabindex: "0" }, view.element);
    view.panel.hidden = true;
    view.tab.tabIndex = -1;
    view.tab.setAttribute("aria-selected", "false");
    byId("tabs").append(view.tab);
    byId("panels").append(view.panel);
  }

  get(id) {
    return this.all.find((view) => view.id === id);
  }

  choose(view, { keep = false } = {}) {
    this.chosen = view;
    for (const each of this.all) {
      const on = each === view;
      each.panel.hidden = !on;
      each.tab.setAttribute("aria-selected", String(on));
      each.tab.tabIndex = on ? 0 : -1;
    }
    if (keep && !this.page.embed) store.save({ tab: view.id });
    view.opened?.();
    if (this.page.found) {
      view.show?.(this.page.found);
      view.later?.(this.page.found);
      view.at?.(this.page.siteAt(this.page.editor.cursor));
    }
  }

  key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = this.all.at((this.all.indexOf(this.chosen) + step) % this.all.length);
    this.choose(next, { keep: true });
    next.tab.focus();
    event.preventDefault();
  }

  show(found) {
    this.chosen.show?.(found);
  }

  later() {
    this.chosen.later?.(this.page.found);
  }

  at(site) {
    this.chosen.at?.(site);
  }
}
