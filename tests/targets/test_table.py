"""Every target answers for every word: it lowers it, or gives a reason why it does not."""

import json
import subprocess
import sys
from typing import ClassVar

import pytest

from cnnspec.analysis.check import check
from cnnspec.commands import main
from cnnspec.commands.check import TARGETS as NAMED
from cnnspec.core.source import Source
from cnnspec.ir.augmentation import Augment
from cnnspec.ir.losses import LOSSES, Poisson
from cnnspec.ir.optimizers import OPTIMIZERS, Adam, Lion
from cnnspec.ir.schedules import SCHEDULES, Schedule
from cnnspec.layers.activations import ACTIVATION_LAYERS
from cnnspec.layers.base import SameShape
from cnnspec.layers.convolution import Conv
from cnnspec.layers.geometry import Flatten, Resize
from cnnspec.layers.initializers import INITIALIZERS, Orthogonal
from cnnspec.layers.merging import MERGES, Add
from cnnspec.layers.table import LAYERS
from cnnspec.targets.table import KERAS, TARGETS, C, Target, check_target, unanswered
from tests.support.paths import ROOT


class Mirror(SameShape):
    """A layer by the recipe, with no target that lowers it."""

    word: ClassVar[str] = "mirror"


class Sharper(Conv):
    """A convolution that is another one in a target, though Python takes it for one."""

    word: ClassVar[str] = "sharper"


class Warmer(Adam):
    word: ClassVar[str] = "warmer"


class Endless(Schedule):
    """Without the rate of a step there is nothing that a target could take."""

    word: ClassVar[str] = "endless"


def only(target: Target, **reasons) -> Target:
    return target.replace(unsupported=dict(reasons.pop("unsupported")))


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_every_word_is_lowered_or_has_a_reason(target):
    assert unanswered(target) == []


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_a_target_gives_no_reason_for_what_it_lowers(target):
    always = [cls for cls, reason in target.unsupported.items() if isinstance(reason, str)]
    assert [cls for cls in always if target.lowers(cls)] == []


def test_a_backend_names_itself_and_another_one():
    text = "dense 10 softmax; train { augment shift=0.1 }"
    declined = only(C, unsupported={Augment: "it does not move images"})
    (problem,) = check_target(check(Source("x", text)), declined)
    assert problem.message == (
        "the backend `native` does not support `augment`: it does not move images"
    )
    assert problem.help.endswith("or train with `--backend tensorflow`")
    assert text[problem.span.start : problem.span.end].startswith("augment")
    assert check_target(check(Source("x", "dense 10 softmax")), declined) == ()


def test_all_tables_are_asked():
    asked = set(KERAS.words)
    for table in (LAYERS, MERGES, INITIALIZERS, OPTIMIZERS, LOSSES, SCHEDULES):
        assert set(table.values()) <= asked


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_a_new_layer_without_a_lowering_is_found(target):
    assert unanswered(target, [Mirror]) == [Mirror]


def test_a_new_class_is_not_taken_for_the_one_it_derives_from():
    assert unanswered(KERAS, [Sharper, Conv, Warmer, Adam, Endless]) == [Sharper, Warmer, Endless]


def test_a_reason_answers_for_a_word():
    target = only(KERAS, unsupported={Mirror: "it turns images round"})
    assert unanswered(target, [Mirror, Sharper]) == [Sharper]


@pytest.mark.parametrize("path", ["specs/lenet5.cnn"])
def test_a_spec_of_known_words_is_fine(path):
    checked = check(Source(path, (ROOT / path).read_text(encoding="utf-8")))
    assert check_target(checked, KERAS) == ()


TEXT = """\
block squeeze {
  conv 4x1 tanh init=orthogonal
}
conv 8x3 relu
add {
  branch { }
  branch { squeeze; conv 8x1 same tanh }
}
repeat 2 shared { resize 26x26 bicubic; resize 26x26 }
dense 10 softmax
train { optimizer lion; loss poisson }
"""


@pytest.mark.parametrize(
    ("unsupported", "expected"),
    [
        ({ACTIVATION_LAYERS["tanh"]: "slow"}, [(2, "tanh"), (7, "tanh")]),
        ({Orthogonal: "slow"}, [(2, "init=orthogonal")]),
        ({Add: "slow"}, [(5, "add")]),
        # Brought along by `dense`, which nobody wrote a flatten before.
        ({Flatten: "slow"}, [(10, "dense 10 softmax")]),
        # A part of what the word can say, once for a line that is applied twice.
        (
            {Resize: lambda layer: "slow" if layer.interpolation == "bicubic" else ""},
            [(9, "resize 26x26 bicubic")],
        ),
        ({Lion: "slow"}, [(11, "optimizer lion")]),
        ({Poisson: "slow", Lion: "slow"}, [(11, "optimizer lion"), (11, "loss poisson")]),
    ],
)
def test_a_reason_is_told_at_its_place(unsupported, expected):
    checked = check(Source("x.cnn", TEXT))
    assert checked.ok, checked.problems
    found = check_target(checked, only(KERAS, unsupported=unsupported))
    assert {problem.code for problem in found} == {"CNN701"}
    places = [(p.span.line, p.span.text) for p in found]
    assert [line for line, _ in places] == [line for line, _ in expected]
    for (_, text), (_, wanted) in zip(places, expected, strict=True):
        assert text in wanted


def test_a_place_in_a_block_says_where_it_is_used():
    target = only(KERAS, unsupported={Orthogonal: "slow"})
    (problem,) = check_target(check(Source("x.cnn", TEXT)), target)
    assert [label.span.line for label in problem.related] == [7]


def test_a_target_that_does_not_train_takes_any_optimizer():
    target = only(KERAS, unsupported={Lion: "slow", Orthogonal: "slow"}).replace(trains=False)
    assert check_target(check(Source("x.cnn", TEXT)), target) == ()


NEW_LAYER = """
import sys
from typing import ClassVar
from cnnspec.layers import table
from cnnspec.layers.base import SameShape
from cnnspec.operations.moves import Pad

class Mirror(SameShape):
    word: ClassVar[str] = "mirror"

    def operations(self, shape):
        return (Pad(((0, 0), (0, 0))),)

# As one that was just added by the recipe: before anything has read the table.
table.LAYERS["mirror"] = table.CONSTRUCTS["mirror"] = Mirror
"""


def with_new_layer(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What a program does where there is a layer that no target lowers."""
    command = [sys.executable, "-c", NEW_LAYER + code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


COMMAND = "from cnnspec.commands import main; sys.exit(main(sys.argv[1:]))"
LOADED = "print({m.partition('.')[0] for m in sys.modules} & {'keras', 'tensorflow'} or 'light')"


def test_train_refuses_before_there_is_a_run(tmp_path):
    out = tmp_path / "runs"
    code = f"from cnnspec.commands import main; code = main(sys.argv[1:]); {LOADED}; sys.exit(code)"
    text = "conv 4x3 relu\nmirror\ndense 10 softmax"
    done = with_new_layer(code, "train", "-e", text, "--out", str(out))
    assert done.returncode == 1
    said = done.stderr.splitlines()
    message = "the target `keras` does not support `mirror`: it has no lowering for it"
    # Behind the warning that a layer of this operation does nothing.
    assert said[said.index(f"error[CNN701]: {message}") + 1] == " --> <command line>:2:1"
    assert done.stdout.split() == ["light"]
    assert not out.exists()


def test_train_says_it_as_json(tmp_path):
    text = "conv 4x3 relu\nmirror\ndense 10 softmax"
    done = with_new_layer(COMMAND, "train", "-e", text, "--out", str(tmp_path / "runs"), "--json")
    (problem,) = json.loads(done.stdout)["problems"]
    assert (problem["code"], problem["line"], problem["column"]) == ("CNN701", 2, 1)


def test_a_sweep_drops_the_points_that_cannot_be_trained(tmp_path):
    text = "let n = 1; repeat (n) { mirror }; conv 4x3; dense 10; sweep { n in 0, 1 }"
    done = with_new_layer(COMMAND, "sweep", "-e", text, "--dry-run", "--out", str(tmp_path / "s"))
    assert done.stdout.startswith("sweep  2 points, 1 dropped by this check")
    assert "1 dropped: CNN701" in done.stdout


def test_building_from_python_is_refused():
    code = """
import cnnspec
try:
    cnnspec.loads("mirror; dense 10 softmax").build()
except cnnspec.CnnspecError as error:
    print(error.diagnostics[0].code)
"""
    assert with_new_layer(code + LOADED).stdout.split() == ["CNN701", "light"]


def test_check_asks_the_target_that_is_named(capsys):
    text = "conv 4x3 gelu; dense 10 softmax; train { optimizer lion }"
    assert main(["check", "-e", text, "--target", "tflm"]) == 1
    message = "the target `tflm` does not support `gelu`: it has no operator for it"
    assert f"error[CNN701]: {message}\n --> <command line>:1:10" in capsys.readouterr().err
    # Nothing is trained for a target.
    assert main(["check", "-e", text, "--target", "c"]) == 0
    assert main(["check", "-e", text, "--target", "tflm", "--rules", "x"]) == 2


def test_every_target_but_the_interpreter_can_be_named():
    assert {*NAMED, "interpreter"} == set(TARGETS)
