// The drawing, linked to the text: a block marks its lines, and the line of the cursor its block.
import { h, show } from "./dom.js";

const SMALLEST = 0.65;
const SVG = "http://www.w3.org/2000/svg";

export class Drawing {
  id = "drawing";
  title = "Drawing";

  constructor(page) {
    this.page = page;
    this.element = h("div", { class: "drawing" });
    this.hits = [];
  }

  async later({ text, totals }) {
    // It would tell every shape.
    if (this.page.exercise && this.shown !== text) return this.hide(text);
    if (this.text === text) return;
    const found = totals && (await this.page.slow.ask({ ask: "drawing", text }));
    if (text !== this.page.editor.text) return;
    if (!found?.svg) {
      // The last drawing stays in sight, paler, while an error is mended.
      this.element.classList.add("old");
      if (!this.text) this.element.textContent = "The drawing comes once every shape is known.";
      return;
    }
    this.text = text;
    this.rows = this.page.found.layers;
    const picture = new DOMParser().parseFromString(found.svg, "image/svg+xml").documentElement;
    this.hits = found.boxes.map((box) => this.hit(box));
    // As wide as its place is; a long network is scrolled before its texts are too small to read.
    picture.style.minWidth = `${SMALLEST * picture.getAttribute("width")}px`;
    picture.append(...this.hits.map(({ rect }) => rect));
    const { x, y } = { x: this.element.scrollLeft, y: this.element.scrollTop };
    this.element.replaceChildren(document.adoptNode(picture));
    this.element.scrollTo(x, y);
    this.element.classList.remove("old");
    this.at(this.page.siteAt(this.page.editor.cursor));
  }

  hide(text) {
    this.text = null;
    this.hits = [];
    show(this.element, h("button", {
      type: "button", class: "asked",
      onclick: () => {
        this.shown = text;
        this.later(this.page.found);
      },
    }, "Show the drawing"));
  }

  hit(box) {
    const ranges = box.rows.map((row) => this.rows[row]?.range).filter(Boolean);
    const rect = document.createElementNS(SVG, "rect");
    for (const side of ["x", "y", "width", "height"]) rect.setAttribute(side, box[side]);
    rect.setAttribute("class", ranges.length ? "hit" : "still");
    rect.setAttribute("rx", 4);
    const title = document.createElementNS(SVG, "title");
    title.textContent = box.rows.map((row) => this.rows[row]).filter(Boolean)
      .map((each) => `${each.name}: ${each.layer}, ${each.output}`).join("\n") || "the input";
    rect.append(title);
    if (ranges.length) {
      rect.addEventListener("pointerenter", () => this.page.editor.mark(ranges));
      rect.addEventListener("pointerleave", () => this.page.editor.mark([]));
      rect.addEventListener("click", () => this.page.editor.select(ranges[0]));
    }
    return { rect, rows: box.rows };
  }

  at(site) {
    const rows = new Set(site?.rows ?? []);
    for (const hit of this.hits) {
      hit.rect.classList.toggle("here", hit.rows.some((row) => rows.has(row)));
    }
  }
}
