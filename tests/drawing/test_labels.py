"""Words at layers, and that their width is never underestimated."""

from pathlib import Path

import pytest

from cnnspec.analysis.summary import brief
from cnnspec.drawing.labels import SIZE, WIDEST, labels, shortened, story, width, wrapped
from tests.support.drawing_cases import cases, checked


def texts(text):
    return [line.text for row in checked(text).layers for line in labels(row)]


def test_a_label_is_the_layer_and_its_parameters():
    assert texts("conv 32x3 relu; pool 2; dense 10 softmax") == [
        "conv 32x3 relu",
        "320 params",
        "pool 2",
        "flatten",
        "dense 10 softmax",
        "54,090 params",
    ]


def test_only_names_that_somebody_gave_are_written():
    assert texts("conv 3x3 name=stem; flatten; dense 10")[:2] == ["stem", "conv 3x3"]
    assert "shared weights" in texts(
        "conv 4x3; repeat 2 shared { pool 2; conv 4x3 same }; dense 10"
    )


def test_options_that_change_no_shape_are_left_to_the_story():
    row = checked("conv 3x3 relu stride=2 l2=0.01 init=he_normal name=stem; dense 10").layers[0]
    assert brief(row.layer) == "conv 3x3 relu stride=2"
    assert story(row) == (
        "stem: conv 3x3 relu init=he_normal l2=0.01 stride=2, "
        "28x28x1 -> 13x13x3, 30 params, 4,563 MACs"
    )


def test_long_texts_are_wrapped_and_cut():
    assert wrapped("conv 64x2 same relu stride=2", 90.0) == ["conv 64x2", "same relu", "stride=2"]
    assert wrapped("a " * 200, 50.0)[-1].endswith("…")
    assert len(wrapped("a " * 200, 50.0)) == 3
    for text in ("x" * 300, "日" * 300, "🙂" * 300, "e\u0301" * 300):
        short = shortened(text, WIDEST)
        assert short.endswith("…")
        assert width(short) <= WIDEST
    assert shortened("short", WIDEST) == "short"


@pytest.mark.parametrize("bold", [False, True])
def test_no_text_is_wider_than_estimated(bold):
    import matplotlib
    from PIL import ImageFont

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    font = ImageFont.truetype(folder / f"DejaVuSans{'-Bold' if bold else ''}.ttf", SIZE * 20)
    words = {word for text in cases().values() for word in texts(text)}
    words |= {str(row.output_shape) for text in cases().values() for row in checked(text).layers}
    for word in words:
        # A font without a letter shows a box, whose width says nothing.
        if word.isascii():
            assert width(word, bold=bold) >= font.getlength(word) / 20, word
