// An assignment: a rules file, and which of its rules the spec keeps.
import { h, show } from "./dom.js";
import { inline } from "./markdown.js";
import * as store from "./store.js";

const EXAMPLE = "allow conv pool dense dropout\nbudget params <= 20k\ntrain { epochs <= 15 }\n";

export class Rules {
  id = "rules";
  title = "Assignment";

  constructor(page) {
    this.page = page;
    this.result = h("div", { role: "status" });
    this.area = h("textarea", {
      id: "rules-text", rows: 8, spellcheck: "false", value: page.rules, placeholder: EXAMPLE,
      oninput: () => this.changed(),
    });
    this.element = h("div", { class: "rules" },
      this.result,
      h("details", { open: !page.rules },
        h("summary", {}, "The rules"),
        h("p", { class: "soft" }, "What every submission must keep, written like a spec without layers. A share link carries the rules."),
        h("label", { for: "rules-text", class: "unseen" }, "Rules"), this.area));
  }

  changed() {
    this.page.rules = this.area.value.trim() ? this.area.value : "";
    if (!this.page.embed) store.save({ rules: this.page.rules });
    this.page.check();
  }

  show({ rules }) {
    if (!rules) {
      show(this.result, h("p", { class: "soft" }, "There are no rules yet."));
    } else if (rules.error) {
      show(this.result, rules.error.map((each) => h("p", { class: "bad" }, inline(each.message), each.help ? h("span", { class: "soft" }, " ", inline(each.help)) : null)));
    } else {
      show(this.result,
        h("p", { class: `verdict ${rules.ok ? "good" : "bad"}` }, rules.ok ? "Passed: every rule is kept." : "Not passed yet."),
        h("ul", { class: "verdicts" }, rules.rules.map(verdict)));
    }
  }
}

function verdict({ rule, found, holds }) {
  const [mark, word] = holds === null ? ["–", "not judged"] : holds ? ["✓", "kept"] : ["✗", "broken"];
  return h("li", { class: holds === null ? "soft" : holds ? "good" : "bad" },
    h("span", { class: "mark", role: "img", "aria-label": word }, mark), h("code", {}, rule), found ? h("span", { class: "soft" }, found) : null);
}
