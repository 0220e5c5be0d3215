"""Formulas for LaTeX and browsers: read back and worked out, each gives its number."""

import math
import re
from fractions import Fraction
from xml.etree import ElementTree

import pytest

from cnnspec.analysis.check import check
from cnnspec.analysis.formulas import facts
from cnnspec.core.counts import count
from cnnspec.core.typesetting import Latex, MathML
from cnnspec.files.sources import read_source
from tests.support.paths import SPECS

H, K, S = count(28, "H"), count(5, "Kh"), count(2, "S")
ROWS = (H - K) // S + 1


def test_a_formula_for_latex():
    assert ROWS.typeset(Latex()) == r"\left\lfloor \frac{H - K_{h}}{S} \right\rfloor + 1"
    assert ROWS.typeset(Latex(), numbers=True) == (
        r"\left\lfloor \frac{28 - 5}{2} \right\rfloor + 1"
    )
    assert (H * K).typeset(Latex()) == r"H \cdot K_{h}"
    assert count(61706).typeset(Latex()) == "61{,}706"


def test_a_formula_for_a_page():
    assert ROWS.typeset(MathML()) == (
        "<mrow><mo>⌊</mo><mfrac><mrow><mi>H</mi><mo>\N{MINUS SIGN}</mo>"
        "<msub><mi>K</mi><mi>h</mi></msub></mrow><mrow><mi>S</mi></mrow></mfrac><mo>⌋</mo></mrow>"
        "<mo>+</mo><mn>1</mn>"
    )
    assert count(3, "H'").typeset(MathML()) == "<msup><mi>H</mi><mo>\N{PRIME}</mo></msup>"
    assert count(61706).typeset(MathML()) == "<mn>61,706</mn>"


def of_latex(text):
    """A formula of LaTeX as Python."""
    text = text.replace("{,}", "").replace(r"\cdot", "*")
    text = re.sub(r"\\left\\l(floor|ceil)", r"math.\1(", text)
    text = re.sub(r"\\right\\r(floor|ceil)", ")", text).replace(r"\left(", "(")
    text = re.sub(r"\\frac\{(.*?)\}\{(.*?)\}", r"Fraction(\1, \2)", text.replace(r"\right)", ")"))
    assert "\\" not in text
    return text


def of_mathml(element):
    """A formula of MathML as Python."""
    inner = "".join(map(of_mathml, element))
    match element.tag:
        case "mfrac":
            top, bottom = map(of_mathml, element)
            return f"Fraction({top}, {bottom})"
        case "mn":
            return element.text.replace(",", "")
        case "mo":
            signs = {"·": "*", "\N{MINUS SIGN}": "-", "⌊": "math.floor(", "⌈": "math.ceil("}
            return {**signs, "⌋": ")", "⌉": ")"}.get(element.text, element.text)
    return inner


def worked_out(text):
    return eval(text, {"math": math, "Fraction": Fraction})


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_formula_gives_its_number(path):
    for call in check(read_source(str(path))).layers:
        for name, fact in facts(call):
            found = fact.typeset(Latex(), numbers=True)
            assert worked_out(of_latex(found)) == fact.value, (call.name, name)
            page = ElementTree.fromstring(f"<math>{fact.typeset(MathML(), numbers=True)}</math>")
            assert worked_out(of_mathml(page)) == fact.value, (call.name, name)
