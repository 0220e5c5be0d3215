"""The language server as an editor meets it: a real client, a real process, real pipes."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("pygls")

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from cnnspec.language.scan import MAX_BYTES
from tests.support.editor import Editor, at, cut, edited, whole
from tests.support.paths import ROOT, SPECS

LENET = (SPECS[0].parent / "lenet5.cnn").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    with Editor(tmp_path_factory.mktemp("specs"), trainCommand="cnnspec.train") as session:
        yield session


def test_a_spec_without_errors_has_no_diagnostics(editor):
    assert editor.problems(editor.open("fine.cnn", LENET)) == []


def test_an_error_is_at_its_place_with_its_help(editor):
    uri = editor.open("wrong.cnn", "conv 8x3 rleu\ndense 10 softmax\n")
    (found,) = editor.problems(uri)
    assert (found.code, found.source) == ("CNN102", "cnnspec")
    assert found.severity == types.DiagnosticSeverity.Error
    assert found.range == types.Range(types.Position(0, 9), types.Position(0, 13))
    assert found.message.splitlines() == [
        "unknown word `rleu` for `conv`",
        "help: did you mean `relu`?",
    ]
    editor.change(uri, "conv 8x3 relu\ndense 10 softmax\n")
    assert editor.problems(uri) == []


def test_other_places_are_related(editor):
    text = "let f = 8\nlet f = 9\nconv (f)x3; dense 10 softmax"
    (found,) = editor.problems(editor.open("twice.cnn", text))
    (related,) = found.related_information
    assert related.location.range.start == types.Position(0, 4)


@pytest.mark.parametrize(
    ("encoding", "width"), [("utf-8", 4), ("utf-16", 2), ("utf-32", 1), (None, 2)]
)
def test_characters_are_counted_as_agreed(encoding, width, tmp_path):
    with Editor(tmp_path, encodings=[encoding] if encoding else None) as session:
        found = session.told.capabilities.position_encoding
        assert found == (encoding or "utf-16")
        uri = session.open("x.cnn", 'model "\U0001f600"; conv 8x3 rleu\ndense 10 softmax')
        (problem,) = session.problems(uri)
        assert problem.range.start == types.Position(0, 7 + width + 12)


@pytest.mark.parametrize("inside", ["\f", "\u2028", "\x85", "\v"])
def test_only_line_ends_end_a_line(inside, editor):
    uri = editor.open(f"line-{ord(inside)}.cnn", f"# a{inside}b\ndens 10 softmax")
    lines = [found.range.start.line for found in editor.problems(uri) if found.code == "CNN101"]
    # A character that a spec may not have hides what is wrong behind it.
    assert lines == ([1] if inside == "\f" else [])
    editor.change(uri, "# a b\ndens 10 softmax")
    assert [found.range.start.line for found in editor.problems(uri)] == [1]


def test_a_fix_is_an_action_that_removes_the_error(editor):
    text = "conv 8x3 rleu\ndens 10 softmax\n"
    uri = editor.open("fix.cnn", text)
    editor.problems(uri)
    context = types.CodeActionContext(diagnostics=[])
    actions = editor.ask("code_action", uri, range=whole(), context=context)
    first, second, everything = actions
    assert (first.kind, first.is_preferred) == (types.CodeActionKind.QuickFix, True)
    assert edited(text, first.edit.changes[uri]).startswith("conv 8x3 relu\ndens")
    assert edited(text, second.edit.changes[uri]).endswith("rleu\ndense 10 softmax\n")
    assert everything.kind == "source.fixAll.cnnspec"
    editor.change(uri, edited(text, everything.edit.changes[uri]))
    assert editor.problems(uri) == []


def test_actions_are_of_the_kind_that_is_asked_for(editor):
    uri = editor.open("kinds.cnn", "conv 8x3 rleu\ndense 10 softmax\n")
    for kind, count in (("quickfix", 1), ("source.fixAll", 1), ("source", 1), ("refactor", 0)):
        context = types.CodeActionContext(diagnostics=[], only=[kind])
        actions = editor.ask("code_action", uri, range=whole(), context=context)
        assert len(actions) == count, kind
    away = types.Range(types.Position(1, 5), types.Position(1, 5))
    context = types.CodeActionContext(diagnostics=[], only=["quickfix"])
    assert editor.ask("code_action", uri, range=away, context=context) == []


def test_the_budget_that_does_not_hold_offers_what_would_fit(editor):
    text = "data mnist\ndense 100\ndense 10 softmax\nbudget params <= 40k\n"
    uri = editor.open("budget.cnn", text)
    context = types.CodeActionContext(diagnostics=[], only=["quickfix"])
    (action,) = editor.ask("code_action", uri, range=whole(), context=context)
    # 784*U + U + 10*U + 10 <= 40,000 gives U = 50.
    assert "dense 50" in edited(text, action.edit.changes[uri])
    (lens,) = editor.ask("code_lens", uri)
    assert lens.command.title == "79,510 of 40,000 (198.8 %), not held"


def test_advice_that_takes_long_comes_after_the_error(editor):
    text = "repeat 98 { conv 4x3 same relu }\nconv 8x3 same relu\ngap\ndense 10 softmax\n"
    text += "budget params <= 14.5k\n"
    uri = editor.open("advice.cnn", text)
    (found,) = editor.problems(uri)
    assert found.code == "CNN301"
    told = editor.until(uri, lambda last: "would fit" in last.diagnostics[0].message)
    assert told[0].range == found.range
    assert len(editor.published[uri]) == 2


def test_hover_has_shapes_and_formulas_with_numbers(editor):
    uri = editor.open("hover.cnn", LENET)
    told = editor.ask("hover", uri, position=at(LENET, LENET.index("conv 16x5")))
    assert "14x14x6 → 10x10x16" in told.contents.value
    assert "(5*5*6 + 1) * 16 = 2,416" in told.contents.value
    assert cut(LENET, told.range) == "conv"
    assert editor.ask("hover", uri, position=types.Position(0, 5)) is None


def test_completion_replaces_the_word_that_is_typed(editor):
    text = "data mnist\nconv 8x3 re\ndense 10 softmax"
    uri = editor.open("complete.cnn", text)
    items = editor.ask("completion", uri, position=at(text, text.index("re\n") + 2))
    item = next(item for item in items if item.label == "relu")
    assert cut(text, item.text_edit.range) == "re"
    assert item.documentation.value == "the function applied to the output"
    assert next(i for i in items if i.label == "stride").text_edit.new_text == "stride="
    assert [item.sort_text for item in items] == sorted(item.sort_text for item in items)


def test_signature_help_says_which_argument_is_typed(editor):
    text = "conv 8"
    uri = editor.open("signature.cnn", text)
    shown = editor.ask("signature_help", uri, position=at(text, 5))
    (one,) = shown.signatures
    assert one.label.startswith("conv FILTERSxKERNEL [padding] [activation] [no_bias]")
    assert (one.parameters[0].label, shown.active_parameter) == ("FILTERS", 0)


def test_shapes_are_hints_behind_their_layers(editor):
    uri = editor.open("hints.cnn", LENET)
    hints = editor.ask("inlay_hint", uri, range=whole())
    shapes = ["28x28x6", "14x14x6", "10x10x16", "5x5x16", "400", "120", "84", "10"]
    assert [hint.label for hint in hints] == shapes
    assert hints[0].position == at(LENET, LENET.index("conv 6x5 same relu") + 18)
    few = types.Range(types.Position(4, 0), types.Position(5, 99))
    assert len(editor.ask("inlay_hint", uri, range=few)) == 2


def test_the_outline_and_the_folds(editor):
    text = "# one\n# two\nblock b(f) {\n  conv (f)x3\n}\nb 8\ndense 10 softmax\n"
    uri = editor.open("outline.cnn", text)
    symbols = editor.ask("document_symbol", uri)
    assert [s.name for s in symbols] == ["block b(f)", "b 8", "dense 10 softmax"]
    assert [s.detail for s in symbols] == ["", "26x26x8", "10"]
    assert [inner.name for inner in symbols[0].children] == ["conv (f)x3"]
    folds = [(f.start_line, f.end_line) for f in editor.ask("folding_range", uri)]
    assert folds == [(2, 3), (0, 1)]


def test_semantic_tokens_are_relative_to_each_other(editor):
    text = "let f = 8\nconv (f)x3 relu # end\ndense 10 softmax"
    uri = editor.open("tokens.cnn", text)
    legend = editor.told.capabilities.semantic_tokens_provider.legend
    data = editor.ask("semantic_tokens_full", uri).data
    line = character = 0
    found = []
    for ahead, begin, length, kind, modifiers in zip(*[iter(data)] * 5, strict=True):
        line, character = line + ahead, begin if ahead else character + begin
        word = text.split("\n")[line][character : character + length]
        found.append((word, legend.token_types[kind], modifiers))
    assert found == [
        ("let", "keyword", 0),
        ("f", "variable", 1),
        ("8", "number", 0),
        ("conv", "class", 0),
        ("f", "variable", 0),
        ("3", "number", 0),
        ("relu", "enumMember", 0),
        ("# end", "comment", 0),
        ("dense", "class", 0),
        ("10", "number", 0),
        ("softmax", "enumMember", 0),
    ]


def test_formatting_touches_only_what_changes(editor):
    text = "data mnist\nconv  8x3   relu\npool 2\ndense   10 softmax\n"
    uri = editor.open("format.cnn", text)
    options = types.FormattingOptions(tab_size=2, insert_spaces=True)
    edits = editor.ask("formatting", uri, options=options)
    assert edited(text, edits) == "data mnist\nconv 8x3 relu\npool 2\ndense 10 softmax\n"
    assert len(edits) == 2
    first = types.Range(types.Position(0, 0), types.Position(3, 0))
    edits = editor.ask("range_formatting", uri, range=first, options=options)
    assert edited(text, edits) == text.replace("conv  8x3   relu", "conv 8x3 relu")
    editor.change(uri, "conv  8x3 (\n")
    assert editor.ask("formatting", uri, options=options) == []


def test_names_are_followed_and_renamed_across_files(editor):
    blocks, main = "block cbr(f) { conv (f)x3; relu }\n", 'use "b.cnn"\ncbr 8\ndense 10 softmax\n'
    (editor.folder / "b.cnn").write_text(blocks)
    (editor.folder / "a.cnn").write_text(main)
    a, b = editor.open("a.cnn", main), editor.open("b.cnn", blocks)
    assert editor.problems(b) == []  # blocks for others are no spec without layers
    use = at(main, main.index("cbr"))
    place = editor.ask("definition", a, position=use)
    assert (place.uri, cut(blocks, place.range)) == (b, "cbr")
    (file,) = [editor.ask("definition", a, position=at(main, 6))]
    assert (file.uri, file.range.start) == (b, types.Position(0, 0))
    prepared = editor.ask("prepare_rename", a, position=use)
    assert (prepared.placeholder, cut(main, prepared.range)) == ("cbr", "cbr")
    for uri, where in ((a, use), (b, at(blocks, blocks.index("cbr")))):
        changes = editor.ask("rename", uri, position=where, new_name="unit").changes
        assert edited(blocks, changes[b]) == blocks.replace("cbr", "unit")
        assert edited(main, changes[a]) == main.replace("cbr", "unit")
    context = types.ReferenceContext(include_declaration=True)
    found = editor.ask("references", b, position=at(blocks, 6), context=context)
    assert sorted(place.uri for place in found) == sorted([a, b])
    with pytest.raises(JsonRpcException, match="is not a word"):
        editor.ask("rename", a, position=use, new_name="two words")
    hidden = "let g = 2\nblock b(f) { conv (f)x(g) relu }\nb 8\ndense 10 softmax\n"
    uri = editor.open("hidden.cnn", hidden)
    with pytest.raises(JsonRpcException, match="another name would hide it"):
        editor.ask("rename", uri, position=types.Position(0, 4), new_name="f")


def test_a_change_of_a_used_file_is_seen_before_it_is_saved(editor):
    (editor.folder / "lib.cnn").write_text("block unit(f) { conv (f)x3 relu }\n")
    main = editor.open("main.cnn", 'use "lib.cnn"\nunit 8\ndense 10 softmax\n')
    assert editor.problems(main) == []
    library = editor.open("lib.cnn", "block unit(f) { conv (f)x3 relu }\n")
    editor.problems(library)
    editor.change(library, "block unit(f) { conv (f)x99 relu }\n")
    (found,) = editor.until(main, lambda last: last.diagnostics)
    # It is told where the file is used, and leads to where it is.
    assert found.range.start.line == 0
    assert found.message.startswith("lib.cnn, line 1: kernel 99x99 does not fit")
    assert found.related_information[0].location.uri == library
    editor.close(library)
    assert editor.until(main, lambda last: not last.diagnostics) == []


def test_the_lens_trains(editor, tmp_path):
    uri = editor.open("train.cnn", LENET)
    budget, train = editor.ask("code_lens", uri)
    assert budget.command.title == "61,706 of 61,706"
    assert (train.command.command, train.command.arguments) == ("cnnspec.train", (uri,))
    assert train.range.start == at(LENET, LENET.index("train {"))
    editor.change(uri, LENET.replace("relu", "rleu"))
    assert [lens.command.title for lens in editor.ask("code_lens", uri)] == []
    # An editor without a command of its own is told what to type.
    with Editor(tmp_path) as other:
        own = other.open("x.cnn", "dense 10 softmax")
        (lens,) = other.ask("code_lens", own)
        command, given = lens.command.command, lens.command.arguments
        params = types.ExecuteCommandParams(command=command, arguments=given)
        other.run(other.client.workspace_execute_command_async(params))
        assert other.shown == [f"in a terminal: cnnspec train {tmp_path / 'x.cnn'}"]


ERRORS = sorted((ROOT / "tests" / "errors").glob("*.cnn"))


def test_every_wrong_text_is_answered(editor):
    context = types.CodeActionContext(diagnostics=[], only=["quickfix"])
    options = types.FormattingOptions(tab_size=2, insert_spaces=True)
    uri = editor.open("any.cnn", "")
    for path in ERRORS:
        text = path.read_text(encoding="utf-8", errors="replace")
        editor.change(uri, text)
        for method in ("document_symbol", "folding_range", "semantic_tokens_full", "code_lens"):
            editor.ask(method, uri)
        editor.ask("inlay_hint", uri, range=whole())
        editor.ask("formatting", uri, options=options)
        actions = editor.ask("code_action", uri, range=whole(), context=context)
        for action in actions:
            assert all(edited(text, edits) != text for edits in action.edit.changes.values())
        middle = types.Position(text.count("\n") // 2, 3)
        for method in ("hover", "completion", "signature_help", "definition", "prepare_rename"):
            editor.ask(method, uri, position=middle)
        # CNN006 is of a file that is not text; an editor has made it one.
        if not path.name.startswith("CNN006"):
            code = path.name.partition("-")[0]
            assert code in {problem.code for problem in editor.problems(uri)}, path.name


def test_latest_wins_in_a_burst(editor):
    text = "conv 8x3 same relu\n" * 999 + "dense 10 softmax\n"
    uri = editor.open("burst.cnn", text)
    editor.problems(uri)
    count = len(editor.published[uri])
    for width in range(20):
        version = editor.change(uri, text.replace("dense 10", f"dense {11 + width}"))
    found = editor.problems(uri, version)
    assert "30" in found[0].message
    assert len(editor.published[uri]) - count <= 3


def test_a_request_waits_for_the_latest_text_and_can_be_cancelled(editor):
    text = "conv 8x3 same relu\n" * 999 + "dense 10 softmax\n"
    uri = editor.open("cancel.cnn", text)
    editor.problems(uri)

    async def cancelled() -> str:
        named = types.VersionedTextDocumentIdentifier(uri=uri, version=99)
        wholly = types.TextDocumentContentChangeWholeDocument(text=text.replace("8x3", "4x3"))
        editor.client.text_document_did_change(types.DidChangeTextDocumentParams(named, [wholly]))
        asked = types.DocumentSymbolParams(types.TextDocumentIdentifier(uri))
        request = asyncio.ensure_future(editor.client.text_document_document_symbol_async(asked))
        await asyncio.sleep(0)
        (number,) = editor.client.protocol._request_futures
        editor.client.cancel_request(types.CancelParams(id=number))
        try:
            await request
        except JsonRpcException as error:
            return type(error).__name__
        return "answered"

    assert editor.run(cancelled()) == "JsonRpcRequestCancelled"
    # The server goes on.
    assert len(editor.ask("document_symbol", uri)) == 1000


def test_a_file_that_is_not_utf_8_is_said_so(editor):
    path = Path(editor.folder) / "latin.cnn"
    path.write_bytes(b"# caf\xe9\ndense 10 softmax\n")
    uri = editor.open("latin.cnn", "# caf�\ndense 10 softmax\n")
    (found,) = editor.problems(uri)
    assert "is not UTF-8 text: byte 0xe9 at offset 5" in found.message
    path.write_text("# café\ndense 10 softmax\n", encoding="utf-8")
    saved = types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri))
    editor.call(editor.client.text_document_did_save, saved)
    assert editor.until(uri, lambda last: not last.diagnostics) == []


def test_a_use_that_leaves_the_folder_and_a_text_that_is_too_long_are_said_so(editor):
    (found,) = editor.problems(editor.open("out.cnn", 'use "../x.cnn"\ndense 10 softmax'))
    assert "outside of the folder" in found.message
    long = "# x\n" * (MAX_BYTES // 4 + 1)
    (found,) = editor.problems(editor.open("long.cnn", long))
    assert (found.code, found.range.start) == ("CNN007", types.Position(0, 0))


def test_a_text_without_a_file_is_checked(editor):
    uri = editor.open("untitled:Untitled-1", "let f = 8\nconv (f)x3 relu\ndense 10 softmax")
    assert editor.problems(uri) == []
    place = editor.ask("definition", uri, position=types.Position(1, 6))
    assert (place.uri, place.range.start) == (uri, types.Position(0, 4))
    assert editor.ask("code_lens", uri) == []


def test_a_text_that_is_closed_has_no_diagnostics_and_no_answers(editor):
    uri = editor.open("closed.cnn", "dens 10")
    assert editor.problems(uri) != []
    editor.close(uri)
    assert editor.ask("document_symbol", uri) is None
    assert not editor.published[uri][-1].diagnostics


def test_the_exit_code_says_whether_the_end_was_asked_for(tmp_path):
    with Editor(tmp_path) as session:
        assert session.leave() == 0
    with Editor(tmp_path) as session:
        session.client.exit(None)
        session.exit_code = session.run(session.client._server.wait())
        assert session.exit_code == 1
        session.run(session.client.stop())
