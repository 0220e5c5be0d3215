// What changed since a text that was put aside: A is that text, B the one in the editor.
import { h, number, show } from "./dom.js";
import * as store from "./store.js";

const TITLES = { params: "parameters", trainable: "trainable", macs: "MACs", flash: "flash", ram: "RAM", depth: "depth" };
const MARKS = { changed: "~", added: "+", removed: "−" };

export class Compare {
  id = "compare";
  title = "Compare";

  constructor(page) {
    this.page = page;
    this.result = h("div");
    this.element = h("div", { class: "compare" },
      h("p", { class: "buttons" },
        h("button", { type: "button", onclick: () => this.keep() }, "Put this text aside as A"),
        (this.swap = h("button", { type: "button", onclick: () => this.exchange() }, "Swap A and B"))),
      this.result);
  }

  keep() {
    this.page.before = this.page.editor.text;
    store.save({ before: this.page.before });
    this.text = null;
    this.later();
  }

  exchange() {
    const other = this.page.before;
    this.keep();
    this.page.editor.replace(other);
  }

  async later() {
    const { before, editor } = this.page;
    this.swap.hidden = before === null;
    if (before === null) {
      show(this.result, h("p", { class: "soft" }, "Put the text aside, then change it: what differs in layers, costs and settings is listed here."));
      return;
    }
    const { text } = editor;
    if (this.text === text) return;
    const found = await this.page.slow.ask({ ask: "compare", before, text });
    if (!found || text !== editor.text) return;
    this.text = text;
    show(this.result, found.unknown ? unknown(found.unknown) : differences(found));
  }
}

const unknown = (side) =>
  h("p", { class: "soft" }, `${side} has errors: the two can be compared once every shape is known.`);

function differences(found) {
  if (found.same) return h("p", { class: "good" }, "A and B say the same.");
  const totals = Object.entries(found.totals).filter(([, { before, after }]) => before !== after);
  return [
    totals.length
      ? h("div", { class: "scroll" }, h("table", {}, head("", "A", "B", "change"), h("tbody", {}, totals.map(([name, each]) =>
          h("tr", {}, h("th", { scope: "row" }, TITLES[name] ?? name), cell(number(each.before)), cell(number(each.after)), cell(signed(each.after - each.before)))))))
      : null,
    found.layers.length
      ? h("div", { class: "scroll" }, h("table", {}, head("", "layer", "output", "parameters", "MACs"), h("tbody", {}, found.layers.map(pair))))
      : null,
    h("p", { class: "soft" }, `${found.same_layers} layers are the same.`),
    ...[["claims", "Claims"], ["settings", "Settings"]].map(([key, title]) => found[key].length
      ? h("section", {}, h("h3", {}, title), h("ul", {}, found[key].map(({ before, after }) =>
          h("li", {}, before ? h("del", {}, before) : null, before && after ? " → " : null, after ? h("ins", {}, after) : null))))
      : null),
  ];
}

function head(...titles) {
  return h("thead", {}, h("tr", {}, titles.map((title, place) =>
    title ? h("th", { scope: "col", class: place > 0 && !["layer", "output"].includes(title) ? "n" : null }, title) : h("td", {}))));
}

const cell = (text) => h("td", { class: "n" }, text);
const signed = (value) => (value > 0 ? "+" : "−") + number(Math.abs(value));

function pair({ change, before, after }) {
  const sides = [before, after].filter(Boolean);
  const texts = (of) => [...new Set(sides.map(of))].join(" → ");
  return h("tr", { class: change },
    h("th", { scope: "row" }, h("span", { title: change }, MARKS[change]), " ", texts((each) => each.name)),
    h("td", {}, h("code", {}, texts((each) => each.layer))),
    h("td", {}, texts((each) => each.output.join("x"))),
    cell(texts((each) => number(each.params))), cell(texts((each) => number(each.macs))));
}
