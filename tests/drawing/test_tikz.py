"""The drawing as TikZ: what the SVG has, complete by itself, and it compiles."""

import re
from collections import Counter

import pytest

import cnnspec
from cnnspec.commands import main
from cnnspec.drawing.labels import SIZE, story
from cnnspec.drawing.tikz import PAGE, draw_tikz, drawn_tikz
from tests.support.drawing_cases import cases, checked
from tests.support.paths import ROOT
from tests.support.tex import compiled, needs_tex

ALL = cases()
SOME = ("lenet5", "dense_net", "mobile_se", "gate", "odd", "skips", "shared", "repeated")
HOSTILE = r"a_b %c &d #e $f {g} ~h ^i \j \end{tikzpicture} größe <k> --l 'm'"
each = pytest.mark.parametrize("text", ALL.values(), ids=ALL)


@each
def test_it_is_one_picture_that_brings_its_colours_and_has_all_of_the_layout(text):
    drawn, sheet = drawn_tikz(checked(text))
    lines = drawn.splitlines()
    assert drawn.count(r"\begin{tikzpicture}") == drawn.count(r"\end{tikzpicture}") == 1
    assert lines[-1] == r"\end{tikzpicture}"
    code = "\n".join(line for line in lines if not line.lstrip().startswith("%"))
    defined = set(re.findall(r"\\definecolor\{(\w+)\}", code))
    used = set(re.findall(r"\b(?:draw|fill)=(\w+)|\[(net\w+)|style=\{(net\w+)", code))
    assert {name for names in used for name in names if name} - {"black"} <= defined
    assert code.count("{") - code.count(r"\{") == code.count("}") - code.count(r"\}")
    assert not re.search(r"\b(nan|inf)\b", re.sub(r"\\node.*", "", code))
    statements = [line for line in code.splitlines() if line.startswith("  \\") and "net" in line]
    assert all(line.endswith((";", "}")) for line in statements)

    # Every line, block, frame and word.
    counts = Counter(re.findall(r"^  (\\\w+\[.*?\])", drawn, re.M))
    arrows = sum(n for style, n in counts.items() if "latex" in style)
    plain = drawn.count(r"\draw[netline] ")
    assert arrows + plain == len(sheet.edges)
    assert drawn.count("dashed") == len(sheet.frames)
    parts = [part for box in sheet.boxes for part in box.parts]
    assert drawn.count("circle[") == sum(part.solid is None for part in parts)
    # Three sides of each solid.
    assert drawn.count("-- cycle;") == 3 * sum(part.solid is not None for part in parts)
    words = sum(len(box.words) for box in sheet.boxes) + len(sheet.frames) + len(sheet.legend) + 2
    assert drawn.count(r"\node[") == words + drawn.count("circle[")


def test_every_layer_is_told_in_a_comment():
    result = checked(ALL["preact_resnet"])
    comments = set(re.findall(r"^  % (.*)$", draw_tikz(result), re.M))
    assert {story(call) for call in result.layers} <= comments


def unit(drawn):
    return float(re.search(r"\[x=([\d.]+)pt, y=-", drawn)[1])


def test_letters_get_smaller_where_the_picture_would_be_higher_than_a_page():
    for name, letter in (("lenet5", 7), ("random_8", 6), ("dense_net", 5)):
        drawn, sheet = drawn_tikz(checked(ALL[name]))
        assert unit(drawn) == pytest.approx(letter / SIZE, abs=5e-4)
        assert sheet.width * letter / SIZE <= PAGE[0]
        assert sheet.height * letter / SIZE <= PAGE[1]


def hostile():
    """A network whose name and first layer are called as nothing should be."""
    result = checked("conv 4x3; dense 10")
    calls = (result.graph.calls[0], result.layers[0].replace(name=HOSTILE), *result.layers[1:])
    return result.replace(
        expanded=result.expanded.replace(spec=result.spec.replace(model=HOSTILE)),
        graph=result.graph.replace(calls=calls),
    )


def test_names_are_texts():
    drawn = draw_tikz(hostile())
    assert r"a\_b \%c \&d \#e \$f \{g\} \textasciitilde{}h \textasciicircum{}i" in drawn
    code = "\n".join(line for line in drawn.splitlines() if not line.lstrip().startswith("%"))
    assert code.count(r"\end{tikzpicture}") == 1


@needs_tex
def test_it_compiles_and_fits_a_page(tmp_path):
    pictures = [draw_tikz(checked(ALL[name])) for name in SOME]
    said = compiled(tmp_path, *pictures, draw_tikz(hostile()))
    assert "Overfull" not in said
    # Every letter is there in the size that is asked for.
    assert "in size <" not in said


def test_the_command_writes_it(tmp_path, capsys):
    lenet = str(ROOT / "specs" / "lenet5.cnn")
    out = tmp_path / "net.tex"
    assert main(["draw", lenet, "--tikz"]) == 0
    printed = capsys.readouterr().out
    assert cnnspec.load(lenet).tikz() == printed
    assert main(["draw", lenet, "--tikz", "--out", str(out)]) == 0
    assert out.read_text() == printed
    capsys.readouterr()
    assert main(["draw", lenet, "--tikz", "--out", str(out)]) == 3
    assert main(["draw", lenet, "--tikz", "--out", str(tmp_path / "net.svg")]) == 2
    assert "name it net.tex" in capsys.readouterr().err
    assert main(["draw", lenet, "--tikz", "--memory"]) == 2
    assert "leave out one of the two" in capsys.readouterr().err
