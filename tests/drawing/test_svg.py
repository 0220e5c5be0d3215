"""One SVG element that says all in words too, and refers to nothing."""

import importlib
import math
import pkgutil
import re
from functools import reduce
from operator import add
from xml.etree import ElementTree

import pytest

import cnnspec.drawing as package
from cnnspec.core.shapes import Image
from cnnspec.drawing.labels import story
from cnnspec.drawing.palette import COLOURS, kind_of, mixed
from cnnspec.drawing.svg import draw
from cnnspec.layers.merging import MERGES
from cnnspec.layers.table import LAYERS
from tests.support.drawing_cases import CASES, cases, checked
from tests.support.random_specs import required

ALL = cases()
SVG = "{http://www.w3.org/2000/svg}"
each = pytest.mark.parametrize("text", ALL.values(), ids=ALL)


def picture(text):
    return ElementTree.fromstring(draw(checked(text)))


@each
def test_svg_is_one_element_with_a_text_alternative(text):
    result = checked(text)
    root = ElementTree.fromstring(draw(result))
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"
    title, desc = root[:2]
    assert (title.tag, desc.tag) == (f"{SVG}title", f"{SVG}desc")
    assert f"{result.totals.params:,} parameters" in desc.text
    assert len(draw(result)) < 600_000


@each
def test_nothing_refers_to_anything(text):
    svg = draw(checked(text))
    root = ElementTree.fromstring(svg)
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in {
            *("svg", "title", "desc", "g", "rect", "polygon", "path", "circle", "text"),
        }
        assert not set(element.attrib) & {"id", "class", "href", "onload"}
    assert "url(" not in svg
    assert svg.count("http") == 1
    assert not svg.startswith("<?")


@each
def test_every_number_is_finite(text):
    assert not re.search(
        r"\b(nan|inf)\b", re.sub(r"<(title|desc|text).*?</\1>", "", draw(checked(text)))
    )


def test_every_drawn_layer_tells_its_story():
    result = checked(ALL["preact_resnet"])
    root = ElementTree.fromstring(draw(result))
    titles = {element.text for element in root.iter(f"{SVG}title")}
    assert {story(row) for row in result.layers} <= titles
    assert "input 28x28x1" in titles
    assert all(f"{story(row)}." in root[1].text for row in result.layers)


def test_shape_layer_and_parameters_are_written():
    words = [element.text for element in picture(ALL["lenet5"]).iter(f"{SVG}text")]
    for text in ("lenet5", "28x28x6", "conv 6x5 same", "relu", "156 params", "48,120 params"):
        assert text in words


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        "</title><script>",
        "\"&'<",
        "x" * 300,
        "🙂" * 300,
        "日本語",
        "\u202egnp.exe",
        "\x1b[31m\x00\ufffe\uffff\ud800",
    ],
    ids=ascii,
)
def test_whatever_a_name_holds_is_text(name):
    result = checked("conv 4x3; dense 10")
    spec = result.spec.replace(model=name)
    rows = (result.layers[0].replace(name=name), *result.layers[1:])
    hostile = result.replace(
        expanded=result.expanded.replace(spec=spec),
        graph=result.graph.replace(calls=(result.graph.calls[0], *rows)),
    )
    svg = draw(hostile)
    svg.encode()
    root = ElementTree.fromstring(svg)
    assert "script" not in {element.tag.removeprefix(SVG) for element in root.iter()}
    assert not set("\u202e\x1b\x00\ufffe\uffff") & set(svg)
    # Cut where it is shown, whole in the title.
    kept = "".join(char for char in name if char.isalnum() or char == "🙂")
    assert kept in re.sub(r"[^\w🙂]", "", root[0].text)
    assert all(len(element.text) < 60 for element in root.iter(f"{SVG}text"))


def test_the_same_spec_gives_the_same_picture():
    for text in CASES.values():
        assert draw(checked(text)) == draw(checked(text))


def test_every_layer_has_a_kind_with_a_colour():
    kinds = {}
    for word, cls in (LAYERS | MERGES).items():
        given = {"reshape": {"shape": (24,)}, "gn": {"groups": 2}}.get(word, {})
        layer = cls(**(required(cls) | given))
        kinds[word] = kind_of(layer.operations(Image(4, 3, 2)))
    assert set(kinds.values()) == set(COLOURS) - {"input"}
    assert {word for word, kind in kinds.items() if kind == "reshape"} == {
        *("flatten", "pad", "crop", "resize", "reshape", "upsample", "slice", "shuffle"),
    }


def luminance(colour):
    """Relative luminance (WCAG 2.1)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(p * weight for p, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def test_text_has_contrast():
    colours = set(re.findall(r'<text[^>]* fill="(#\w+)"', draw(checked(ALL["preact_resnet"]))))
    papers = ["#FFFFFF", "#FAFAFA"]
    for colour in colours:
        assert all((luminance(p) + 0.05) / (luminance(colour) + 0.05) >= 7 for p in papers)


def test_colours_mix():
    assert mixed("#000000", "#FFFFFF", 0.5) == "#808080"
    assert mixed("#123456", "#FFFFFF", 0.0) == "#123456"


def test_a_drawing_does_not_depend_on_how_python_adds(monkeypatch):
    """`sum` of floats rounds at each step up to Python 3.11, and once in the end since 3.12."""
    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    modules = [importlib.import_module(f"{package.__name__}.{name}") for name in names]

    def compensated(values, start=0):
        values = list(values)
        floats = any(isinstance(value, float) for value in values)
        return start + math.fsum(values) if floats else reduce(add, values, start)

    pictures = []
    for way in (lambda values, start=0: reduce(add, values, start), compensated):
        for module in modules:
            monkeypatch.setattr(module, "sum", way, raising=False)
        pictures.append({name: draw(checked(text)) for name, text in ALL.items()})
    assert pictures[0] == pictures[1]
