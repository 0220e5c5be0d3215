import pytest

from cnnspec.core.spelling import certain

KNOWN = ("relu", "elu", "selu", "gelu", "dense", "stride", "filters", "size1")


@pytest.mark.parametrize(
    ("word", "meant"),
    [("Dense", "dense"), ("dens", "dense"), ("strides", "stride"), ("rleu", "relu")],
)
def test_one_slip_is_certain(word: str, meant: str) -> None:
    assert certain(word, meant, KNOWN)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        # Near to two words, too short, two edits, another digit.
        ("belu", "relu"),
        ("ele", "elu"),
        ("dns", "dense"),
        ("size3", "size1"),
        ("fc", "dense"),
    ],
)
def test_a_guess_is_not(word: str, meant: str) -> None:
    assert not certain(word, meant, KNOWN)
