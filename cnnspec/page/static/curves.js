// The curves of a training while it runs: one small plot for each measure, as SVG.
import { h } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [360, 200];
const [LEFT, RIGHT, TOP, BOTTOM] = [46, 10, 12, 28];

function s(tag, given, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(given)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

// `epochs` are the entries of the history, `all` is how many there will be.
export function curves(epochs, all) {
  const names = Object.keys(epochs[0] ?? {}).filter((name) => epochs.some((each) => typeof each[`val_${name}`] === "number" || ["loss", "accuracy", "f1"].includes(name)));
  return names.filter((name) => !name.startsWith("val_")).map((name) => plot(name, epochs, all));
}

function plot(name, epochs, all) {
  const lines = [[name, "training", "train"], [`val_${name}`, "validation", "held"]]
    .map(([key, title, kind]) => ({ title, kind, points: epochs.filter((e) => Number.isFinite(e[key])).map((e) => [e.epoch, e[key]]) }))
    .filter(({ points }) => points.length);
  const values = lines.flatMap(({ points }) => points.map(([, y]) => y));
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (high - low < 1e-6) [low, high] = [low - 0.01, high + 0.01];
  const end = Math.max(all ?? 0, epochs.at(-1).epoch, 2);
  const x = (epoch) => LEFT + ((epoch - 1) / (end - 1)) * (WIDTH - LEFT - RIGHT);
  const y = (value) => TOP + ((high - value) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const last = lines.map(({ title, points }) => `${title} ${points.at(-1)[1].toFixed(4)}`).join(", ");
  const svg = s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${name} over ${epochs.length} epochs: ${last}` });
  for (const value of [low, (low + high) / 2, high]) {
    svg.append(s("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value) }));
    svg.append(s("text", { class: "tick", x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, value.toPrecision(3)));
  }
  for (const epoch of [1, end]) {
    svg.append(s("text", { class: "tick", x: x(epoch), y: HEIGHT - 8, "text-anchor": epoch === 1 ? "start" : "end" }, epoch));
  }
  for (const { kind, points } of lines) {
    svg.append(s("polyline", { class: kind, points: points.map(([a, b]) => `${x(a).toFixed(1)},${y(b).toFixed(1)}`).join(" ") }));
    const [a, b] = points.at(-1);
    svg.append(s("circle", { class: kind, cx: x(a), cy: y(b), r: 3 }));
  }
  return h("figure", {}, h("figcaption", {}, h("b", {}, name), lines.map(({ title, kind, points }) =>
    h("span", { class: kind }, ` ${title} ${points.at(-1)[1].toFixed(4)}`))), svg);
}
