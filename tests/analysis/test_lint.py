from importlib import import_module
from random import Random

import pytest

from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.analysis.lint import SUBJECTS, lint_images
from cnnspec.analysis.lints.network import LintContext, subjects
from cnnspec.analysis.lints.training import SLACK
from cnnspec.core.source import Source
from cnnspec.diagnostics.catalog import catalog
from cnnspec.diagnostics.layer_lints import Lint
from cnnspec.diagnostics.silence import SILENCEABLE
from cnnspec.files.sources import read_source
from cnnspec.ir.optimizers import OPTIMIZERS
from cnnspec.language.parse import parse_value
from cnnspec.training.batches import batches, order
from tests.support.counting import work
from tests.support.paths import ROOT, SPECS
from tests.support.random_specs import draw_spec


def checked(text: str) -> CheckedSpec:
    result = check(Source("x", text))
    assert result.ok, [p.message for p in result.problems]
    return result


def codes(text: str) -> list[str]:
    return [problem.code for problem in checked(text).problems]


# What the checker says of the networks as they were published; each is so, and none is all.
PUBLISHED = {
    "fashion_best": ["CNN607", "CNN602", "CNN607"],
    "four_1": ["CNN612", "CNN610"],
    "four_2": ["CNN612", "CNN610"],
    "four_3": ["CNN607", "CNN610"],
    "four_4": ["CNN602", "CNN607", "CNN610"],
    "grid": ["CNN602"],
    "grid_2": ["CNN602"],
    "grid_3": ["CNN602", "CNN602"],
    "mlp_64": ["CNN610"],
    "mlp_conv": ["CNN610"],
    "mlp_l2": ["CNN610"],
    "quickstart": [],
}


def test_lints_that_are_not_asked_have_nothing_to_say() -> None:
    texts = [cls.bad for cls in catalog().values() if cls.severity == "warning"]
    drawn = [draw_spec(Random(seed)).replace(budgets=(), expectations=()) for seed in range(150)]
    asked_never = set(SUBJECTS)
    for text in [*texts, *map(str, drawn)]:
        result = check(Source("x", text))
        if not result.ok:  # only validation can be at fault
            continue
        left_out = set(SUBJECTS) - subjects(result.spec, result.graph)
        asked_never &= left_out
        for subject in left_out:
            for lint in import_module(f"cnnspec.analysis.lints.{subject}").LINTS:
                found = lint(LintContext(result.spec, result.graph, {}))
                assert [w.code for w in found] == [], (subject, text)
    assert not asked_never


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_published_specs_have_these_warnings(path) -> None:
    result = check(read_source(str(path)))
    assert result.ok
    assert [p.code for p in result.problems] == PUBLISHED.get(path.stem, [])


HEAD = "pool 4 same; flatten"
NORMED = "flatten; dense 32 no_bias; bn; relu; dense 10 softmax"
INCEPTION = (
    "concat { branch { conv 8x1 }; branch { conv 8x3 same };"
    "branch { pool 3 same stride=1; conv 8x1 } }"
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # A bias before batch norm.
        ("conv 8x3 same; bn; relu; pool 2; dense 10 softmax", ["CNN601"]),
        ("conv 8x3 same; bn no_scale; relu; pool 2; dense 10 softmax", ["CNN601"]),
        ("dwconv 3 same; bn; relu; pool 2; dense 10 softmax", ["CNN601"]),
        ("flatten; dense 32; bn; relu; dense 10 softmax", ["CNN601"]),
        ("conv 8x3 same; bn no_center; relu; pool 2; dense 10 softmax", []),
        ("conv 8x3 same; ln; relu; pool 2; dense 10 softmax", []),
        ("conv 8x3 same relu; bn; pool 2; dense 10 softmax", []),
        ("conv 8x3 same; relu; bn; pool 2; dense 10 softmax", []),
        # A constant of a channel goes through all of these and ends in the batch norm.
        ("conv 8x3 same; pool 2; bn; relu; dense 10 softmax", ["CNN601"]),
        ("conv 8x3 same; gap; bn; relu; dense 10 softmax", ["CNN601", "CNN609"]),
        ("conv 8x3; flatten; bn; relu; dense 10 softmax", ["CNN601"]),
        ("conv 8x3 relu; residual { conv 8x3 same }; bn; relu; pool 2; dense 10 softmax",
         ["CNN601"]),
        ("concat { branch { conv 8x3 same }; branch { conv 8x1 } }; bn; relu; pool 2;"
         "dense 10 softmax", ["CNN601", "CNN601"]),
        ("conv 8x3 relu; repeat 2 shared { conv 8x3 same; bn; relu }; pool 2; dense 10 softmax",
         ["CNN601", "CNN627"]),
        ("conv 8x3 same; pad 1; bn; relu; pool 2; dense 10 softmax", []),
        ("conv 8x3 same; dropout 0.1; bn; relu; pool 2; dense 10 softmax", ["CNN607"]),
        ("conv 8x3 same; multiply { branch { }; branch { gap; dense 8 sigmoid } }; bn; relu;"
         "pool 2; dense 10 softmax", []),
        ("conv 8x3 relu; maximum { branch { conv 8x3 same }; branch { } }; bn; relu; pool 2;"
         "dense 10 softmax", []),
        ("conv 8x3 same; add { branch { bn; relu }; branch { } }; pool 2; dense 10 softmax", []),
        # The same convolution once before a batch norm and once before none: its bias stays.
        ("conv 8x3 relu; repeat 2 shared { bn; conv 8x3 same }; relu; pool 2; dense 10 softmax",
         ["CNN627", "CNN603"]),
        # Batch norm that is used twice, and one that is not.
        ("silence CNN627; conv 8x3 relu; repeat 2 shared { conv 8x3 same no_bias; bn; relu };"
         "pool 2; dense 10 softmax", []),
        ("conv 8x3 no_bias relu; repeat 2 { conv 8x3 same no_bias; bn; relu }; pool 2;"
         "dense 10 softmax", []),
        ("conv 8x3 relu; repeat 2 shared { conv 8x3 same; ln; relu }; pool 2; dense 10 softmax",
         []),
        # Pooling that drops.
        ("conv 8x4 relu; pool 2; dense 10 softmax", ["CNN602"]),
        ("conv 8x4 relu; avgpool 2; dense 10 softmax", ["CNN602"]),
        ("conv 8x3x4 relu; pool 2; dense 10 softmax", ["CNN602"]),
        ("conv 8x3 relu; pool 3 stride=2; dense 10 softmax", ["CNN602"]),
        ("conv 8x4 relu; pool 2 same; dense 10 softmax", []),
        ("conv 8x4 relu; pool 5; dense 10 softmax", []),
        # A convolution drops as a pooling does.
        ("conv 8x3 relu stride=2; dense 10 softmax", ["CNN602"]),
        ("dwconv 3 relu stride=2; dense 10 softmax", ["CNN602"]),
        ("sepconv 8x3 relu stride=2; dense 10 softmax", ["CNN602"]),
        ("conv 8x4 relu stride=2; dense 10 softmax", []),
        ("conv 8x3 same relu stride=2; dense 10 softmax", []),
        ("pad 1; conv 8x3 relu stride=2; dense 10 softmax", []),
        ("conv 8x3 relu dilation=2; dense 10 softmax", []),
        ("conv 8x4 relu; pool 3 stride=2; dense 10 softmax", []),
        # Linear layers in a row.
        ("conv 8x3; conv 8x3 relu; pool 2; dense 10 softmax", ["CNN603"]),
        ("conv 8x3; avgpool 2; dense 10 softmax", ["CNN603"]),
        ("conv 8x3; linear; dropout 0.1; gap; dense 10 softmax", ["CNN603", "CNN613", "CNN609"]),
        ("conv 8x3; pool 2; dense 10 softmax", []),
        ("conv 8x3; relu; pool 2; dense 10 softmax", []),
        ("conv 8x3; prelu; pool 2; dense 10 softmax", []),
        ("conv 8x3; ln; pool 2; dense 10 softmax", []),
        ("conv 8x3 no_bias; bn; relu; conv 8x3 relu; pool 2; dense 10 softmax", []),
        ("dwconv 3; conv 8x1 relu; pool 2; dense 10 softmax", []),
        ("dwconv 3 no_bias; bn; conv 8x1 relu; pool 2; dense 10 softmax", []),
        ("conv 8x1; dwconv 3 relu; pool 2; dense 10 softmax", []),
        ("dwconv 3; conv 8x3 relu; pool 2; dense 10 softmax", ["CNN603"]),
        ("conv 8x3x1; conv 8x1x3 relu; pool 2; dense 10 softmax", []),
        ("conv 8x3x1; conv 8x3x1 relu; avgpool 1x2; pool 2; dense 10 softmax", ["CNN603"]),
        ("conv 24x3 relu; conv 4x1; conv 24x1 relu; pool 2; dense 10 softmax", []),
        ("flatten; dense 64 relu; dense 4; dense 10 softmax", []),
        ("flatten; dense 64; dense 10 softmax", ["CNN603"]),
        # The same through merges, where all that is joined is linear in one value.
        ("conv 8x3 relu; residual { conv 8x3 same }; conv 8x3 relu; pool 8; dense 10 softmax",
         ["CNN603"]),
        ("conv 8x3; residual { conv 8x3 same }; relu; pool 2; dense 10 softmax", ["CNN603"]),
        ("conv 8x3; residual { conv 8x3 same relu }; pool 2; dense 10 softmax", []),
        ("conv 8x3; residual { bn; relu; conv 8x3 same }; relu; pool 2; dense 10 softmax", []),
        ("conv 8x3 relu; residual { conv 8x3 same }; relu; pool 2; dense 10 softmax", []),
        # A sum of two bent values is no one layer, as at the end of a residual network.
        ("conv 8x3 relu; residual { conv 8x3 same relu; conv 8x3 same }; conv 8x3 relu; pool 8;"
         "dense 10 softmax", []),
        (f"conv 8x3 relu; {INCEPTION}; conv 24x3 relu; pool 8; dense 10 softmax",
         ["CNN603", "CNN603", "CNN603"]),
        (f"conv 8x3 relu; {INCEPTION}; relu; conv 24x3 relu; pool 8; dense 10 softmax", []),
        # Few values between many are saved weights, in branches as in a row.
        (f"conv 32x3 relu; {INCEPTION}; conv 32x3 relu; pool 8; dense 10 softmax", []),
        ("conv 8x3; multiply { branch { }; branch { gap; dense 8 sigmoid } }; conv 8x3 relu;"
         "pool 8; dense 10 softmax", []),
        ("conv 8x3; maximum { branch { avgpool 3 same stride=1 }; branch { } }; conv 8x3 relu;"
         "pool 8; dense 10 softmax", []),
        # And through sharing: what is applied twice in a row is linear too.
        ("conv 8x3 relu; repeat 2 shared { conv 8x3 same }; pool 2; dense 10 softmax", ["CNN603"]),
        ("conv 8x3 relu; repeat 2 shared { conv 8x3 same relu }; pool 2; dense 10 softmax", []),
        ("conv 8x3 relu; repeat 2 shared { conv 8x3 same; conv 8x3 same relu }; pool 2;"
         "dense 10 softmax", ["CNN603"]),
        # What is before a shared layer brings the image to what it takes.
        ("conv 8x3; repeat 2 shared { conv 8x3 same relu }; pool 2; dense 10 softmax", []),
        # Softmax twice.
        ("dense 10 softmax; softmax", ["CNN604"]),
        ("dense 10; softmax; softmax", ["CNN604"]),
        ("flatten; dense 10 softmax; dense 10 softmax", []),
        # The end and the loss.
        ("dense 10", ["CNN606"]),
        ("dense 10; train { loss focal }", ["CNN606"]),
        ("dense 10; train { loss binary_crossentropy }", ["CNN606"]),
        ("dense 10; train { loss mse }", []),
        ("dense 10 relu; train { loss mse }", []),
        ("dense 10 relu", ["CNN605"]),
        ("dense 10; tanh", ["CNN605"]),
        ("dense 10 sigmoid", ["CNN605"]),
        ("dense 10 softmax; train { loss binary_crossentropy }", ["CNN605"]),
        ("dense 10 sigmoid; train { loss binary_crossentropy }", []),
        ("dense 10 softmax; train { loss poisson }", []),
        ("dense 10 sigmoid; train { loss poisson }", []),
        ("dense 10 softplus; train { loss poisson }", []),
        ("dense 10 relu; train { loss poisson }", ["CNN605"]),
        ("conv 10x28 softmax; flatten", []),
        ("conv 10x28; flatten; softmax", []),
        ("conv 10x3 same softmax; gap", ["CNN609"]),
        ("average { branch { dense 10 softmax }; branch { dense 10 softmax } }", []),
        # Dropout.
        (f"{HEAD}; dense 64 relu; dropout 0.5; bn; dense 10 softmax", ["CNN607"]),
        (f"{HEAD}; dense 64; dropout 0.5; relu; bn; dense 10 softmax", ["CNN607"]),
        (f"{HEAD}; dense 64 relu; dropout 0; bn; dense 10 softmax", ["CNN613"]),
        (f"{HEAD}; dense 64 relu; bn; dropout 0.5; dense 10 softmax", []),
        (f"{HEAD}; dropout 0.5; dense 64 no_bias; bn; relu; dense 10 softmax", []),
        (f"{HEAD}; dense 64 relu; dropout 0.5; ln; dense 10 softmax", []),
        ("dense 10 softmax; dropout 0.5", ["CNN608"]),
        ("dense 10; dropout 0.5; softmax", ["CNN608"]),
        ("dense 10; noise 0.1; softmax", ["CNN608"]),
        ("flatten; dropout 0.5; dense 10; softmax", []),
        # The receptive field.
        ("conv 8x3 relu; gap; dense 10 softmax", ["CNN609"]),
        ("conv 8x28 relu; gap; dense 10 softmax", []),
        ("conv 8x27 relu; gap; dense 10 softmax", ["CNN609"]),
        ("conv 8x1x28 relu; gmp; dense 10 softmax", ["CNN609"]),
        ("conv 8x3 relu; pool 2; flatten; dense 10 softmax", []),
        ("repeat 3 { conv 8x3 same relu; pool 2 same }; conv 8x3 relu; gap; dense 10 softmax", []),
        ("conv 8x3 relu; multiply { branch { }; branch { gap; dense 8 sigmoid } }; gap;"
         "dense 10 softmax", []),
        ("conv 8x3 relu; pool 2; reshape 26x52; gap; dense 10 softmax", []),
        ("conv 8x3 relu; gn 4; gap; dense 10 softmax", []),
        # Training.
        ("dense 10 softmax; train { validation test }", ["CNN610"]),
        ("dense 10 softmax; train { validation 0.1; early_stop val_loss }", []),
        ("dense 10 softmax; train { optimizer adam(0.1) }", ["CNN611"]),
        ("dense 10 softmax; train { optimizer adam(0.03) }", []),
        ("dense 10 softmax; train { optimizer sgd(0.1) }", []),
        ("dense 10 softmax; train { optimizer sgd(1) }", []),
        ("dense 10 softmax; train { optimizer sgd(1e-5) }", ["CNN611"]),
        ("dense 10 softmax; train { optimizer adadelta(1) }", []),
        # Most parameters in one layer.
        ("conv 32x3 relu; dense 64 relu; dense 10 softmax", ["CNN612"]),
        ("conv 32x3 relu; bn; dropout 0.5; flatten; dropout 0.5; dense 64 relu; dense 10 softmax",
         ["CNN612"]),
        ("flatten; dense 500 relu; dense 10 softmax", []),
        ("pool 2; dense 10 softmax", []),
        ("conv 8x3 relu; pool 2; dense 10 softmax", []),
        # Layers that do nothing.
        ("conv 8x3 relu; relu; pool 2; dense 10 softmax", ["CNN613"]),
        ("conv 8x3 relu; pool 2; relu; dense 10 softmax", ["CNN613"]),
        ("conv 8x3; relu slope=0.1; relu; pool 2; dense 10 softmax", []),
        ("conv 8x3 relu; relu max=6; pool 2; dense 10 softmax", []),
        ("conv 8x3 relu; bn; relu; pool 2; dense 10 softmax", []),
        ("conv 8x3 tanh; relu; pool 2; dense 10 softmax", []),
        ("conv 8x3; leaky_relu 1; pool 2; dense 10 softmax", ["CNN613"]),
        ("conv 8x3; leaky_relu 0.9; pool 2; dense 10 softmax", []),
        ("conv 8x3; relu slope=1; pool 2; dense 10 softmax", ["CNN613"]),
        ("conv 8x3; relu slope=1 max=6; pool 2; dense 10 softmax", []),
        ("conv 8x3; linear; pool 2; dense 10 softmax", ["CNN613"]),
        ("conv 8x3 relu6; relu max=6; pool 2; dense 10 softmax", ["CNN613"]),
        ("conv 8x3 relu6; relu max=5; pool 2; dense 10 softmax", []),
        ("conv 8x3 relu6; relu6; pool 2; dense 10 softmax", ["CNN613"]),
        ("conv 8x3 sigmoid; elu; pool 2; dense 10 softmax", ["CNN613"]),
        ("conv 8x3 relu; prelu; pool 2; dense 10 softmax", ["CNN613"]),
        ("conv 8x3 relu; leaky_relu; pool 2; dense 10 softmax", ["CNN613"]),
        ("conv 8x3 relu6; dropout 0.5; relu6; pool 2; dense 10 softmax", []),
        ("conv 8x3 relu6; noise 0.5; relu6; pool 2; dense 10 softmax", []),
        ("conv 8x3 relu; residual { conv 8x3 same relu }; relu; pool 2; dense 10 softmax",
         ["CNN613"]),
        ("conv 8x3; concat { branch { relu }; branch { sigmoid } }; relu; pool 2; dense 10 softmax",
         ["CNN613"]),
        ("conv 8x3; maximum { branch { tanh }; branch { sigmoid } }; relu; pool 2;"
         "dense 10 softmax", ["CNN613"]),
        ("conv 8x3 relu; multiply { branch { }; branch { gap; dense 8 sigmoid } }; relu; pool 2;"
         "dense 10 softmax", ["CNN613"]),
        ("conv 8x3; repeat 2 shared { relu; conv 8x3 same relu; relu }; pool 2; dense 10 softmax",
         ["CNN613"]),
        ("conv 8x3; repeat 2 shared { relu; conv 8x3 same relu }; pool 2; dense 10 softmax", []),
        ("pool 1; dense 10 softmax", ["CNN613"]),
        ("pad 0; crop 0; dense 10 softmax", ["CNN613", "CNN613"]),
        ("resize 28x28; dense 10 softmax", ["CNN613"]),
        ("upsample 1; dense 10 softmax", ["CNN613"]),
        ("slice 1; dense 10 softmax", ["CNN613"]),
        ("conv 8x3 relu; shuffle 1; dense 10 softmax", ["CNN613"]),
        ("conv 8x3 relu; shuffle 8; dense 10 softmax", ["CNN613"]),
        ("conv 8x3 relu; shuffle 4; dense 10 softmax", []),
        ("conv 4x3; slice 2; conv 8x3 relu; dense 10 softmax", ["CNN603"]),
        ("pad top=0; pad bottom=1; dense 10 softmax", ["CNN613"]),
        # The stem of ResNets: what is dropped is the zeros that were added.
        ("conv 8x3 same relu; pad 1; pool 3 stride=2; dense 10 softmax", []),
        ("conv 8x3 same relu; pad top=1 left=1; pool 2; dense 10 softmax", ["CNN602"]),
        # What `ceil` keeps is not dropped.
        ("conv 8x4 relu; pool 2 ceil; dense 10 softmax", []),
        ("conv 4x3; upsample 2; conv 2x3 relu; dense 10 softmax", ["CNN603"]),
        ("reshape 784; flatten; dense 10 softmax", ["CNN613"]),
        ("dropout 0; noise 0; dense 10 softmax", ["CNN613", "CNN613"]),
        # Windows that step over pixels.
        ("pool 1 stride=2; dense 10 softmax", ["CNN614"]),
        ("conv 8x2 relu stride=3; dense 10 softmax", ["CNN614"]),
        ("conv 8x4 relu stride=4; dense 10 softmax", []),
        ("tconv 8x2 relu stride=3; pool 12; dense 10 softmax", ["CNN614"]),
        ("tconv 8x2 same relu stride=4; pool 14; dense 10 softmax", ["CNN614"]),
        ("tconv 8x4 relu stride=4; pool 14; dense 10 softmax", []),
        ("conv 8x1 relu; add { branch { conv 8x3 same relu stride=2 };"
         "branch { conv 8x1 same stride=2 } }; dense 10 softmax", []),
        ("conv 8x1 relu; residual project { conv 8x3 same relu stride=2 }; dense 10 softmax", []),
        # An output that cannot depend on the image.
        ("pool 2; ln; dense 10 softmax", ["CNN620"]),
        ("conv 2x3 relu; ln; dense 10 softmax", []),
        ("conv 8x14 relu; pool 2 same; gap; gn instance; dense 10 softmax", ["CNN609", "CNN620"]),
        ("flatten; dense 32 relu; gn; dense 10 softmax", ["CNN620"]),
        ("flatten; dense 64 relu; gn; dense 10 softmax", []),
        ("flatten; dense 32 relu; gn 16; dense 10 softmax", []),
        ("conv 8x3 relu; gn instance; pool 2; dense 10 softmax", []),
        ("flatten; dense 1 softmax; dense 10 softmax", ["CNN620"]),
        ("conv 1x1 softmax; dense 10 softmax", ["CNN620"]),
        ("conv 2x1 softmax; dense 10 softmax", []),
        ("softmax; dense 10 softmax", ["CNN620"]),
        ("conv 8x3; relu max=0; dense 10 softmax", ["CNN620"]),
        ("softmax; ln; dense 10 softmax", ["CNN620"]),
        # In one branch, in a gate, in a shared repeat.
        ("concat { branch { conv 1x1 softmax }; branch { } }; dense 10 softmax", ["CNN620"]),
        ("conv 8x3 relu; multiply { branch { }; branch { conv 1x1 softmax } }; pool 2;"
         "dense 10 softmax", ["CNN620"]),
        ("repeat 2 shared { conv 1x1 softmax }; dense 10 softmax", ["CNN620"]),
        # Kernels that start at zero and stay there.
        ("flatten; dense 8 relu init=zeros; dense 10 softmax init=zeros", ["CNN621"]),
        ("flatten; dense 8 relu init=zeros; dense 10 softmax", ["CNN621"]),
        ("flatten; dense 8 tanh init=zeros; dense 10 softmax init=zeros", ["CNN621"]),
        ("flatten; dense 8 init=constant(0); relu; dense 10 softmax", ["CNN621"]),
        ("flatten; dense 8 relu init=random_normal(0); dense 10 softmax", ["CNN621"]),
        ("conv 8x3 init=zeros no_bias; bn; relu; pool 2; dense 10 softmax", ["CNN621"]),
        ("flatten; dense 8 tanh init=zeros; dense 10 softmax", []),
        ("flatten; dense 8 leaky_relu init=zeros; dense 10 softmax", []),
        ("flatten; dense 8 sigmoid init=zeros; dense 10 softmax init=zeros", []),
        ("flatten; dense 8 relu init=zeros bias_init=ones; dense 10 softmax", []),
        ("flatten; dense 8 relu; dense 10 softmax init=zeros", []),
        ("flatten; dense 10 softmax init=zeros", []),
        ("conv 8x3 relu; residual { conv 8x3 same relu; conv 8x3 same init=zeros }; relu; pool 2;"
         "dense 10 softmax", []),
        ("conv 8x3 relu; residual { conv 8x3 same relu init=zeros; conv 8x3 same init=zeros };"
         "relu; pool 2; dense 10 softmax", ["CNN621"]),
        ("conv 8x3 relu; repeat 2 shared { conv 8x3 same relu init=zeros }; pool 2;"
         "dense 10 softmax", ["CNN621"]),
        # Batch norm with few steps, or one value at a time.
        (f"{NORMED}; train {{ batch 512; epochs 2 }}", ["CNN623"]),
        (f"{NORMED}; train {{ batch 512; epochs 20 }}", []),
        (f"{NORMED.replace('bn', 'bn momentum=0.5')}; train {{ batch 512; epochs 2 }}", []),
        (f'data "mine.npz"; {NORMED}; train {{ batch 512; epochs 2 }}', []),
        (f"{NORMED}; train {{ batch 1 }}", ["CNN624"]),
        (f"{NORMED.replace('bn', 'ln')}; train {{ batch 1 }}", []),
        ("conv 8x3 no_bias; bn; relu; pool 2; dense 10 softmax; train { batch 1 }", []),
        # PyTorch's momentum, which is 1 - ours.
        ("conv 8x3 no_bias; bn momentum=0.1; relu; pool 2; dense 10 softmax", ["CNN625"]),
        ("conv 8x3 no_bias; bn momentum=0.5; relu; pool 2; dense 10 softmax", []),
        ("silence CNN625; conv 8x3 no_bias; bn momentum=0.1; relu; pool 2; dense 10 softmax", []),
        # A `fit` that finds nothing.
        ("let w = fit(1..8); dense 10 softmax", ["CNN626"]),
        ("let w = fit(1..8); let v = w*2; dense (v) relu; dense 10 softmax", []),
        ("let w = fit(1..8); block b(n) { dense (n) relu }; b (w); dense 10 softmax", []),
        ("let w = fit(1..8); block b(w) { dense (w) relu }; b 8; dense 10 softmax", ["CNN626"]),
        ("silence CNN626; let w = fit(1..8); dense 10 softmax", []),
        # What is cut off before the last function.
        ("dense 10 relu; softmax", ["CNN622"]),
        ("dense 10 sigmoid; softmax", ["CNN622"]),
        ("dense 10 tanh; dropout 0; softmax", ["CNN622", "CNN613"]),
        ("dense 10; relu; softmax", ["CNN622"]),
        ("dense 10 relu6; softmax", ["CNN622"]),
        ("conv 10x28 sigmoid; gap; softmax", ["CNN622"]),
        ("average { branch { dense 10 tanh }; branch { dense 10 sigmoid } }; softmax", ["CNN622"]),
        ("dense 10; softmax", []),
        ("dense 10 leaky_relu; softmax", []),
        ("dense 10 softplus; softmax", []),
        # Network in Network (Lin et al., 2014) ends so.
        ("conv 10x28 relu; gap; softmax", []),
        ("dense 10 tanh; bn; softmax", []),
        ("flatten; dense 32 relu; dense 10 softmax", []),
        ("dense 10 relu; sigmoid; train { loss binary_crossentropy }", ["CNN622"]),
        ("dense 10 tanh; sigmoid; train { loss binary_crossentropy }", ["CNN622"]),
        ("dense 10; sigmoid; train { loss binary_crossentropy }", []),
    ],
)  # fmt: skip
def test_lint_finds_exactly_these_codes(text: str, found: list[str]) -> None:
    assert codes(text) == found


def test_spec_with_an_error_gets_no_warning() -> None:
    result = check(Source("x", "dense 10; softmax; softmax; budget params <= 5"))
    assert [p.code for p in result.problems] == ["CNN301"]


def test_a_block_is_reported_once_and_says_where_it_is_used() -> None:
    result = checked("block b { conv 8x3 same; bn; relu }\nb; b; pool 2; dense 10 softmax")
    (warning,) = result.problems
    assert (warning.code, warning.severity) == ("CNN601", "warning")
    assert [label.text for label in warning.related][1:] == ["used here"]


def test_every_lint_can_be_silenced() -> None:
    assert [cls.code for cls in catalog().values() if issubclass(cls, Lint)] == [*SILENCEABLE]


@pytest.mark.parametrize("code", SILENCEABLE)
def test_every_warning_can_be_silenced(code: str) -> None:
    bad = catalog()[code].bad
    assert set(codes(bad)) == {code}
    assert codes(f"silence {code}\n{bad}") == []
    assert codes(f"silence {code}\n{catalog()[code].good}") == ["CNN615"]


def test_silence_takes_several_codes_and_several_lines() -> None:
    text = "dense 10; dropout 0; train { validation test }"
    assert codes(text) == ["CNN606", "CNN613", "CNN610"]
    for head in (
        "silence CNN606 CNN610",
        "silence CNN606, CNN610",
        "silence CNN606\nsilence CNN610",
    ):
        result = checked(f"{head}\n{text}")
        assert [p.code for p in result.problems] == ["CNN613"]
        assert result.spec.silence == ("CNN606", "CNN610")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("silence; dense 10 softmax", ["CNN106"]),
        ("silence CNN999; dense 10 softmax", ["CNN102"]),
        ("silence CNN301 CNN61; dense 10 softmax", ["CNN102", "CNN102"]),
        ("silence CNN615; dense 10 softmax", ["CNN102"]),
        ("silence 601; dense 10 softmax", ["CNN106"]),
        ("silence CNN601 CNN601; dense 10 softmax", ["CNN013"]),
        ("residual { silence CNN601 }; dense 10 softmax", ["CNN110"]),
        ("dense 10 softmax; train { silence CNN601 }", ["CNN110"]),
    ],
)
def test_a_wrong_silence_is_an_error(text: str, found: list[str]) -> None:
    assert [p.code for p in check(Source("x", text)).problems] == found


# Each fix, done to a spec, takes the warning away and brings no other.
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("conv 8x3 same; bn; relu; pool 2; dense 10 softmax",
         "conv 8x3 same no_bias; bn; relu; pool 2; dense 10 softmax"),
        ("conv 8x4 relu; pool 2; dense 10 softmax", "conv 8x4 relu; pool 2 same; dense 10 softmax"),
        ("conv 8x2 relu; pool 4; dense 10 softmax", "conv 8x2 relu; pool 3; dense 10 softmax"),
        ("flatten; dense 64; dense 10 softmax", "flatten; dense 64 relu; dense 10 softmax"),
        ("conv 8x3 no_bias; bn; conv 8x3 relu; pool 2; dense 10 softmax",
         "conv 8x3 no_bias; bn; relu; conv 8x3 relu; pool 2; dense 10 softmax"),
        ("dense 10 softmax; softmax", "dense 10 softmax"),
        ("dense 10 relu", "dense 10 softmax"),
        ("dense 10", "dense 10 softmax"),
        ("dense 10; bn", "dense 10 no_bias; bn; softmax"),
        (f"{HEAD}; dense 64 relu; dropout 0.5; bn; dense 10 softmax",
         f"{HEAD}; dense 64 relu; bn; dropout 0.5; dense 10 softmax"),
        ("flatten; dense 10; dropout 0.5; softmax", "flatten; dropout 0.5; dense 10; softmax"),
        ("conv 8x3 relu; gap; dense 10 softmax", "conv 8x3 relu; flatten; dense 10 softmax"),
        ("conv 8x3 relu; gn 4; conv 32x3 relu; dense 64 relu; dense 10 softmax",
         "conv 8x3 relu; gn 4; conv 32x3 relu; gap; dense 64 relu; dense 10 softmax"),
        ("conv 8x2 relu stride=4; dense 10 softmax", "conv 8x4 relu stride=4; dense 10 softmax"),
        ("conv 8x2 relu stride=3; dense 10 softmax", "conv 8x2 relu stride=2; dense 10 softmax"),
        ("conv 8x3 relu stride=2; dense 10 softmax", "conv 8x2 relu stride=2; dense 10 softmax"),
        ("conv 8x3 relu stride=2; dense 10 softmax", "conv 8x4 relu stride=2; dense 10 softmax"),
        ("conv 8x3 relu stride=2; dense 10 softmax",
         "conv 8x3 same relu stride=2; dense 10 softmax"),
        ("tconv 2x2 relu stride=4; dense 10 softmax", "tconv 2x2 relu stride=2; dense 10 softmax"),
        ("conv 8x3; residual { conv 8x3 same }; relu; pool 2; dense 10 softmax",
         "conv 8x3 relu; residual { conv 8x3 same }; relu; pool 2; dense 10 softmax"),
        ("pool 2; ln; dense 10 softmax", "pool 2; bn; dense 10 softmax"),
        ("conv 1x1 softmax; dense 10 softmax", "conv 1x1 sigmoid; dense 10 softmax"),
        ("flatten; dense 8 relu init=zeros; dense 10 softmax init=zeros",
         "flatten; dense 8 relu init=glorot_uniform; dense 10 softmax init=zeros"),
        ("dense 10 relu; softmax", "dense 10; softmax"),
        (f"{NORMED}; train {{ batch 512; epochs 2 }}",
         f"{NORMED.replace('bn', 'bn momentum=0.5')}; train {{ batch 512; epochs 2 }}"),
        (f"{NORMED}; train {{ batch 1 }}", f"{NORMED.replace('bn', 'ln')}; train {{ batch 1 }}"),
        ("dense 10; relu; softmax", "dense 10; softmax"),
    ],
)  # fmt: skip
def test_help_of_a_warning_removes_it(before: str, after: str) -> None:
    assert codes(before)
    assert codes(after) == []


@pytest.mark.parametrize(
    "head", ["conv 8x11 relu; pool 2", "repeat 2 { conv 8x3 same relu; pool 2 }"]
)
def test_as_many_convolutions_as_said_make_the_field_large_enough(head: str) -> None:
    for count in range(6):
        body = f"{head}; repeat {count} {{ conv 8x3 same relu }}; gap; dense 10 softmax"
        problems = checked(body).problems
        more = [p.help for p in problems if p.code == "CNN609"]
        if not more:
            break
    (needed,) = [
        p for p in checked(f"{head}; gap; dense 10 softmax").problems if p.code == "CNN609"
    ]
    assert f"put {count} more 3x3 convolution" in needed.help or count > 4


def test_the_parameters_said_are_those_saved() -> None:
    one = checked("conv 8x3 same; bn; relu; pool 2; dense 10 softmax")
    two = checked("conv 8x3 same no_bias; bn; relu; pool 2; dense 10 softmax")
    assert one.totals
    assert two.totals
    saved = one.totals.params - two.totals.params
    assert (
        one.problems[0].help == f"write `no_bias`; it saves {saved} parameters and changes nothing"
    )
    one = checked("conv 32x3 relu; dense 64 relu; dense 10 softmax")
    two = checked("conv 32x3 relu; gap; dense 64 relu; dense 10 softmax")
    left = next(row.params for row in two.layers if row.name == "dense")
    assert f"would leave {left:,} of them" in one.problems[0].help


def test_every_optimizer_has_usual_rates_that_hold_its_default() -> None:
    for word, cls in OPTIMIZERS.items():
        low, high = cls.usual_rates
        assert low <= cls().learning_rate <= high
        for rate, found in ((low / SLACK / 1.01, 1), (low, 0), (high, 0), (high * SLACK * 1.01, 1)):
            text = f"dense 10 softmax; train {{ optimizer {word}({rate:.12f}) }}"
            assert len(codes(text)) == found, text


def test_a_set_value_is_reported_where_it_is_given() -> None:
    value = parse_value(Source("<--set>", "validation=test"))
    assert value
    result = check(Source("x", "dense 10 softmax; train { validation 0.1 }"), {"validation": value})
    (warning,) = result.problems
    assert warning.code == "CNN610"
    assert warning.span
    assert warning.span.source.name == "<--set>"


@pytest.mark.parametrize("seed", range(300))
def test_random_networks_are_linted_without_an_exception(seed: int) -> None:
    spec = draw_spec(Random(seed)).replace(budgets=(), expectations=())
    result = check(Source("random", str(spec)))
    if not result.ok:  # only validation can be at fault
        return
    for problem in result.problems:
        assert problem.severity == "warning"
        assert problem.message
        assert problem.help
        assert problem.code not in spec.silence


@pytest.mark.parametrize(
    "layer",
    [
        "relu", "dropout 0.5", "bn", "linear", "flatten", "conv 1x1", "conv 1x1 init=zeros",
        "softmax", "conv 1x1 sigmoid init=zeros",
    ],
)  # fmt: skip
def test_twice_as_many_layers_are_twice_the_work_to_lint(layer: str) -> None:
    texts = (f"repeat {count} {{ {layer} }}; dense 10 softmax" for count in (1000, 2000))
    once, twice = (work(lambda text=text: check(Source("x", text))) for text in texts)
    assert once < twice < 2.1 * once


def test_the_readme_spec_has_none() -> None:
    assert codes((ROOT / "specs" / "lenet5.cnn").read_text()) == []


# What two warnings say of the numbers themselves, with Keras as the witness.
@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("conv 8x3 relu; relu; pool 4 same; dense 10 softmax", "relu"),
        ("conv 8x3 relu; pool 2; relu; dense 10 softmax", "relu"),
        ("conv 8x3 sigmoid; dropout 0.5; relu; pool 4 same; dense 10 softmax", "relu"),
        ("pool 1; pool 4; dense 10 softmax", "pool"),
        ("pool 4; resize 7x7; dense 10 softmax", "resize"),
        ("pool 4; reshape 7x7; dense 10 softmax", "reshape"),
        ("conv 8x3 relu6; relu max=6; pool 4 same; dense 10 softmax", "relu"),
        ("conv 8x3; leaky_relu 1; pool 4 same; dense 10 softmax", "leaky_relu"),
        ("conv 8x3 relu; prelu; pool 4 same; dense 10 softmax", "prelu"),
    ],
)
def test_layer_reported_as_without_effect_changes_no_output(
    text: str, name: str, backend: str
) -> None:
    import keras
    import numpy as np

    from cnnspec.targets.keras.build import build

    result = checked(text)
    assert [p.code for p in result.problems] == ["CNN613"]
    model = build(result, seed=1)
    layer = model.get_layer(name)
    both = keras.Model(model.inputs[0], [layer.input, layer.output])
    before, after = both(np.random.default_rng(1).normal(size=(4, 28, 28, 1)))
    assert np.allclose(before, after, atol=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "conv 8x3 same; bn; relu; pool 2; dense 10 softmax",
        "conv 8x3 same; pool 3 same stride=2; bn; relu; dense 10 softmax",
        "concat { branch { conv 8x3 same }; branch { conv 4x1 } }; avgpool 3 same; gmp; bn;"
        "dense 10 softmax",
        "conv 8x3 same; flatten; bn; dense 10 softmax",
        "residual project { relu; conv 8x3 same stride=2 name=conv; upsample 2; crop 1;"
        "resize 28x28 bicubic }; bn; pool 2; dense 10 softmax",
    ],
)
def test_bias_before_batch_norm_changes_no_output(text: str, backend: str) -> None:
    import numpy as np

    from cnnspec.targets.keras.build import build

    result = checked(text)
    assert "CNN601" in [p.code for p in result.problems]
    model = build(result, seed=1)
    images = np.random.default_rng(1).normal(size=(16, 28, 28, 1))
    before = np.asarray(model(images, training=True))
    model.get_layer("conv").bias.assign(np.arange(8.0))
    assert np.allclose(before, np.asarray(model(images, training=True)), atol=1e-4)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("pool 2; ln; dense 10 softmax", "ln"),
        ("conv 8x14 relu; gmp; gn instance; dense 10 softmax", "gn"),
        ("flatten; dense 32 relu; gn; dense 10 softmax", "gn"),
        ("flatten; dense 1 softmax; dense 10 softmax", "dense"),
        ("conv 1x1 softmax; dense 10 softmax", "conv"),
        ("softmax; dense 10 softmax", "softmax"),
        ("conv 8x3; relu max=0; dense 10 softmax", "relu"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*softmax over axis -1")
def test_layer_reported_as_forgetful_gives_one_output(text: str, name: str, backend: str) -> None:
    import keras
    import numpy as np

    from cnnspec.targets.keras.build import build

    (warning,) = [p for p in checked(text).problems if p.code == "CNN620"]
    model = build(checked(text), seed=1)
    # Weights as they are after some training, not as they start.
    drawn = np.random.default_rng(1)
    model.set_weights([drawn.uniform(0.5, 1.5, weight.shape) for weight in model.get_weights()])
    inside = keras.Model(model.inputs[0], [model.get_layer(name).output, model.outputs[0]])
    for found in inside(np.random.default_rng(2).normal(size=(8, 28, 28, 1))):
        # A norm multiplies the rounding of its mean by 1 / sqrt(epsilon).
        assert np.ptp(np.asarray(found), axis=0).max() < 1e-3
    assert "answers every image alike" in warning.label


@pytest.mark.parametrize("seed", [11, 39, 90, 101, 116, 117, 120, 0, 1, 2, 3, 4, 5, 6])
def test_network_reported_as_blind_answers_alike_and_no_other_does(seed: int, backend: str) -> None:
    import numpy as np

    from tests.support.keras_by_hand import draw_network

    network = draw_network(seed)
    blind = any("alike" in p.label for p in checked(network.text).problems)
    assert blind == (seed > 6)
    outputs = np.asarray(network.keras_model()(network.images(4)))
    assert (np.ptp(outputs, axis=0).max() < 1e-5) == blind


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ("flatten; dense 8 relu init=zeros; dense 10 softmax init=zeros", True),
        ("flatten; dense 8 relu init=zeros; dense 10 softmax", True),
        ("flatten; dense 8 tanh init=zeros; dense 10 softmax init=zeros", True),
        ("pool 4; conv 8x3 init=zeros no_bias; bn; relu; dense 10 softmax", True),
        ("flatten; dense 8 tanh init=zeros; dense 10 softmax", False),
        ("flatten; dense 8 leaky_relu init=zeros; dense 10 softmax", False),
        ("flatten; dense 8 sigmoid init=zeros; dense 10 softmax init=zeros", False),
        ("flatten; dense 8 relu init=zeros bias_init=ones; dense 10 softmax", False),
    ],
)
def test_kernel_reported_as_stuck_is_zero_after_training(
    text: str, stays: bool, backend: str
) -> None:
    import numpy as np

    from cnnspec.targets.keras.build import build

    found = [p for p in checked(text).problems if p.code == "CNN621"]
    assert bool(found) == stays
    model = build(checked(text), seed=1)
    model.compile("adam", "sparse_categorical_crossentropy", run_eagerly=True)
    drawn = np.random.default_rng(1)
    model.fit(drawn.normal(size=(64, 28, 28, 1)), drawn.integers(10, size=64), epochs=3, verbose=0)
    layer = next(layer for layer in model.layers if layer.name in ("dense", "conv"))
    assert (np.abs(np.asarray(layer.kernel)).max() == 0) == stays


def test_the_share_of_the_first_statistics_is_that_of_keras(backend: str) -> None:
    import keras
    import numpy as np

    from cnnspec.ir.datasets import DATASETS

    (warning,) = checked(f"{NORMED}; train {{ batch 512; epochs 2; validation none }}").problems
    steps = 2 * -(-DATASETS["fashion_mnist_mini"].counts[0] // 512)
    layer = keras.layers.BatchNormalization()
    for _ in range(steps):
        layer(np.full((4, 1), 7.0), training=True)
    # The mean goes from 0 to 7, and the variance from 1 to 0.
    share = float(layer.moving_variance[0])
    assert abs(float(layer.moving_mean[0]) - 7 * (1 - share)) < 1e-4
    assert f"after all {steps} steps, {int(100 * share)} % of" in warning.message


def test_data_of_ones_own_is_counted_when_it_is_read() -> None:
    result = checked(f'data "mine.npz"; {NORMED}; train {{ batch 32; epochs 1 }}')
    assert [w.code for w in lint_images(result.spec, result.graph, 480)] == ["CNN623"]
    assert lint_images(result.spec, result.graph, 48_000) == []
    silent = checked(f'silence CNN623; data "mine.npz"; {NORMED}; train {{ batch 32; epochs 1 }}')
    assert lint_images(silent.spec, silent.graph, 480) == []


def test_a_last_batch_of_one_image_is_told_where_batch_norm_sees_a_vector() -> None:
    # pytorch/pytorch#4534: there the last step of an epoch ends the training.
    text = f'data "mine.npz"; {NORMED}; train {{{{ batch {{}}; epochs 90 }}}}'
    result = checked(text.format(32))
    (warning,) = lint_images(result.spec, result.graph, 32 * 40 + 1)
    assert (warning.code, warning.help) == ("CNN624", "write `ln` instead, or write `batch 33`")
    assert warning.message.startswith("the last batch of 1,281 images with `batch 32` has one: ")
    # The trainer takes that step, and none of one image after the help.
    assert [part.shape for part in batches(order(1281, 1, 0), 32)] == [(40, 32), (1, 1)]
    assert batches(order(1281, 1, 0), 33)[1].shape == (1, 1281 % 33)
    followed = checked(text.format(33))
    assert lint_images(followed.spec, followed.graph, 1281) == []
    assert lint_images(result.spec, result.graph, 32 * 40) == []
    # An image has more values than one, and a known dataset is counted without its data.
    image = checked(
        'data "mine.npz"; conv 4x3 no_bias; bn; relu; dense 10 softmax; train { batch 32 }'
    )
    assert "CNN624" not in [w.code for w in lint_images(image.spec, image.graph, 1281)]
    known = f"{NORMED}; train {{{{ batch 4_999; epochs 200; validation {{}} }}}}"
    assert [w.code for w in checked(known.format("none")).problems] == ["CNN624"]
    assert [w.code for w in checked(known.format("0.1")).problems] == []


def test_batch_norm_of_one_value_is_its_offset_while_training(backend: str) -> None:
    import keras
    import numpy as np

    layer = keras.layers.BatchNormalization()
    for value in (-3.0, 5.0):
        assert np.allclose(layer(np.full((1, 4), value), training=True), 0)


def test_softmax_of_sigmoids_cannot_be_surer_than_is_said() -> None:
    from math import e

    (warning,) = checked("dense 10 sigmoid; softmax").problems
    assert f"more than {e / (e + 9):.2g}" in warning.message


def test_holes_of_a_transposed_convolution_hold_only_its_bias(backend: str) -> None:
    import keras
    import numpy as np

    layer = keras.layers.Conv2DTranspose(3, 2, strides=4)
    one, other = (layer(np.random.default_rng(n).normal(size=(1, 5, 5, 2))) for n in (1, 2))
    same = np.all(np.asarray(one) == np.asarray(other), axis=(0, 3))
    painted = np.add.outer(np.arange(20) % 4 >= 2, np.arange(20) % 4 >= 2)
    assert (same == painted).all()
