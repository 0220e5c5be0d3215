// Names: to where one is defined, and another spelling for one wherever it is meant.
import { byId, h, say, show } from "./dom.js";

export async function toDefinition(page, at = page.editor.cursor) {
  const { text } = page.editor;
  const found = await page.ask("definition", { at });
  if (!found || page.editor.text !== text) return;
  if (!found.range) say("There is no name here that is defined in the text.");
  else if (found.file) say(`It is defined in ${found.file}, line ${found.line}.`);
  else page.editor.select(found.range);
}

export async function rename(page) {
  const { text, cursor } = page.editor;
  const found = await page.ask("name", { at: cursor });
  if (!found) return;
  if (!found.name) return say("There is no name here that can be changed.");
  const dialog = byId("dialog");
  const input = h("input", { id: "rename", value: found.name, spellcheck: "false", autocomplete: "off" });
  const why = h("p", { class: "bad", role: "alert" });
  const change = async (event) => {
    event.preventDefault();
    if (input.value === found.name) return dialog.close();
    const made = await page.answer({ ask: "rename", text, at: cursor, name: input.value.trim() });
    if (!made) return;
    if (made.reason) return (why.textContent = made.reason);
    dialog.close();
    if (page.editor.text === text) page.editor.edit(made.edits);
    page.editor.view.focus();
  };
  show(dialog,
    h("h2", { id: "dialog-title" }, "Rename"),
    h("form", { onsubmit: change },
      h("label", { for: "rename" }, `Another name for ${found.name}, wherever it is meant`),
      h("div", { class: "copy" }, input, h("button", { class: "main" }, "Rename"),
        h("button", { type: "button", onclick: () => dialog.close() }, "Cancel")),
      why));
  dialog.showModal();
  input.select();
}
