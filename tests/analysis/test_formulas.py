from cnnspec.analysis.check import check
from cnnspec.analysis.formulas import explain
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
