"""The files of editors: made from the tables, and nothing of a spec is left without colour."""

import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from importlib.metadata import entry_points

import pytest

from cnnspec.core.source import Source
from cnnspec.diagnostics.catalog import catalog
from cnnspec.editors.files import FILES, SCOPES, snippets, textmate
from cnnspec.editors.lexicon import lexicon
from cnnspec.service.outline import marks
from cnnspec.service.snapshot import snapshot
from tests.support.paths import ROOT, SPECS

EDITORS = ROOT / "editors"
TEXTS = [
    *SPECS,
    *sorted((ROOT / "tests" / "published").glob("*.cnn")),
    *sorted((ROOT / "cnnspec" / "templates").glob("*.cnn")),
]


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_what_the_tables_say(name):
    # `make editors` writes it.
    assert (EDITORS / name).read_text(encoding="utf-8") == FILES[name]()


def tokenized(text: str) -> Iterator[tuple[int, str, str]]:
    """The tokens of a text by the TextMate grammar: offset, text and scope, `""` for none.

    As TextMate does it: line by line, the rule whose match begins first, then the first rule.
    """
    rules = [(re.compile(each["match"]), each["captures"]) for each in textmate()["patterns"]]
    begin = 0
    for line in text.splitlines(keepends=True):
        at = 0
        while at < len(line):
            matches = ((rule.search(line, at), captures) for rule, captures in rules)
            found = [(match, captures) for match, captures in matches if match and match.end() > at]
            if not found:
                yield begin + at, line[at:], ""
                break
            match, captures = min(found, key=lambda each: each[0].start())
            yield begin + at, line[at : match.start()], ""
            for number, text_of in enumerate(match.groups(), 1):
                scope = captures.get(str(number), {}).get("name", "")
                yield begin + match.start(number), text_of, scope
            at = match.end()
        begin += len(line)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_nothing_is_without_a_scope(path):
    text = path.read_text(encoding="utf-8")
    assert [t for _, t, scope in tokenized(text) if t.strip() and not scope] == []


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_only_names_that_a_person_gave_have_no_scope_of_their_own(path):
    found = snapshot(Source(str(path), path.read_text(encoding="utf-8")))
    names = {symbol.name for symbol in found.symbols} | {found.checked.spec.model}
    others = {t for _, t, scope in tokenized(found.source.text) if scope == SCOPES["name"]}
    assert others - names == set()


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_a_scope_is_the_sort_that_the_language_server_says(path):
    found = snapshot(Source(str(path), path.read_text(encoding="utf-8")))
    scopes = {at: scope for at, text, scope in tokenized(found.source.text) if text.strip()}
    # What a person named is known to the one by its definition, to the other by its form.
    sorts = {"layer", "keyword", "setting", "option", "call", "function", "number", "comment"}
    wrong = [
        (mark.span.text, mark.sort, scopes[mark.span.start])
        for mark in marks(found)
        if mark.sort in sorts and scopes[mark.span.start] != SCOPES[mark.sort]
    ]
    assert wrong == []


def test_every_word_of_every_example_is_in_the_lexicon():
    known = {word for words in lexicon().values() for word in words}
    missing = set()
    for cls in catalog().values():
        found = snapshot(Source("x.cnn", cls.good))
        for mark in marks(found):
            if mark.sort in ("layer", "keyword", "setting", "option", "value", "call", "function"):
                missing |= {mark.span.text} - known - {symbol.name for symbol in found.symbols}
    assert missing == set()


def test_snippets_are_the_templates():
    for name, snippet in snippets().items():
        text = re.sub(r"\\([$}\\])", r"\1", "\n".join(snippet["body"])) + "\n"
        template = ROOT / "cnnspec" / "templates" / f"{name}.cnn"
        assert text == template.read_text(encoding="utf-8")
        assert "$" not in re.sub(r"\\\$", "", "".join(snippet["body"]))


def test_the_extension_names_files_that_are_there():
    extension = json.loads((EDITORS / "vscode" / "package.json").read_text(encoding="utf-8"))
    contributed = extension["contributes"]
    paths = [each["path"] for key in ("grammars", "snippets") for each in contributed[key]]
    paths += [each["configuration"] for each in contributed["languages"]]
    assert [path for path in paths if not (EDITORS / "vscode" / path).is_file()] == []
    script = (EDITORS / "vscode" / "extension.js").read_text(encoding="utf-8")
    commands = [each["command"] for each in contributed["commands"]]
    assert [c for c in commands if f'registerCommand("{c}"' not in script] == []


def test_the_setting_of_helix_starts_the_server():
    found = tomllib.loads((EDITORS / "helix.toml").read_text(encoding="utf-8"))
    server = found["language-server"]["cnnspec"]
    assert [server["command"], *server["args"]] == ["cnnspec", "lsp"]


def test_files_of_editors_are_in_no_one_s_way():
    listed = subprocess.run(
        ["git", "ls-files", "editors"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout
    assert "node_modules" not in listed
    assert ".vsix" not in listed


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_the_lexer_of_pygments_knows_all_of_a_spec(path):
    pygments = pytest.importorskip("pygments")
    from pygments.token import Error

    from cnnspec.editors.lexer import CnnLexer

    text = path.read_text(encoding="utf-8")
    tokens = list(pygments.lex(text, CnnLexer()))
    assert [t for kind, t in tokens if kind is Error] == []
    assert "".join(t for _, t in tokens).strip() == text.strip()


def test_pygments_finds_the_lexer():
    pytest.importorskip("pygments")
    found = [each for each in entry_points(group="pygments.lexers") if each.name == "cnn"]
    if not found:
        pytest.skip("cnnspec is installed without its entry points: pip install --editable .")
    assert found[0].load().aliases == ["cnn", "cnnspec"]
