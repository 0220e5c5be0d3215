// Colours of a text before anyone has read it: the rules of all highlighters, in this one.
import { HighlightStyle, StreamLanguage, syntaxHighlighting, tags } from "./vendor/codemirror.js";
import { RULES } from "./words.js";

const rules = RULES.map(([pattern, sorts]) => ({ pattern: new RegExp(pattern, "uy"), sorts }));

// At a place the first rule that matches wins; its groups are tokens, one after the other.
function token(stream, state) {
  if (state.line !== stream.string || stream.sol()) {
    state.line = stream.string;
    state.queue = [];
  }
  if (!state.queue.length) {
    for (const { pattern, sorts } of rules) {
      pattern.lastIndex = stream.pos;
      const found = pattern.exec(stream.string);
      if (!found?.[0]) continue;
      state.queue = sorts
        .map((sort, place) => [found[place + 1]?.length ?? 0, sort])
        .filter(([length]) => length);
      break;
    }
  }
  const [length, sort] = state.queue.shift() ?? [1, ""];
  stream.pos += length;
  return sort || null;
}

const STYLES = {
  comment: tags.comment,
  string: tags.string,
  number: tags.number,
  layer: tags.className,
  keyword: tags.keyword,
  setting: tags.propertyName,
  option: tags.attributeName,
  value: tags.atom,
  call: tags.typeName,
  function: tags.function(tags.name),
  block: tags.macroName,
  name: tags.variableName,
  operator: tags.operator,
  punctuation: tags.punctuation,
};

export const language = [
  StreamLanguage.define({
    name: "cnn",
    startState: () => ({ line: null, queue: [] }),
    copyState: (state) => ({ line: state.line, queue: [...state.queue] }),
    token,
    tokenTable: STYLES,
    languageData: { commentTokens: { line: "#" }, closeBrackets: { brackets: ["(", "{", '"'] } },
  }),
  syntaxHighlighting(
    HighlightStyle.define(
      Object.entries(STYLES).map(([sort, tag]) => ({ tag, class: `cnn-${sort}` })),
    ),
  ),
];
