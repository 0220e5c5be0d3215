// Elements in one call: h("button", { class: "quiet", onclick: save }, "Save").

export function h(tag, given = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

export const byId = (id) => document.getElementById(id);

// Replaces what is in an element, unless it already shows the same: focus and scroll stay.
export function show(element, ...children) {
  const made = h("div", {}, ...children);
  if (element.innerHTML !== made.innerHTML || made.querySelector("button, input, a, select")) {
    element.replaceChildren(...made.childNodes);
  }
}

// One formatter: to make one for each number of a long table takes a second.
const digits = new Intl.NumberFormat("en-US");
export const number = (value) => digits.format(value);

// 12,345 bytes as KiB, as small devices count.
export const kib = (bytes) => `${number(Math.round(bytes / 102.4) / 10)} KiB`;

export function download(name, data) {
  const blob = data instanceof Blob ? data : new Blob([data], { type: "text/plain;charset=utf-8" });
  const url = URL.createObjectURL(blob);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

// Says something in a corner for a while; screen readers read it.
export function say(text, { bad = false } = {}) {
  const note = byId("note");
  note.textContent = text;
  note.classList.toggle("bad", bad);
  note.hidden = false;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => (note.hidden = true), bad ? 12_000 : 5_000);
}
