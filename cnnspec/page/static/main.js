// The page: the text goes to the checker at every change, and what comes back is shown.
import { byId, h, say, show } from "./dom.js";
import { Editor } from "./editor.js";
import { actions } from "./actions.js";
import { Latest } from "./latest.js";
import { Problems } from "./problems.js";
import { Summary } from "./summary.js";
import { fromAddress } from "./share.js";
import { Tabs } from "./tabs.js";
import * as store from "./store.js";

const IDLE = 120; // ms without a key after which what takes longer is asked for
const QUICK = 40; // ms of a check after which that is asked for at once

class Page {
  constructor(engine, address, machine, begin) {
    this.engine = engine;
    this.machine = machine;
    this.begin = begin;
    const kept = store.load();
    this.embed = address.embed;
    this.exercise = address.exercise;
    this.rules = address.shared?.rules ?? (address.shared ? "" : (kept.rules ?? ""));
    this.before = kept.before ?? null; // the text A of the comparison
    this.found = null; // what is known of the text, and `text`, the text it is about
    this.checks = new Latest((request) => engine.ask(request));
    this.slow = new Latest((request) => this.answer(request));
    // A shared text comes before the one that is kept here, which is not lost by that.
    this.shared = Boolean(address.shared);
    const { text, earlier } = beginning(address, machine, kept, begin);
    this.earlier = earlier;
    this.actions = actions(this);
    this.editor = new Editor(byId("editor"), {
      text,
      ask: (ask, more) => this.ask(ask, more),
      onChange: () => this.changed(),
      onCursor: () => this.moved(),
      actions: this.actions,
    });
    this.problems = new Problems(this);
    this.summary = new Summary(this);
    this.tabs = new Tabs(this, address.tab);
    document.body.classList.toggle("embed", this.embed);
  }

  // A question about the text as it is now, which no other one takes the place of.
  ask(ask, more = {}) {
    return this.answer({ ask, text: this.editor.text, ...more });
  }

  // The answer to a request, or null where there is none; that is said.
  answer(request) {
    return this.engine.ask(request).catch((error) => {
      this.failed(error);
      return null;
    });
  }

  changed() {
    this.keep();
    this.check();
  }

  // Nothing typed is lost: the browser keeps it. A shared text is one's own from the first key on.
  keep() {
    if (this.embed) return;
    const { text } = this.editor;
    if (this.machine?.file) {
      const { file, version } = this.machine;
      store.save({ draft: text === this.machine.text ? undefined : { file, version, text } });
    } else if (this.shared) {
      this.shared = false;
      store.save({ text, earlier: this.earlier, rules: this.rules });
    } else {
      store.save({ text });
    }
  }

  async check() {
    const text = this.editor.text;
    const began = performance.now();
    clearTimeout(this.idle);
    let found;
    try {
      found = await this.checks.ask({ ask: "check", text, rules: this.rules || undefined });
    } catch (error) {
      this.failed(error);
      // Once more, for it may not have been this text that the checker broke down on.
      if (this.lost !== text && text === this.editor.text) {
        this.lost = text;
        this.check();
      }
      return;
    }
    // Superseded, or about a text that has changed since: the next answer is on its way.
    if (!found || text !== this.editor.text) return;
    if (found.error) return this.failed(new Error(found.error.map((each) => each.message).join("\n")));
    this.found = { ...found, text };
    this.took = performance.now() - began;
    this.show();
    this.idle = setTimeout(() => this.later(), this.took < QUICK ? 0 : IDLE);
  }

  // What takes longer than a check, once no key comes.
  async later() {
    if (this.found?.text !== this.editor.text) return;
    if (!this.found.whole) {
      const text = this.found.text;
      const rest = await this.ask("rest");
      if (!rest || text !== this.editor.text) return;
      this.found = { ...this.found, ...rest, whole: true };
      if (rest.problems) this.show();
      else this.summary.show(this.found);
    }
    this.tabs.later();
  }

  show() {
    const { found } = this;
    this.editor.show({ ...found, hidden: this.exercise });
    this.problems.show(found);
    this.summary.show(found);
    this.tabs.show(found);
    this.moved();
    const errors = found.problems.filter((each) => each.severity === "error").length;
    const warnings = found.problems.length - errors;
    const count = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
    const words = [errors && count(errors, "error"), warnings && count(warnings, "warning")];
    const status = byId("status");
    status.textContent = words.filter(Boolean).join(", ") || "no errors";
    status.className = errors ? "bad" : "good";
    document.body.dataset.checked = this.took.toFixed(1);
    document.body.dataset.ready ??= performance.now().toFixed(0);
    document.body.classList.toggle("exercise", Boolean(this.exercise));
  }

  failed(error) {
    byId("status").textContent = "not checked";
    byId("status").className = "bad";
    say(error.message, { bad: true });
  }

  // The statement at the cursor: its formulas, its block in the drawing, its row in the table.
  moved() {
    clearTimeout(this.moving);
    this.moving = setTimeout(() => {
      this.sign();
      const site = this.siteAt(this.editor.cursor);
      if (this.found?.text === this.editor.text) this.tabs.at(site);
    }, 30);
  }

  siteAt(cursor) {
    const before = (a, b) => a.line < b.line || (a.line === b.line && a.character <= b.character);
    const around = (this.found?.sites ?? []).filter(
      ({ range }) => range && before(range.start, cursor) && before(cursor, range.end),
    );
    // The innermost is the one that begins last.
    return around.at(-1) ?? null;
  }

  async sign() {
    const found = await this.slow.ask({
      ask: "signature", text: this.editor.text, at: this.editor.cursor,
    });
    if (!found) return;
    const active = found.word ? found.parameters[found.active] : null;
    const shown = (found.parameters ?? []).map((each, place) => [
      each.joined ? "" : " ",
      h(place === found.active ? "strong" : "span", {}, each.label),
    ]);
    show(byId("signature"), found.word ?? "", ...shown.flat(), active?.help ? h("em", {}, active.help) : null);
  }
}

// The text to begin with, and another one of this person that it takes the place of.
function beginning({ shared }, machine, kept, begin) {
  const template = machine?.text ?? begin.templates[0].text;
  if (shared) return { text: shared.text, earlier: kept.text === shared.text ? undefined : (kept.text ?? kept.earlier) };
  if (!machine?.file) return { text: kept.text ?? template, earlier: kept.earlier };
  const { draft } = kept;
  if (draft?.file !== machine.file || draft.text === machine.text) return { text: machine.text };
  // Typed before, and not saved: taken up, unless the file is another by now.
  return draft.version === machine.version
    ? { text: draft.text, earlier: machine.text }
    : { text: machine.text, earlier: draft.text };
}

async function start() {
  const address = await fromAddress(location.hash);
  const { connect } = await import(`./engine_${document.body.dataset.engine ?? "server"}.js`);
  const engine = await connect();
  const begin = await engine.ask({ ask: "begin" });
  const page = new Page(engine, address, engine.machine, begin);
  if (engine.machine) (await import("./machine.js")).extend(page);
  window.cnnspec = page;
  if (address.broken) say("The link is not complete: the spec in it cannot be read.", { bad: true });
  await page.check();
  // What only texts with errors need is loaded before there is one.
  await engine.ask({ ask: "warm" });
  document.body.dataset.warm = "yes";
}

start().catch((error) => {
  byId("status").textContent = "did not start";
  say(error.message, { bad: true });
});
// Another link in the same tab is another text.
addEventListener("hashchange", () => location.reload());
