import json

from cnnspec.analysis.check import check
from cnnspec.analysis.formulas import explain
from cnnspec.commands import main
from cnnspec.core.counts import count
from cnnspec.core.source import Source
from cnnspec.core.terminal import plain


def explained(text: str) -> str:
    checked = check(Source("x", text))
    assert checked.ok
    return plain(explain(checked))


def test_every_number_is_derived() -> None:
    text = explained("conv 10x3 relu; pool 2; dense 10 softmax")
    for line in (
        "conv: conv 10x3 relu, 28x28x1 -> 26x26x10",
        "  parameters  (Kh*Kw*Cin + 1) * F = (3*3*1 + 1) * 10 = 100",
        "  rows        floor((H - Kh) / S) + 1 = floor((28 - 3) / 1) + 1 = 26",
        "  MACs        H'*W'*Kh*Kw*Cin*F = 26*26*3*3*1*10 = 60,840",
        "pool: pool 2, 26x26x10 -> 13x13x10",
        "  parameters  (N + 1) * U = (1690 + 1) * 10 = 16,910",
        "parameters    100 + 16,910 = 17,010",
    ):
        assert line in text.splitlines(), text


def test_only_letters_that_occur_are_explained() -> None:
    text = explained("dense 10 softmax")
    assert "units" in text
    assert "dilation" not in text


def test_what_is_not_trained_is_said() -> None:
    assert "  not trained 2*Cin = 2*1 = 2" in explained("bn; dense 10").splitlines()


def test_json_has_every_formula_with_its_letters(capsys):
    text = "conv 10x3 relu; pool 2; repeat 2 shared { conv 10x3 same }; dense 10 softmax"
    assert main(["check", "--explain", "--json", "-e", text]) == 0
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert file["layers"][0]["formulas"]["parameters"] == {
        "symbols": "(Kh*Kw*Cin + 1) * F",
        "numbers": "(3*3*1 + 1) * 10",
        "latex": r"\left(K_{h} \cdot K_{w} \cdot C_{in} + 1\right) \cdot F",
        "value": 100,
    }
    rows = file["layers"][0]["formulas"]["rows"]
    assert rows["latex"] == r"\left\lfloor \frac{H - K_{h}}{S} \right\rfloor + 1"
    for row in file["layers"]:
        assert row["formulas"]["parameters"]["value"] == row["trainable"]
        assert row["formulas"]["MACs"]["value"] == row["macs"]
    assert file["legend"]["Kh, Kw"] == "rows and columns of the kernel"
    assert main(["check", "--json", "-e", text]) == 0
    (bare,) = json.loads(capsys.readouterr().out)["files"]
    assert bare["layers"] == [
        {k: v for k, v in r.items() if k != "formulas"} for r in file["layers"]
    ]


def test_latex_keeps_the_order_of_operations():
    a, b, c = (count(n, s) for n, s in ((7, "H"), (3, "Kh"), (2, "S")))
    assert (a - (b - c)).latex == r"H - \left(K_{h} - S\right)"
    assert ((a + b) * c).latex == r"\left(H + K_{h}\right) \cdot S"
    assert (a * (b * c)).latex == r"H \cdot K_{h} \cdot S"
    assert (a - b).ceildiv(c).latex == r"\left\lceil \frac{H - K_{h}}{S} \right\rceil"
