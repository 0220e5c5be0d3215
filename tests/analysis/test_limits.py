"""Whatever a check accepts is accepted in every form that is printed of it, up to the limits."""

import json

import pytest

from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.analysis.load import normalized
from cnnspec.core.source import Source
from cnnspec.ir.document import dump
from cnnspec.ir.source import SpecSource
from cnnspec.ir.spec import MAX_LAYERS
from cnnspec.ir.validity import is_valid

END = "\ndense 10 softmax\n"


def nested(before: str, after: str, depth: int) -> str:
    """So many statements within each other around a layer, on an image of 2x2."""
    inside = "input 2x2x1; classes 10; " + before * depth + " relu " + after * depth
    return inside + END


def chain(depth: int) -> str:
    """Blocks that use each other, each within a residual."""
    text = "block b1 { residual { relu } }\n"
    for number in range(2, depth + 1):
        text += f"block b{number} {{ residual {{ b{number - 1} }} }}\n"
    return f"{text}b{depth}{END}"


def long_names(letters: int) -> str:
    """A layer in three blocks, whose name is five letters and dots longer than the blocks'."""
    return (
        "block a { relu }\n"
        f"block b {{ a name={'n' * letters} }}\n"
        f"block c {{ b name={'n' * 100} }}\n"
        f"c name={'n' * 100}{END}"
    )


def residuals(count: int) -> str:
    """Residuals around a layer: as `add`, they count as layers."""
    return f"repeat {count} {{ residual {{ relu }} }}{END}"


# Each row: a text by a number, and the largest number that is accepted.
LIMITS = {
    # Two brackets for each merge with its branch, 96 in all.
    "residual": (lambda n: nested("residual {", "}", n), 48),
    "add": (lambda n: nested("add { branch { } branch {".replace("} b", "}; b"), "} }", n), 48),
    "shared": (lambda n: nested("repeat 1 shared {", "}", n), 96),
    "both": (lambda n: nested("repeat 1 shared { residual {", "} }", n), 32),
    "blocks": (chain, 48),
    # 100 + 1 + 100 + 1 + n + 1 + 4, and a text can give 255.
    "names": (long_names, 48),
    # Each is two layers, and the last one comes after them.
    "residuals": (residuals, 4_999),
    "layers": (lambda n: f"repeat {n} {{ relu }}{END}", MAX_LAYERS - 1),
    "times": (lambda n: f"repeat {n} shared {{ relu }}{END}", MAX_LAYERS - 1),
    "twice": (lambda n: f"repeat {n} shared {{ repeat 99 shared {{ relu }} }}{END}", 101),
    "used": (
        lambda n: f"block b {{ repeat 99 shared {{ relu }} }}\nrepeat {n} shared {{ b }}{END}",
        101,
    ),
    # 30,000 statements: with the layer, and ten for the settings that may be written out.
    "budgets": (lambda n: "budget params >= 1\n" * n + END, 29_989),
    "names of lets": (lambda n: "".join(f"let a{i} = 1\n" for i in range(n)) + END, 1_000),
    "blocks defined": (lambda n: "".join(f"block a{i} {{ }}\n" for i in range(n)) + END, 1_000),
}


def forms(result: CheckedSpec) -> dict[str, Source]:
    """Every form that is printed of a spec, by what it is called."""
    spec = result.spec
    return {
        "canonical": Source("run", str(spec)),
        "expand": Source("expand", spec.written(full=True)),
        "ir": normalized(Source("ir", json.dumps(dump(spec)))),
    }


@pytest.mark.parametrize("name", LIMITS)
def test_what_is_accepted_at_a_limit_is_accepted_as_it_is_printed(name: str) -> None:
    text, most = LIMITS[name]
    result = check(Source("x", text(most)))
    assert result.ok, result.problems[0].message
    assert is_valid(result.spec)
    for form, source in forms(result).items():
        again = check(source)
        assert again.ok, f"{form}: {again.problems[0].message}"
        assert again.spec == result.spec
        assert isinstance(source, SpecSource) == (form == "ir")


@pytest.mark.parametrize("name", LIMITS)
def test_one_more_than_a_limit_is_refused(name: str) -> None:
    text, most = LIMITS[name]
    result = check(Source("x", text(most + 1)))
    assert not result.ok
    assert {problem.code for problem in result.problems} == {"CNN007"}


def test_a_network_that_could_not_be_written_out_is_refused() -> None:
    # 9,999 lines with a name of 200 letters each and more are 2 MB and more.
    name = "n" * 200
    text = f"block {name} {{ conv 1x1 same }}\nrepeat 9999 {{ {name} }}{END}"
    (problem,) = check(Source("x", text)).problems
    assert problem.code == "CNN007"
    assert problem.message.startswith("this spec is too long with every layer and default")
