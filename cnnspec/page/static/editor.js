// The editor: CodeMirror with what the checker knows of the text. Knows no word of the language.
import {
  Decoration, EditorState, EditorView, StateEffect, StateField, WidgetType, autocompletion,
  bracketMatching, closeBrackets, completionKeymap, defaultKeymap, drawSelection,
  highlightActiveLine, highlightSelectionMatches, highlightSpecialChars, history, historyKeymap,
  hoverTooltip, indentUnit, isolateHistory, keymap, lineNumbers, nextDiagnostic, searchKeymap,
  setDiagnostics, snippet,
} from "./vendor/codemirror.js";
import { h, number } from "./dom.js";
import { language } from "./language.js";
import { markdown } from "./markdown.js";

// Places come as lines from 0 and characters in units of UTF-16.
export function offset(doc, { line, character }) {
  if (line >= doc.lines) return doc.length;
  const found = doc.line(line + 1);
  return Math.min(found.from + character, found.to);
}

const place = (doc, offset) => {
  const line = doc.lineAt(offset);
  return { line: line.number - 1, character: offset - line.from };
};

const span = (doc, range) => ({ from: offset(doc, range.start), to: offset(doc, range.end) });

// What a statement gives; of a long text only those that are seen are written.
class Shape extends WidgetType {
  constructor(site) {
    super();
    this.site = site;
  }
  eq({ site: { shapes, inputs, params, macs } }) {
    const own = this.site;
    return shapes === own.shapes && inputs === own.inputs && params === own.params && macs === own.macs;
  }
  toDOM() {
    const { shapes, inputs, params, macs } = this.site;
    const title = `${inputs} → ${shapes}, ${number(params)} parameters, ${number(macs)} MACs`;
    return h("span", { class: "shape", title, "aria-hidden": "true" }, shapes);
  }
  ignoreEvent() {
    return true;
  }
}

// Decorations that come from outside and move with the text until new ones come.
function layerOf() {
  const set = StateEffect.define();
  const field = StateField.define({
    create: () => Decoration.none,
    update(value, transaction) {
      const given = transaction.effects.find((effect) => effect.is(set));
      return given ? given.value : value.map(transaction.changes);
    },
    provide: (field) => EditorView.decorations.from(field),
  });
  return { set, field };
}

const shapes = layerOf();
const marked = layerOf();

export class Editor {
  // `ask(question, more)` asks the checker about the text; `actions` are what keys do.
  constructor(parent, { text, ask, onChange, onCursor, actions, readOnly = false }) {
    this.ask = ask;
    const keys = [
      { key: "F8", run: nextDiagnostic },
      { key: "Mod-.", run: () => (actions.fix(), true) },
      { key: "F2", run: () => (actions.rename(), true) },
      { key: "F12", run: () => (actions.toDefinition(), true) },
      { key: "Shift-Alt-f", run: () => (actions.format(), true) },
      { key: "Mod-s", run: () => (actions.save(), true), preventDefault: true },
    ];
    const listen = EditorView.updateListener.of((update) => {
      if (update.docChanged) onChange();
      if (update.docChanged || update.selectionSet) onCursor();
    });
    this.view = new EditorView({
      parent,
      state: EditorState.create({
        doc: text,
        extensions: [
          lineNumbers(), history(), drawSelection(), highlightSpecialChars(), bracketMatching(),
          closeBrackets(), highlightActiveLine(), highlightSelectionMatches(), language,
          indentUnit.of("  "), EditorState.readOnly.of(readOnly), shapes.field, marked.field,
          autocompletion({ override: [(context) => this.complete(context)], icons: false }),
          hoverTooltip((_, at) => this.hover(at), { hoverTime: 350 }),
          keymap.of([...keys, ...completionKeymap, ...searchKeymap, ...historyKeymap, ...defaultKeymap]),
          EditorView.contentAttributes.of({ "aria-label": "The spec", "data-gramm": "false" }),
          EditorView.lineWrapping,
          EditorView.domEventHandlers({ mousedown: (event) => this.followed(event, actions) }),
          listen,
        ],
      }),
    });
  }

  // A click with Ctrl or Cmd goes to where the name under it is defined.
  followed(event, actions) {
    if (event.button !== 0 || !(event.ctrlKey || event.metaKey)) return false;
    const at = this.view.posAtCoords({ x: event.clientX, y: event.clientY });
    if (at === null) return false;
    actions.toDefinition(place(this.doc, at));
    return true;
  }

  get doc() {
    return this.view.state.doc;
  }

  get text() {
    return this.doc.toString();
  }

  get cursor() {
    return place(this.doc, this.view.state.selection.main.head);
  }

  // A new text, which can be undone like any change.
  replace(text) {
    this.view.dispatch({
      changes: { from: 0, to: this.doc.length, insert: text },
      selection: { anchor: 0 },
      annotations: isolateHistory.of("full"),
      scrollIntoView: true,
    });
  }

  // Edits of the text that the checker has seen.
  edit(edits, { select = false } = {}) {
    const changes = edits.map((each) => ({ ...span(this.doc, each.range), insert: each.text }));
    this.view.dispatch({
      changes,
      ...(select && changes.length ? { selection: { anchor: changes[0].from } } : {}),
      userEvent: "input",
      scrollIntoView: select,
    });
  }

  select(range) {
    const { from, to } = span(this.doc, range);
    this.view.dispatch({ selection: { anchor: from, head: to }, scrollIntoView: true });
    this.view.focus();
  }

  // What the checker has found, for the text that is in the editor.
  show({ problems, sites, hidden }) {
    const doc = this.doc;
    const diagnostics = problems
      .filter((each) => each.range && !each.elsewhere)
      .map((each) => ({
        ...span(doc, each.range),
        severity: each.severity === "error" ? "error" : "warning",
        message: [each.message, each.label, each.help && `help: ${each.help}`].filter(Boolean).join("\n"),
        source: each.code,
        actions: each.fixes.map((fix) => ({ name: titleOf(fix), apply: () => this.edit(fix.edits) })),
      }));
    const hints = new Map();
    for (const site of hidden ? [] : sites) {
      if (!site.range) continue;
      const at = doc.line(Math.min(site.range.start.line + 1, doc.lines)).to;
      // Several statements in a line: the shape that the last one gives.
      hints.set(at, Decoration.widget({ widget: new Shape(site), side: 1 }).range(at));
    }
    const sorted = [...hints.values()].sort((a, b) => a.from - b.from);
    this.view.dispatch(setDiagnostics(this.view.state, diagnostics), {
      effects: shapes.set.of(Decoration.set(sorted)),
    });
  }

  // Marks the lines of some ranges: those of the block of the drawing under the pointer.
  mark(ranges) {
    const lines = new Set(ranges.filter(Boolean).map((range) => range.start.line + 1));
    const found = [...lines].filter((line) => line <= this.doc.lines).sort((a, b) => a - b);
    const line = Decoration.line({ class: "linked" });
    this.view.dispatch({
      effects: marked.set.of(Decoration.set(found.map((each) => line.range(this.doc.line(each).from)))),
    });
  }

  async complete(context) {
    if (!context.explicit && !context.matchBefore(/[\p{L}_][\p{L}\p{N}_]*|=$/u)) return null;
    const found = await this.ask("complete", { at: place(context.state.doc, context.pos) });
    if (!found || context.aborted || !found.items.length) return null;
    return {
      from: offset(context.state.doc, found.range.start),
      options: found.items.map((item, index) => ({
        label: item.word,
        detail: item.detail.startsWith(item.word) ? item.detail.slice(item.word.length) : item.detail,
        type: item.sort,
        boost: -index / 10,
        info: item.help ? () => h("div", { class: "help" }, markdown(item.help)) : undefined,
        apply: applied(item),
      })),
      validFor: /^[\p{L}_][\p{L}\p{N}_]*$/u,
    };
  }

  async hover(at) {
    const found = await this.ask("hover", { at: place(this.doc, at) });
    if (!found?.text) return null;
    const { from, to } = span(this.doc, found.range);
    return {
      pos: from,
      end: to,
      above: true,
      create: () => ({ dom: h("div", { class: "help" }, markdown(found.text)) }),
    };
  }
}

export const titleOf = (fix) =>
  fix.title || (fix.edits[0]?.text ? `write ${fix.edits[0].text.trim()}` : "remove it");

function applied({ word, sort, block }) {
  if (block) return snippet(`${word} {\n  \${}\n}`);
  if (sort === "call") return snippet(`${word}(\${})`);
  return sort === "option" ? `${word}=` : word;
}
