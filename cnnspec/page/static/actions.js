// The buttons above the editor, which keys do as well.
import { byId, download, h, say, show } from "./dom.js";
import { rename, toDefinition } from "./names.js";
import { toAddress } from "./share.js";
import * as store from "./store.js";

export function actions(page) {
  const edits = async (ask, none) => {
    const { text } = page.editor;
    const found = await page.ask(ask);
    if (!found || page.editor.text !== text) return;
    if (!found.edits.length) say(none);
    page.editor.edit(found.edits);
  };
  const all = {
    format: () => edits("format", page.found?.ok === false ? "A text with errors in its form is left as it is." : "The layout is canonical already."),
    fixAll: () => edits("fix_all", "There is no fix that is surely meant."),
    fix: () => fixAtCursor(page),
    rename: () => rename(page),
    toDefinition: (at) => toDefinition(page, at),
    keys: () => keys(),
    save: () => (page.machine?.file ? page.machine.save(page) : all.export("cnn")),
    export: (kind) => exported(page, kind),
    share: () => share(page),
    reset: () => reset(page),
    earlier: () => {
      const { text } = page.editor;
      page.editor.replace(page.earlier);
      page.earlier = text;
    },
    exercise: () => {
      page.exercise = !page.exercise;
      byId("exercise").setAttribute("aria-pressed", String(page.exercise));
      page.show();
      page.tabs.choose(page.tabs.chosen);
    },
    template: (name) => {
      const chosen = page.begin.templates.find((each) => each.name === name);
      page.editor.replace(chosen.text);
      page.editor.view.focus();
      say("A template took the place of the text; undo brings it back.");
    },
  };
  bar(page, all);
  return all;
}

function bar(page, all) {
  const button = (title, run, more = {}) => h("button", { type: "button", onclick: run, ...more }, title);
  const choice = (label, options, run) =>
    h("select", {
      "aria-label": label,
      onchange: (event) => {
        if (event.target.value) run(event.target.value);
        event.target.value = "";
      },
    }, h("option", { value: "" }, label), options.map(([value, title]) => h("option", { value }, title)));
  byId("actions").replaceChildren(
    choice("Templates", page.begin.templates.map(({ name, story }) => [name, `${name}: ${story.split(". Train")[0].replace(/^[^:]*: /, "")}`]), all.template),
    button("Format", all.format, { title: "canonical layout (Shift+Alt+F)" }),
    button("Fix all", all.fixAll, { title: "every fix that is surely meant" }),
    button("Exercise", all.exercise, { id: "exercise", "aria-pressed": String(Boolean(page.exercise)), title: "hide the results until they are asked for" }),
    choice("Export", [...page.begin.exports.map(({ kind, title }) => [kind, title]), ["png", "The drawing as PNG"]], all.export),
    button("Share", all.share, { title: "a link that carries the text" }),
    button("Reset", all.reset, { title: "begin anew" }),
    button("Keys", all.keys, { title: "what keys do in the editor" }),
    page.earlier ? button("My earlier text", all.earlier, { id: "earlier" }) : "",
  );
}

function fixAtCursor(page) {
  const { line } = page.editor.cursor;
  const near = page.found?.problems.find((each) => each.fixes.length && each.range && !each.elsewhere && each.range.start.line <= line && line <= each.range.end.line);
  if (near && page.found.text === page.editor.text) page.editor.edit(near.fixes[0].edits);
  else say("There is no fix on this line.");
}

async function exported(page, kind) {
  const found = await page.ask("export", { kind: kind === "png" ? "svg" : kind });
  if (!found) return;
  if (found.error) {
    say(`A spec with errors cannot be exported: ${found.error[0].message}`, { bad: true });
  } else if (kind === "png") {
    download(found.name.replace(/svg$/, "png"), await png(found.text));
  } else {
    download(found.name, found.text);
  }
}

// Twice as many pixels as the drawing has units, for paper and sharp screens.
async function png(svg) {
  const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = h("canvas", { width: 2 * image.naturalWidth, height: 2 * image.naturalHeight });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  } finally {
    URL.revokeObjectURL(url);
  }
}

async function share(page) {
  const dialog = byId("dialog");
  const given = { text: page.editor.text, rules: page.rules, exercise: page.exercise };
  const link = await toAddress(given);
  const embedded = await toAddress({ ...given, embed: true });
  const local = location.protocol === "file:" || page.machine;
  const field = (id, title, value) => [
    h("label", { for: id }, title),
    h("div", { class: "copy" }, h("input", { id, readonly: true, value, onfocus: (event) => event.target.select() }),
      h("button", {
        type: "button",
        onclick: async () => {
          await navigator.clipboard.writeText(value).then(() => say("The link is copied."), () => byId(id).select());
        },
      }, "Copy")),
  ];
  show(dialog,
    h("h2", { id: "dialog-title" }, "Share"),
    h("p", {}, page.rules ? "The link carries the text and the rules; nothing is stored anywhere else." : "The link carries the whole text; nothing is stored anywhere else."),
    local ? h("p", { class: "soft" }, "This page is on your machine: the link opens here. The part behind # works with any copy of the page.") : null,
    field("share-link", "Link", link),
    field("share-embed", "For slides and docs, without the buttons", `<iframe src="${embedded}" width="100%" height="480"></iframe>`),
    h("form", { method: "dialog" }, h("button", {}, "Close")),
  );
  dialog.showModal();
}

const KEYS = [
  ["Ctrl+Space", "words for this place"],
  ["F8", "the next problem"],
  ["Ctrl+.", "the first fix on this line"],
  ["F2", "another name for the one at the cursor"],
  ["F12, Ctrl+click", "where a name is defined"],
  ["Shift+Alt+F", "canonical layout"],
  ["Ctrl+/", "a comment, or none"],
  ["Ctrl+F", "search and replace"],
  ["Ctrl+S", "save"],
  ["Tab", "out of the editor"],
];

function keys() {
  const mac = /Mac|iPhone|iPad/.test(navigator.platform);
  const shown = (key) => (mac ? key.replace("Ctrl+Space", "Ctrl Space").replaceAll("Ctrl+", "Cmd+") : key);
  show(byId("dialog"),
    h("h2", { id: "dialog-title" }, "Keys"),
    h("dl", { class: "keys" }, KEYS.map(([key, what]) => [h("dt", {}, shown(key)), h("dd", {}, what)])),
    h("form", { method: "dialog" }, h("button", {}, "Close")));
  byId("dialog").showModal();
}

function reset(page) {
  page.editor.replace(page.machine?.text ?? page.begin.templates[0].text);
  store.save({ text: undefined, earlier: undefined, before: null });
  page.before = null;
  page.editor.view.focus();
  say("Begun anew; undo brings the text back.");
}
