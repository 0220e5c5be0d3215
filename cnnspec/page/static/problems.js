// The errors and warnings below the editor, each with its fixes as buttons.
import { byId, h, show } from "./dom.js";
import { titleOf } from "./editor.js";
import { inline } from "./markdown.js";

const MOST = 50;

export class Problems {
  constructor(page) {
    this.page = page;
    this.element = byId("problems");
  }

  show({ problems, text }) {
    const rows = problems.slice(0, MOST).map((each) => this.row(each, text));
    const more = problems.length - rows.length;
    show(this.element, rows.length ? h("ul", {}, rows) : null, more > 0 ? h("p", {}, `and ${more} more`) : null);
    this.element.hidden = !rows.length;
  }

  row(problem, text) {
    const { editor } = this.page;
    const where = problem.range
      ? h("button", {
          type: "button", class: "place", title: "go there",
          onclick: () => problem.elsewhere || editor.select(problem.range),
        }, problem.elsewhere ? `${problem.file}:${problem.line}` : `line ${problem.line}`)
      : null;
    const fixes = problem.fixes.map((fix) =>
      h("button", {
        type: "button", class: "fix",
        onclick: () => {
          // Made for the text that was checked.
          if (editor.text === text) editor.edit(fix.edits, { select: true });
          editor.view.focus();
        },
      }, inline(titleOf(fix))),
    );
    return h("li", { class: problem.severity },
      h("p", {},
        h("span", { class: "code" }, `${problem.severity} ${problem.code}`), " ", where, " ", inline(problem.message),
        problem.label ? [": ", inline(problem.label)] : null),
      problem.help ? h("p", { class: "soft" }, inline(problem.help)) : null,
      fixes.length ? h("p", { class: "fixes" }, fixes) : null);
  }
}
