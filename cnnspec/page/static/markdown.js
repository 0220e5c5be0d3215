// The little Markdown that helps are written in: code, bold, lists, paragraphs. Builds elements,
// so that no text can become anything else.
import { h } from "./dom.js";

export function markdown(text) {
  const found = [];
  const lines = text.split("\n");
  while (lines.length) {
    const line = lines.shift();
    if (line.startsWith("```")) {
      const code = [];
      while (lines.length && !lines[0].startsWith("```")) code.push(lines.shift());
      lines.shift();
      found.push(h("pre", {}, code.join("\n")));
    } else if (line.startsWith("- ")) {
      const items = [line];
      while (lines[0]?.startsWith("- ")) items.push(lines.shift());
      found.push(h("ul", {}, items.map((item) => h("li", {}, inline(item.slice(2))))));
    } else if (line.trim()) {
      const more = [line];
      while (lines.length && lines[0].trim() && !/^(- |```)/.test(lines[0])) more.push(lines.shift());
      found.push(h("p", {}, inline(more.join(" "))));
    }
  }
  return found;
}

export function inline(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part) => {
    if (/^`.+`$/.test(part)) return h("code", {}, part.slice(1, -1));
    if (/^\*\*.+\*\*$/.test(part)) return h("strong", {}, part.slice(2, -2));
    return part;
  });
}
