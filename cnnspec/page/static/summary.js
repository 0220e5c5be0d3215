// Totals, budgets as bars, and a slider for every number that a `let` names.
import { byId, h, kib, number, show } from "./dom.js";
import { titleOf } from "./editor.js";
import { inline } from "./markdown.js";

export class Summary {
  constructor(page) {
    this.page = page;
    this.sliders = new Map();
  }

  show(found) {
    const { totals } = found;
    const hidden = this.page.exercise;
    const facts = totals
      ? [
          ["parameters", number(totals.params)], ["MACs", number(totals.macs)],
          ["flash", kib(totals.flash)], ["RAM", totals.ram === null ? "…" : kib(totals.ram)], ["depth", totals.depth],
        ]
      : [];
    show(byId("summary"),
      h("p", { class: "title" }, h("strong", {}, found.model), ` on ${found.data}: `, found.input, " → ", `${found.classes} classes`),
      facts.length
        ? h("dl", { class: "totals" }, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", { class: "result" }, hidden ? "?" : value))))
        : h("p", { class: "soft" }, "The totals are known once every shape is."),
      found.budgets.map((budget) => this.budget(budget, found)));
    this.lets(found);
  }

  budget(budget, found) {
    // A limit from below, or an exact one, is a full bar: its colour says whether it holds.
    const share = budget.share ?? 1;
    const fix = found.problems[budget.problem]?.fixes[0];
    const { editor } = this.page;
    return h("div", { class: `budget ${budget.holds ? "good" : "bad"}` },
      h("span", { class: "name" }, budget.text),
      h("span", { class: "bar", role: "img", "aria-label": `${budget.used}${budget.holds ? "" : ", over"}` },
        h("span", { style: `width: ${Math.min(100, 100 * share)}%` })),
      h("span", { class: "result" }, this.page.exercise ? "?" : budget.used),
      fix
        ? h("button", {
            type: "button", class: "fix",
            onclick: () => editor.text === found.text && editor.edit(fix.edits, { select: true }),
          }, inline(titleOf(fix)))
        : null);
  }

  lets(found) {
    const { lets } = found;
    const names = lets.map((each) => `${each.name} ${Boolean(each.slider)}`).join();
    if (names !== this.names) {
      this.names = names;
      this.sliders = new Map(lets.map((each) => [each.name, this.slider(each)]));
      byId("sliders").replaceChildren(...[...this.sliders.values()].map((each) => each.row));
    }
    for (const each of lets) {
      const { input, output } = this.sliders.get(each.name);
      output.textContent = `${number(each.value)}${each.fitted ? " (found by fit)" : ""}`;
      if (!input) continue;
      this.sliders.get(each.name).slider = each.slider;
      this.sliders.get(each.name).text = found.text;
      // While it is dragged its ends stay where they are.
      if (input.dataset.held) continue;
      Object.assign(input, { min: each.slider.low, max: each.slider.high, step: each.slider.step });
      input.value = each.value;
    }
  }

  slider({ name, slider }) {
    const id = `let-${name}`;
    const output = h("output", { for: id });
    if (!slider) {
      return { output, row: h("div", { class: "slider" }, h("span", { class: "name" }, name), h("span", {}), output) };
    }
    const input = h("input", {
      type: "range", id,
      onpointerdown: () => (input.dataset.held = "yes"),
      onpointerup: () => delete input.dataset.held,
      oninput: () => this.set(name, input.value),
      onchange: () => this.set(name, input.value),
    });
    return { input, output, row: h("div", { class: "slider" }, h("label", { class: "name", for: id }, name), input, output) };
  }

  // Writes the number into the text: what one sees is what the spec says.
  set(name, value) {
    const { editor } = this.page;
    const known = this.sliders.get(name);
    // Where the text has changed otherwise its places are known again in a moment.
    if (known.text !== editor.text) return;
    const { start, end } = known.slider.range;
    editor.edit([{ range: { start, end }, text: value }]);
    // The next step of the drag finds the number where this one has put it.
    known.slider = {
      ...known.slider,
      range: { start, end: { line: start.line, character: start.character + value.length } },
    };
    known.text = editor.text;
    known.output.textContent = number(Number(value));
    for (const other of this.sliders.values()) if (other !== known) other.text = null;
  }
}
