"""`data "path"` in every command that reads a spec and opens no data."""

import json

import pytest

from cnnspec.analysis.check import check
from cnnspec.commands import main
from cnnspec.core.source import Source
from cnnspec.ir.document import dump, load

PATHS = (
    "digits.h5",
    "../größe und mehr/x.npz",
    "it's mine",
    "C:\\data\\digits.h5",
    "a#b;c{d}",
    "[/foo]<script>",
    "数字/画像",
    "x" * 4096,
)


def spec_of(text):
    result = check(Source("<test>", text))
    assert result.problems == ()
    return result.spec


@pytest.mark.parametrize("path", PATHS)
def test_paths_keep_their_text_in_every_form(path):
    text = f'data "{path}" test_labels="a b"\ninput 8x6\nclasses 3\ndense 3 softmax\n'
    spec = spec_of(text)
    assert (spec.data.source, spec.data.test_labels) == (path, "a b")
    assert spec_of(str(spec)) == spec
    assert spec_of(spec.written(full=True)) == spec
    assert load(json.dumps(dump(spec)), "x") == spec


def test_shape_and_classes_are_what_the_spec_says():
    spec = spec_of('data "a.h5"; input 4x4x3; classes 7; dense 7 softmax')
    assert (spec.input, spec.classes) == ((4, 4, 3), 7)
    spec = spec_of('data "a.h5"; dense 10 softmax')
    assert (spec.input, spec.classes) == ((28, 28, 1), 10)


def test_a_path_like_a_name_stays_a_path():
    spec = spec_of('data "mnist"; classes 3; dense 3 softmax')
    assert spec.data.dataset is None
    assert spec_of(str(spec)) == spec


@pytest.mark.parametrize(
    "path", ["", " ", 'a"b', "a\nb", "a\x1bb", "a\u202eb", "\ud800", "x" * 4097]
)
def test_a_document_with_a_path_no_text_can_carry_is_refused(path, tmp_path, capsys):
    document = dump(spec_of("dense 10 softmax"))
    document["data"]["source"] = path
    (tmp_path / "ir.json").write_text(json.dumps(document))
    assert main(["check", str(tmp_path / "ir.json")]) == 1
    assert "CNN401" in capsys.readouterr().err


def test_fmt_keeps_it(tmp_path, capsys):
    path = tmp_path / "a.cnn"
    path.write_text('data   "a  b.h5"   train_images = x\nclasses 3; dense 3 softmax  # why\n')
    assert main(["fmt", str(path)]) == 0
    assert path.read_text().startswith('data "a  b.h5" train_images=x\n')


def test_diff_tells_it(tmp_path, capsys):
    for name in "ab":
        (tmp_path / f"{name}.cnn").write_text(f'data "{name}.h5"\ndense 10 softmax\n')
    assert main(["diff", str(tmp_path / "a.cnn"), str(tmp_path / "b.cnn")]) == 1
    assert 'data "a.h5" -> "b.h5"' in capsys.readouterr().out
