"""The specs on the page about networks from papers are right, and it names what there is."""

import re

import pytest

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "networks.md").read_text(encoding="utf-8")
SPECS = re.findall(r"```cnn\n(.*?)```", PAGE, re.S)


@pytest.mark.parametrize("text", SPECS)
def test_spec_on_the_page_is_right(text: str) -> None:
    assert [p.message for p in check(Source("networks.md", text)).problems] == []


def test_page_has_specs() -> None:
    assert len(SPECS) == 2


@pytest.mark.parametrize(
    ("text", "rows"),
    [("pool 1 stride=3 ceil", 2), ("pool 3 stride=2 ceil", 2), ("pool 2 stride=2", 2)],
)
def test_windows_begin_inside(text: str, rows: int) -> None:
    result = check(Source("x", f'data "x"; classes 2; input 5x5x1; {text}; dense 2 softmax'))
    assert result.layers[0].output_shape.dims[0] == rows
