// What the page takes of CodeMirror: `npm run vendor` makes one module of it.
export { EditorState, StateEffect, StateField, RangeSet, Transaction } from "@codemirror/state";
export {
  Decoration, EditorView, WidgetType, drawSelection, highlightActiveLine, highlightSpecialChars,
  hoverTooltip, keymap, lineNumbers,
} from "@codemirror/view";
export {
  defaultKeymap, history, historyKeymap, isolateHistory, toggleComment,
} from "@codemirror/commands";
export {
  HighlightStyle, StreamLanguage, bracketMatching, indentUnit, syntaxHighlighting,
} from "@codemirror/language";
export { lintGutter, nextDiagnostic, setDiagnostics } from "@codemirror/lint";
export { autocompletion, closeBrackets, completionKeymap, snippet } from "@codemirror/autocomplete";
export { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
export { tags } from "@lezer/highlight";
