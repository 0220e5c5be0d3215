// The table of layers. Only rows that have changed are made again.
import { h, number } from "./dom.js";

const HEAD = ["name", "layer", "output", "parameters", "MACs"];

export class Layers {
  id = "layers";
  title = "Layers";

  constructor(page) {
    this.page = page;
    this.body = h("tbody");
    this.foot = h("tr");
    this.element = h("div", { class: "scroll" },
      h("table", { class: "layers" },
        h("thead", {}, h("tr", {}, HEAD.map((title, place) => h("th", { scope: "col", class: place > 2 ? "n" : null }, title)))),
        this.body, h("tfoot", {}, this.foot)));
    this.rows = [];
  }

  show({ layers, totals }) {
    const { exercise } = this.page;
    layers.forEach((layer, place) => {
      const key = JSON.stringify([layer.name, layer.layer, layer.output, layer.params, layer.macs, exercise]);
      const known = this.rows[place];
      if (known) known.layer = layer;
      if (known?.key === key) return;
      const made = { key, layer, row: null };
      made.row = this.row(made);
      if (known) known.row.replaceWith(made.row);
      else this.body.append(made.row);
      this.rows[place] = made;
    });
    for (const { row } of this.rows.splice(layers.length)) row.remove();
    const sums = totals && !exercise ? [number(totals.params), number(totals.macs)] : ["", ""];
    // A cell that changes lays out the whole table again.
    if (this.sums !== sums.join()) {
      this.sums = sums.join();
      this.foot.replaceChildren(
        h("th", { scope: "row", colspan: 3 }, "total"), h("td", { class: "n" }, sums[0]), h("td", { class: "n" }, sums[1]));
    }
  }

  row(made) {
    const { name, layer, output, params, macs, implied } = made.layer;
    const results = [output, number(params), number(macs)];
    return h("tr", {
      class: implied ? "implied" : null,
      title: implied ? "a layer before or after brings it along" : null,
      onclick: () => made.layer.range && this.page.editor.select(made.layer.range),
    },
      h("th", { scope: "row" }, name), h("td", {}, h("code", {}, layer)),
      results.map((value, place) => h("td", { class: place ? "n" : null }, this.page.exercise ? asked(value) : value)));
  }

  at(site) {
    const here = new Set(site?.rows ?? []);
    this.rows.forEach(({ row }, place) => row.classList.toggle("here", here.has(place)));
    if (site) this.rows[site.rows[0]]?.row.scrollIntoView({ block: "nearest" });
  }
}

// A result that is hidden until it is asked for.
export function asked(value) {
  const button = h("button", {
    type: "button", class: "asked", title: "show it",
    onclick: (event) => {
      event.stopPropagation();
      button.replaceWith(value);
    },
  }, "?");
  return button;
}
