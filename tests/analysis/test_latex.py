"""`check --latex`: the layers and every formula for a paper."""

import pytest

import cnnspec
from cnnspec.analysis.check import check
from cnnspec.analysis.latex import formulas_latex, layers_latex
from cnnspec.commands import main
from cnnspec.core.source import Source
from tests.support.drawing_cases import cases, checked
from tests.support.paths import ROOT
from tests.support.tex import compiled, needs_tex

LENET = str(ROOT / "specs" / "lenet5.cnn")
ODD = 'conv 4x3 name="größe"; repeat i in 1..45 { conv 4x1 relu }; gap; dense 10 softmax'


def test_the_table_of_the_layers(capsys):
    assert main(["check", LENET, "--latex"]) == 0
    captured = capsys.readouterr()
    comment, *lines = captured.out.splitlines()
    assert captured.err == ""
    assert comment == "% lenet5: the layers"
    assert lines[:2] == [r"\begin{tabular}{lllrr}", r"\toprule"]
    times = r"\ensuremath{\times}"
    assert rf"conv & conv 6x5 same relu & 28{times}28{times}6 & 156 & 117,600 \\" in lines
    assert r"\textbf{total} &  &  & \textbf{61,706} & \textbf{416,520} \\" in lines
    assert "paragraph" not in captured.out


def test_with_explain_every_formula_follows(capsys):
    assert main(["check", LENET, "--latex", "--explain"]) == 0
    said = capsys.readouterr().out
    assert said.count(r"\paragraph{") == 8
    assert (
        r"\text{parameters} &= \left(K_{h} \cdot K_{w} \cdot C_{in} + 1\right) \cdot F"
        r" = \left(5 \cdot 5 \cdot 1 + 1\right) \cdot 6 = 156 \\"
    ) in said
    assert r"\text{parameters} &= 61,706" in said
    assert "$K_{h}$, $K_{w}$: rows and columns of the kernel" in said
    assert cnnspec.load(LENET).check().latex(formulas=True) == said


def test_a_table_longer_than_a_page_goes_on_on_the_next():
    text = layers_latex(checked(ODD))
    assert r"\begin{longtable}{lllrr}" in text
    assert text.index(r"\endhead") < text.index(r"\endlastfoot") < text.index("größe")
    assert text.rstrip().endswith(r"\end{longtable}")


def test_each_spec_has_its_table_and_what_is_wrong_is_a_message(tmp_path, capsys):
    wrong = tmp_path / "wrong.cnn"
    wrong.write_text("conv 3x3 rleu; dense 10")
    assert main(["check", LENET, str(wrong), LENET, "--latex"]) == 1
    captured = capsys.readouterr()
    assert captured.out.count(r"\begin{tabular}") == 2
    assert "did you mean `relu`?" in captured.err


@pytest.mark.parametrize(
    "other",
    ["--json", "--memory", "--fix", "--diff", "--watch", "--format=sarif", f"--rules={LENET}"],
)
def test_it_goes_with_nothing_that_prints_something_else(other, capsys):
    assert main(["check", LENET, "--latex", other]) == 2
    captured = capsys.readouterr()
    assert "`--latex` prints the layers and nothing else" in captured.out + captured.err


def named(name):
    """A network with a name and a first layer that no text would have."""
    result = check(Source("x", "model m; conv 4x3; dense 10"))
    calls = (result.graph.calls[0], result.layers[0].replace(name=name), *result.layers[1:])
    return result.replace(
        expanded=result.expanded.replace(spec=result.spec.replace(model=name)),
        graph=result.graph.replace(calls=calls),
    )


@needs_tex
def test_it_compiles_whatever_names_hold(tmp_path):
    result = named("a_b %c &d #e $f {g} ~h ^i \\j [k] *l <m> --n 'o' größe\n\\bad")
    texts = [checked(cases()[name]) for name in ("lenet5", "dense_net", "mobile_se")]
    pieces = [part(each) for each in (result, *texts) for part in (layers_latex, formulas_latex)]
    compiled(tmp_path, *pieces, layers_latex(checked(ODD)))
