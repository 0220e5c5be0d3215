// What `cnnspec serve` adds to the page: train with live curves, the list of runs, their reports.
import { byId, h, number, say, show } from "./dom.js";
import { get, post } from "./engine_server.js";
import { curves } from "./curves.js";
import { inline } from "./markdown.js";
import * as store from "./store.js";

export function extend(page) {
  const training = new Training(page);
  const runs = new Runs(page, training);
  training.runs = runs;
  page.tabs.add(training);
  page.tabs.add(runs);
  const { machine } = page;
  byId("actions").prepend(
    (training.button = h("button", { type: "button", class: "main", onclick: () => training.begin() }, "Train")),
    machine.file ? h("button", { type: "button", onclick: () => machine.save(page), title: `write ${machine.file} (Ctrl+S)` }, "Save") : "",
  );
  machine.save = save;
  if (machine.file) document.title = `${machine.file} · cnnspec`;
  const wanted = store.load().tab;
  if (["train", "runs"].includes(wanted) && !page.embed) page.tabs.choose(page.tabs.get(wanted));
  // A tab that was closed while a network trains finds it again.
  if (machine.training) training.follow(machine.training);
}

async function save(page) {
  const { machine } = page;
  const { text } = page.editor;
  try {
    const { version } = await post("save", { text, version: machine.version });
    Object.assign(machine, { version, text });
    store.save({ draft: undefined });
    say(`Saved to ${machine.file}.`);
  } catch (error) {
    say(error.message, { bad: true });
  }
}

class Training {
  id = "train";
  title = "Train";

  constructor(page) {
    this.page = page;
    this.element = h("div", { class: "training" }, h("p", { class: "soft" }, "Train trains the spec on this machine; the curves grow epoch by epoch."));
  }

  async begin(asked) {
    this.page.tabs.choose(this);
    this.button.disabled = true;
    try {
      const { number } = await post("trainings", asked ?? { text: this.page.editor.text });
      this.follow(number);
    } catch (error) {
      this.button.disabled = false;
      say(error.message, { bad: true });
    }
  }

  follow(number) {
    this.source?.close();
    Object.assign(this, { number, runs_: [], notes: [], end: null, stopping: false });
    this.button.disabled = true;
    this.source = new EventSource(`trainings/${number}`);
    this.source.onmessage = ({ data }) => this.take(JSON.parse(data));
    // The browser connects again by itself, and is told what it has missed.
    this.source.onerror = () => this.end && this.source.close();
    this.draw();
  }

  take(event) {
    const current = this.runs_.at(-1);
    if (event.event === "begun") this.runs_.push({ ...event, history: [] });
    else if (event.event === "epoch") current.history.push(event);
    else if (event.event === "measured") current.metrics = event;
    else if (event.event === "note") this.notes.push(event);
    else if (event.event !== "reporting") {
      this.end = event;
      this.source.close();
      this.button.disabled = false;
      this.runs.refresh();
    }
    clearTimeout(this.drawing);
    this.drawing = setTimeout(() => this.draw(), 30);
  }

  draw() {
    const run = this.runs_.at(-1);
    const done = run?.history.length ?? 0;
    const seeds = this.runs_.length > 1 ? ` (seed ${run.seed}, the ${this.runs_.length}. run)` : "";
    const state = this.end ? ENDS[this.end.event] : this.stopping ? "stopping …" : run ? `epoch ${done} of ${run.epochs}${seeds}` : "starting …";
    show(this.element,
      h("p", { class: `state ${this.end?.event ?? ""}`, role: "status" }, run ? h("strong", {}, run.run.split(/[\\/]/).at(-1)) : null, " ", state,
        this.end ? null : [" ", h("button", { type: "button", onclick: () => this.stop() }, "Stop")]),
      run && !this.end ? h("progress", { max: run.epochs, value: done, "aria-label": "epochs" }) : null,
      this.notes.map((each) => h("p", { class: `told ${each.severity}` }, inline(each.message), each.help ? h("span", { class: "soft" }, " ", inline(each.help)) : null)),
      this.end?.problems?.map((each) => h("div", { class: "told error" }, h("p", {}, inline(each.message), each.help ? h("span", { class: "soft" }, " ", inline(each.help)) : null), each.output ? h("pre", {}, each.output) : null)),
      this.result(run),
      done ? h("div", { class: "curves" }, curves(run.history, run.epochs)) : null);
  }

  result(run) {
    if (!this.end || this.end.event === "failed") return null;
    if (!this.end.run) return h("p", {}, "Nothing had been trained yet.");
    const name = this.end.run.split(/[\\/]/).at(-1);
    if (this.end.event === "stopped") {
      return h("p", {}, "What has been trained is kept. ", h("button", { type: "button", onclick: () => this.begin({ resume: name }) }, "Go on"));
    }
    const test = run?.metrics?.test;
    return [
      test ? h("p", { class: "reached" }, "test accuracy ", h("b", {}, (100 * test.accuracy).toFixed(2), " %"), ", macro F1 ", h("b", {}, test.f1.toFixed(4)), ", loss ", h("b", {}, test.loss.toFixed(4))) : null,
      h("ul", { class: "verdicts" }, (this.end.expectations ?? []).map((each) =>
        h("li", { class: each.holds ? "good" : "bad" }, h("span", { class: "mark" }, each.holds ? "✓" : "✗"), h("code", {}, `${each.quantity} ${each.relation} ${each.limit}`), h("span", { class: "soft" }, each.value.toFixed(4))))),
      this.end.report ? h("p", {}, h("a", { href: `kept/${encodeURIComponent(name)}`, target: "_blank" }, "Open the report")) : null,
    ];
  }

  async stop() {
    this.stopping = true;
    this.draw();
    await post(`trainings/${this.number}/stop`).catch((error) => say(error.message, { bad: true }));
  }
}

const ENDS = { ended: "finished", stopped: "stopped", failed: "failed" };

class Runs {
  id = "runs";
  title = "Runs";

  constructor(page, training) {
    this.page = page;
    this.training = training;
    this.element = h("div");
  }

  opened() {
    this.refresh();
  }

  async refresh() {
    let rows;
    try {
      ({ rows } = await get("kept"));
    } catch (error) {
      show(this.element, h("p", { class: "bad" }, error.message));
      return;
    }
    const { runs } = this.page.machine;
    if (!rows.length) {
      show(this.element, h("p", { class: "soft" }, `There are no runs in ${runs} yet.`));
      return;
    }
    show(this.element,
      h("div", { class: "scroll" }, h("table", {},
        h("thead", {}, h("tr", {}, ["run", "state", "test accuracy", "parameters", ""].map((title, place) => title ? h("th", { scope: "col", class: [2, 3].includes(place) ? "n" : null }, title) : h("td")))),
        h("tbody", {}, rows.map((row) => this.row(row))))),
      h("p", { class: "soft" }, `From the folder ${runs}, the newest first.`));
  }

  row({ name, kind, state, why, accuracy, params, count, done, epochs, report }) {
    const of = kind === "sweep" ? `sweep, ${done} of ${count} trained` : kind === "seeds" ? `${count} seeds, ${state}` : state === "unfinished" ? `unfinished, ${epochs} epochs` : state;
    return h("tr", {},
      h("th", { scope: "row" }, name),
      h("td", { title: why || null, class: state === "damaged" ? "bad" : null }, of),
      h("td", { class: "n" }, typeof accuracy === "number" ? accuracy.toFixed(4) : ""),
      h("td", { class: "n" }, typeof params === "number" ? number(params) : ""),
      h("td", {}, report
        ? h("a", { href: `kept/${encodeURIComponent(name)}`, target: "_blank" }, "report")
        : state === "unfinished" && kind !== "sweep"
          ? h("button", { type: "button", onclick: () => this.training.begin({ resume: name }) }, "go on")
          : null));
  }
}
