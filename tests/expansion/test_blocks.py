"""Blocks, repetition, merges and other files: what they come to, and what they refuse."""

import os
from pathlib import Path

import pytest

from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.core.edits import apply_edits
from cnnspec.core.source import Source
from cnnspec.files.sources import read_source


def checked(text: str) -> CheckedSpec:
    return check(Source("x", text))


def errors(result: CheckedSpec) -> list[str]:
    return [problem.code for problem in result.problems if problem.severity == "error"]


def codes(text: str) -> list[str]:
    return errors(checked(text))


def names(text: str) -> list[str]:
    result = checked(text)
    assert result.ok
    return [row.name for row in result.layers]


def same(left: str, right: str) -> bool:
    one, other = checked(left), checked(right)
    assert one.ok
    assert other.ok
    return [str(row.layer) for row in one.layers] == [str(row.layer) for row in other.layers]


END = "; gap; dense 10"


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("repeat 2 { conv 4x3 relu; bn }", "conv 4x3 relu; bn; conv 4x3 relu; bn"),
        ("repeat i in 1..3 { conv (4*i)x1 }", "conv 4x1; conv 8x1; conv 12x1"),
        ("repeat f in 8, 2 { conv (f)x1 }", "conv 8x1; conv 2x1"),
        ("repeat i in 1..0 { relu }; relu", "relu"),
        ("let n = 2; repeat n { relu }", "relu; relu"),
        (
            "repeat i in 1..2 { repeat j in 1..2 { conv (10*i+j)x1 } }",
            "conv 11x1; conv 12x1; conv 21x1; conv 22x1",
        ),
        (
            "block b(f, k=3) { conv (f)x(k) same }; b 4; b 4x5; b k=1 f=2",
            "conv 4x3 same; conv 4x5 same; conv 2x1 same",
        ),
        ("block a { relu }; block b { a; a }; b", "relu; relu"),
        ("let f = 4; block b { let g = 2*f; conv (g)x1 }; b; conv (f)x1", "conv 8x1; conv 4x1"),
        ("block b(f) { repeat i in 1..2 { conv (f*i)x1 } }; b 3", "conv 3x1; conv 6x1"),
    ],
)
def test_sugar_is_short_for(short: str, long: str) -> None:
    assert same(short + END, long + END)


def test_names_tell_where_layers_come_from() -> None:
    text = """
    block cbr(f) { conv (f)x3 same; bn; relu }
    block two(f) { cbr (f); cbr (f) }
    conv 4x1; cbr 4; cbr 8 name=stem; two 4
    residual { conv 4x1; conv 4x1 }
    gap; dense 10
    """
    assert [name for name in names(text) if "bn" not in name and "relu" not in name] == [
        "conv",
        "cbr.conv",
        "stem.conv",
        "two.cbr.conv",
        "two.cbr_2.conv",
        "conv_2",
        "conv_3",
        "add",
        "gap",
        "dense",
    ]


def test_a_block_sees_what_stood_before_it_and_no_more() -> None:
    assert codes("block b { conv (f)x1 }; let f = 4; b; gap; dense 10") == ["CNN108"]
    assert codes("block b { let g = 4 }; b; conv (g)x1; gap; dense 10") == ["CNN108"]


def test_shared_weights_are_counted_once_and_work_every_time() -> None:
    once = checked("conv 4x1; repeat 1 shared { conv 4x3 same; bn }; gap; dense 10")
    thrice = checked("conv 4x1; repeat 3 shared { conv 4x3 same; bn }; gap; dense 10")
    assert once.totals
    assert thrice.totals
    assert once.totals.params == thrice.totals.params
    macs = 28 * 28 * 3 * 3 * 4 * 4
    assert thrice.totals.macs == once.totals.macs + 2 * macs
    assert thrice.totals.depth == once.totals.depth + 2
    assert [row.weights_from for row in thrice.layers] == [
        "",
        "",
        "",
        "conv_2",
        "bn",
        "conv_2",
        "bn",
        "",
        "",
    ]


def test_a_projection_is_added_only_where_shapes_differ() -> None:
    plain = "conv 4x1; residual project { conv 4x3 same }; gap; dense 10"
    wide = "conv 4x1; residual project { conv 8x3 same stride=2 }; gap; dense 10"
    assert "add.project" not in names(plain)
    (row,) = (row for row in checked(wide).layers if row.name == "add.project")
    assert str(row.layer) == "conv 8x1 same stride=2"
    assert row.params == 4 * 8 + 8


def test_ram_of_branches_by_hand() -> None:
    # While the second branch works, its output and that of the first are alive, and the two
    # rows of 28 of the image that it still has to read; the sum then goes where one of them was.
    text = "add { branch { conv 4x3 same }; branch { conv 4x3 same } }; gap; dense 10"
    totals = checked(text).totals
    assert totals
    assert totals.ram() == 4 * (784 * (4 + 4) + 2 * 28)
    # A layer that works in place may not do so on what another branch still needs.
    text = "conv 4x1; residual { relu; relu }; gap; dense 10"
    totals = checked(text).totals
    assert totals
    assert totals.ram() == 4 * 784 * (4 + 4)


def test_ram_of_a_separable_convolution_counts_what_is_between_its_steps() -> None:
    # Of the 28x28x16 values of the depthwise step one row is there at a time, beside the 28x28x4
    # of the output, which is a row behind the image that it grows into; the same two steps
    # written out cost the same.
    one = checked("sepconv 4x3 same multiplier=16; gap; dense 10").totals
    two = checked("dwconv 3 same multiplier=16; conv 4x1; gap; dense 10").totals
    assert one
    assert two
    assert one.ram() == two.ram() == 4 * (784 * 4 + 28 * 16 + 28)


def test_depth_is_that_of_the_longest_branch() -> None:
    text = "concat { branch { conv 4x1 }; branch { conv 4x1; conv 4x3 same } }; gap; dense 10"
    totals = checked(text).totals
    assert totals
    assert totals.depth == 3


def test_faults_in_a_block_show_both_places_once() -> None:
    text = "block b(f) { conv (f)x3 rleu }\nb 4\nb 8\ngap; dense 10"
    (problem,) = checked(text).problems
    assert problem.span
    assert problem.span.line == 1
    assert [label.span.line for label in problem.related] == [2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "lib").mkdir(parents=True)
    (folder / "lib" / "blocks.cnn").write_text('use "more.cnn"\nblock b(f) { conv (f)x1; m }')
    (folder / "lib" / "more.cnn").write_text("let k = 3\nblock m { pool (k) }")
    return folder


def use(folder: Path, text: str) -> CheckedSpec:
    (folder / "main.cnn").write_text(text)
    return check(read_source(str(folder / "main.cnn")))


def test_use_takes_blocks_from_other_files(project: Path) -> None:
    result = use(project, 'use "lib/blocks.cnn"\nb 4\ngap; dense 10')
    assert result.ok
    assert [row.name for row in result.layers] == ["b.conv", "b.m.pool", "gap", "dense"]


def test_used_files_are_read_once(project: Path) -> None:
    (project / "lib" / "blocks.cnn").write_text('use "more.cnn"\nblock b { m }')
    result = use(project, 'use "lib/more.cnn"\nuse "lib/blocks.cnn"\nb; m; gap; dense 10')
    assert result.ok
    (project / "lib" / "blocks.cnn").write_text("block m { relu }")
    result = use(project, 'use "lib/more.cnn"\nuse "lib/blocks.cnn"\nm; gap; dense 10')
    assert errors(result) == ["CNN013"]


def test_a_cycle_of_files_names_the_chain(project: Path) -> None:
    (project / "lib" / "more.cnn").write_text('use "blocks.cnn"')
    result = use(project, 'use "lib/blocks.cnn"\ngap; dense 10')
    (problem,) = result.problems
    assert problem.code == "CNN124"
    assert "blocks.cnn -> more.cnn -> blocks.cnn" in problem.message


A = "block a { conv 8x3 same }\n"
OUTER = A + "block o { a }\n"


@pytest.mark.parametrize(
    ("blocks", "uses", "renamed"),
    [
        # The second use of `a` is `a_2`, and so is the block that comes first, in either order.
        (A + "block a_2 { conv 4x3 same }\n", "a; a_2; a", "a; a_2 name=a_2_b; a"),
        (A + "block a_2 { conv 4x3 same }\n", "a; a; a_2", "a; a; a_2 name=a_2_b"),
        (A + "block a_2 { conv 4x3 same }\n", "repeat 2 { a }; a_2",
         "repeat 2 { a }; a_2 name=a_2_b"),
        (A, "a; a name=a_3; a; a", "a; a name=a_b; a; a"),
        (A, "a; a name = a", "a; a name=a_b"),
        (A, 'a; a name="a"; a name=a_b', "a; a name=a_c; a name=a_b"),
        (OUTER, "o; o; o name=o_2", "o; o; o name=o_b"),
        ("block a(f) { conv (f)x3 same }\n", "a 4; a 8 name=a", "a 4; a 8 name=a_b"),
    ],
)  # fmt: skip
def test_uses_whose_layers_have_one_name_are_told_apart(
    blocks: str, uses: str, renamed: str
) -> None:
    end = "\ngap\ndense 10 softmax"
    (error,) = check(Source("x", blocks + uses + end)).problems
    assert error.code == "CNN013"
    fixed = apply_edits(error.fixes[0].edits[0].span.source, error.fixes[0].edits)
    assert fixed == blocks + renamed + end
    assert f"line {blocks.count(chr(10)) + 1}: " in error.help
    assert check(Source("x", fixed)).ok


def test_a_name_that_a_block_makes_is_to_be_chosen_anew() -> None:
    (error,) = check(Source("x", A + 'a\nconv 8x3 name="a.conv"\ngap; dense 10 softmax')).problems
    assert error.help == "choose another name at line 3: the use of a block makes this one"


@pytest.mark.parametrize("kind", ["link", "folder", "pipe", "device", "parent", "layers"])
def test_what_is_no_file_of_the_project_is_never_opened(project: Path, kind: str) -> None:
    outside = project.parent / "outside.cnn"
    outside.write_text("block b { relu }")
    path = "lib/it.cnn"
    target = project / "lib" / "it.cnn"
    if kind == "link":
        target.symlink_to(outside)
    elif kind == "folder":
        target.mkdir()
    elif kind == "pipe":
        os.mkfifo(target)
    elif kind == "device":
        target.symlink_to("/dev/zero")
    elif kind == "parent":
        path = "../outside.cnn"
    else:
        target.write_text("relu")
    result = use(project, f'use "{path}"\ngap; dense 10')
    assert errors(result) == ["CNN110" if kind == "layers" else "CNN124"]


def test_only_so_many_files_and_so_deep(project: Path) -> None:
    for number in range(20):
        text = f'use "f{number + 1}.cnn"\nblock b{number} {{ relu }}'
        (project / f"f{number}.cnn").write_text(text)
    (project / "f20.cnn").write_text("block b20 { relu }")
    result = use(project, 'use "f0.cnn"\ngap; dense 10')
    assert errors(result) == ["CNN124"]
    assert "16 deep" in result.problems[0].message


@pytest.mark.parametrize("name", ["scope", "self", "values", "state", "in_", "brackets"])
def test_a_variable_of_repeat_may_have_any_name(name: str) -> None:
    text = f"repeat {name} in 1..2 {{ conv ({name})x3 }}; dense 10"
    spec = checked(text).spec
    assert [node.layer.filters for node in spec.nodes[:2]] == [1, 2]
