// The formulas of the layers under the cursor: in symbols, with numbers put in, the result.
import { h, number, show } from "./dom.js";
import { asked } from "./layers.js";

const MOST = 12;

export class Formulas {
  id = "formulas";
  title = "Formulas";

  constructor(page) {
    this.page = page;
    this.element = h("div", { class: "formulas" });
  }

  async at(site) {
    const key = JSON.stringify([site?.rows, this.page.editor.text, this.page.exercise]);
    if (key === this.key) return;
    this.key = key;
    if (!site) {
      show(this.element, h("p", { class: "soft" }, "Put the cursor on a layer to see how its numbers come about."));
      return;
    }
    const found = await this.page.ask("formulas", { rows: site.rows.slice(0, MOST) });
    if (!found || key !== this.key) return;
    const { layers } = found;
    const more = site.rows.length - layers.length;
    show(this.element, layers.map((layer) => this.layer(layer)),
      more > 0 ? h("p", { class: "soft" }, `and ${more} more layers of this statement`) : null);
  }

  layer({ name, layer, facts }) {
    return h("section", {},
      h("h3", {}, name, " ", h("code", {}, layer)),
      h("dl", {}, facts.map((fact) => [
        h("dt", {}, fact.name),
        h("dd", {}, steps(fact, this.page.exercise)),
      ])));
  }
}

// `(Kh*Kw*Cin + 1) * F = (5*5*1 + 1) * 6 = 156`; what says the same stands once.
function steps({ symbols, numbers, value }, exercise) {
  const result = number(value);
  const parts = [symbols, ...(numbers === symbols || numbers === String(value) ? [] : [numbers])];
  if (symbols === String(value)) return exercise ? asked(result) : h("b", {}, result);
  return [
    ...parts.flatMap((part) => [h("code", {}, part.replaceAll("*", "·")), " = "]),
    exercise ? asked(result) : h("b", {}, result),
  ];
}
