"""Words of other tools: every one is told the word of this language, and following that works."""

import re
from pathlib import Path

import pytest

from cnnspec.analysis.check import check
from cnnspec.analysis.fixing import fix_texts
from cnnspec.core.edits import apply_edits
from cnnspec.core.source import Source
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.dialects import Foreign, advice, dictionary, folded
from cnnspec.diagnostics.restating import OURS, SIZES
from cnnspec.expansion.vocabulary import VOCABULARY
from cnnspec.ir.optimizers import OPTIMIZERS
from cnnspec.ir.schedules import SCHEDULES
from cnnspec.ir.training import Training
from cnnspec.layers.merging import MERGES
from cnnspec.layers.table import LAYERS

ROWS = dictionary()
SAID = [row for row in ROWS.values() if row.pattern]
UNSAID = [row for row in ROWS.values() if not row.pattern]


def named(row: Foreign) -> str:
    return f"{row.kind}-{row.name}"


def errors(text: str) -> list[Diagnostic]:
    found = check(Source("spec.cnn", text)).problems
    return [problem for problem in found if problem.severity == "error"]


def specs(row: Foreign, statement: str) -> list[str]:
    """Specs that a statement can be a part of, for a table of its kind."""
    if row.kind == "setting":
        return [f"dense 10 softmax\ntrain {{ {statement} }}"]
    after = "\ndense 10 softmax"
    return [f"conv 8x3 relu\n{statement}{after}", f"{statement}{after}", statement]


def test_there_are_words_of_every_tool() -> None:
    tools = {tool for row in ROWS.values() for tool in row.tools}
    assert tools >= {"Keras", "PyTorch", "Caffe", "darknet", "TF-slim", "JAX/Flax", "ONNX"}
    assert len(ROWS) > 150


@pytest.mark.parametrize("row", SAID, ids=named)
def test_what_to_write_is_a_word_of_this_language(row: Foreign) -> None:
    assert any(not errors(text) for text in specs(row, row.example))
    for word in row.words[:1]:
        assert word in row.pattern or "x3" in row.pattern or row.kind == "option"


@pytest.mark.parametrize("row", UNSAID, ids=named)
def test_what_has_no_equivalent_says_what_to_do(row: Foreign) -> None:
    assert row.note
    for said in re.findall(r"`([^`]+)`", row.note):
        begun = said.split()[0].split("(")[0]
        known = begun in VOCABULARY.outside or begun in Training.specs
        other = begun in (*OPTIMIZERS, *SCHEDULES, "cnnspec", "floor", "branch", "accuracy", "f1")
        # An option such as `l2=0.01` is told as it is written.
        assert known or other or "=" in said, said


@pytest.mark.parametrize(
    "row", [row for row in ROWS.values() if row.kind in ("layer", "setting")], ids=named
)
def test_a_statement_of_another_tool_is_one_error_with_its_word(row: Foreign) -> None:
    text = f"dense 10 softmax\ntrain {{ {row.name} }}"
    if row.kind == "layer":
        text = f"conv 8x3 relu\n{row.name}\ndense 10 softmax"
    (error,) = errors(text)
    if row.kind == "setting" and error.code == "CNN110":
        # An option of an optimizer, a schedule or `early_stop` is told which of them it is of.
        assert error.help.startswith("it belongs to")
        return
    assert error.code == "CNN101"
    assert error.help == advice(row)


@pytest.mark.parametrize("row", [row for row in SAID if row.words], ids=named)
def test_the_word_alone_can_be_replaced(row: Foreign) -> None:
    if row.kind in ("layer", "setting"):
        _, _, rest = row.example.partition(" ")
        texts = specs(row, f"{row.name} {rest}")
    else:
        mine = re.sub(rf"\b{row.words[0]}\b", row.name, row.example)
        texts = specs(row, mine) if row.name in mine else []
    for text in texts:
        found = errors(text)
        if len(found) == 1 and found[0].fixes:
            fix = found[0].fixes[0]
            fixed = apply_edits(fix.edits[0].span.source, fix.edits)
            assert found[0].code not in [error.code for error in errors(fixed)], fixed
            return
    assert not texts or any(len(errors(text)) == 1 for text in texts)


@pytest.mark.parametrize("row", ROWS.values(), ids=named)
def test_no_word_of_another_tool_is_one_of_ours_in_its_place(row: Foreign) -> None:
    if row.kind == "layer":
        assert row.name not in VOCABULARY.outside
    if row.kind == "setting":
        assert row.name not in Training.specs


def public(*modules: str) -> set[str]:
    """The names that modules of Keras export, read without loading them."""
    import importlib.util

    spec = importlib.util.find_spec("keras")
    assert spec
    assert spec.origin
    root = Path(spec.origin).parent
    texts = [(root / module / "__init__.py").read_text("utf-8") for module in modules]
    return {name for text in texts for name in re.findall(r"\bas (\w+)", text)}


def test_names_of_keras_are_public_names() -> None:
    found = {folded(name) for name in public("layers", "callbacks", "losses", "metrics", "models")}
    found |= {folded(name) for name in public("optimizers/schedules", "initializers")}
    # Keras 1 had these, and so have many tutorials; the last four are said with a suffix today.
    old = """Convolution2D SeparableConvolution2D Convolution2DTranspose Deconvolution2D MaxPooling
        AveragePooling GlobalAveragePooling GlobalMaxPooling ThresholdedReLU Functional
        CosineDecayRestarts Lambda AveragePooling"""
    old_names = {folded(name) for name in old.split()}
    camel = [
        row.name
        for row in ROWS.values()
        if row.tools[0] == "Keras" and row.name[0].isupper() and row.kind != "option"
    ]
    assert len(camel) > 60
    assert {name for name in camel if folded(name) not in found | old_names} == set()


@pytest.mark.parametrize(
    ("line", "statement"),
    [
        ("Conv2D(32, (3, 3), activation='relu')", "conv 32x3 relu"),
        ("Conv2D(32, 3, 2, 'same')", "conv 32x3 same stride=2"),
        ("Conv2D(32, (3, 5), use_bias=False)", "conv 32x3x5 no_bias"),
        ("layers.Conv2D(8, 3, dilation_rate=2),", "conv 8x3 dilation=2"),
        ("Conv2D(8, 3, kernel_regularizer=regularizers.l2(0.01))", "conv 8x3 l2=0.01"),
        ("Conv2D(8, 3, kernel_initializer='he_normal')", "conv 8x3 init=he_normal"),
        ("Conv2D(8, 3, kernel_initializer=HeNormal())", "conv 8x3 init=he_normal"),
        ("Conv2D(8, 3, activation=tf.nn.relu)", "conv 8x3 relu"),
        ("Conv2D(8, 3, input_shape=(28, 28, 1))", "input 28x28x1; conv 8x3"),
        ("model.add(Conv2D(8, 3))", "conv 8x3"),
        ("x = layers.Conv2D(8, 3)(x)", "conv 8x3"),
        ("x = tf.keras.layers.Conv2D(8, 3, name='c')(x)", "conv 8x3 name=c"),
        ("Conv2D(8, 3, name='not-ours')", "conv 8x3"),
        ("DepthwiseConv2D(3, padding='same')", "dwconv 3 same"),
        ("SeparableConv2D(8, 3)", "sepconv 8x3"),
        ("Conv2DTranspose(8, 2, strides=2)", "tconv 8x2 stride=2"),
        ("MaxPooling2D()", "pool"),
        ("MaxPooling2D((2, 2))", "pool 2"),
        ("MaxPooling2D(pool_size=3, strides=2)", "pool 3 stride=2"),
        ("AveragePooling2D(2, padding='same')", "avgpool 2 same"),
        ("GlobalAveragePooling2D()", "gap"),
        ("BatchNormalization()", "bn"),
        ("BatchNormalization(momentum=0.9)", "bn momentum=0.9"),
        ("Dropout(0.5)", "dropout 0.5"),
        ("Flatten()", "flatten"),
        ("Dense(10, activation='softmax')", "dense 10 softmax"),
        ("Activation('relu')", "relu"),
        ("ReLU(max_value=6)", "relu max=6"),
        ("LeakyReLU(0.1)", "leaky_relu 0.1"),
        ("Reshape((7, 7, 16))", "reshape 7x7x16"),
        ("inputs = keras.Input(shape=(32, 32, 3))", "input 32x32x3"),
        # Keras: ((top, bottom), (left, right)); PyTorch: (left, right, top, bottom).
        ("ZeroPadding2D(1)", "pad 1"),
        ("ZeroPadding2D(padding=2)", "pad 2"),
        ("ZeroPadding2D((1, 2))", "pad 1x2"),
        ("ZeroPadding2D(((0, 1), (0, 1)))", "pad bottom=1 right=1"),
        ("zero_padding2d(((0, 1), (0, 1)))", "pad bottom=1 right=1"),
        ("ZeroPadding2D(padding=((3, 3), (3, 3)))", "pad 3"),
        ("ZeroPadding2D([[1, 1], [2, 2]])", "pad 1x2"),
        ("Cropping2D(((1, 0), (2, 3)))", "crop top=1 left=2 right=3"),
        ("Cropping2D(cropping=((1, 1), (2, 2)))", "crop 1x2"),
        ("nn.ZeroPad2d((1, 2, 0, 1))", "pad bottom=1 left=1 right=2"),
        ("nn.ZeroPad2d(2)", "pad 2"),
        ("nn.ZeroPad2d(padding=(2, 2, 1, 1))", "pad 1x2"),
        # PyTorch's momentum is the share of the new batch: ours is 1 minus it.
        ("nn.BatchNorm2d(8, momentum=0.1)", "bn momentum=0.9 epsilon=1e-05"),
        ("nn.BatchNorm2d(8, 1e-3, 0.01)", "bn momentum=0.99 epsilon=0.001"),
        ("nn.BatchNorm2d(8, eps=1e-3)", "bn momentum=0.9 epsilon=0.001"),
        ("nn.LazyBatchNorm2d(momentum=0.01)", "bn momentum=0.99 epsilon=1e-05"),
        ("nn.ConstantPad2d((1, 1, 2, 2), 0)", "pad 2x1"),
        ("nn.GroupNorm(4, 8)", "gn 4 epsilon=1e-05"),
        ("nn.GroupNorm(num_groups=4, num_channels=8)", "gn 4 epsilon=1e-05"),
        ("nn.Upsample(size=(32, 32), mode='bilinear')", "resize 32 interpolation=bilinear"),
        ("nn.Upsample(scale_factor=2, mode='nearest')", "upsample 2"),
        ("UpSampling2D(size=(2, 3))", "upsample 2x3"),
        ("nn.Conv2d(1, 32, 3)", "conv 32x3"),
        ("nn.Conv2d(1, 32, 3, padding=1)", "conv 32x3 same"),
        ("nn.Conv2d(1, 32, 5, padding=2)", "conv 32x5 same"),
        ("nn.Conv2d(1, 32, 3, padding='same')", "conv 32x3 same"),
        # An even image: `same` would pad behind only.
        ("nn.Conv2d(1, 32, 3, stride=2, padding=1)", "pad 1; conv 32x3 stride=2"),
        ("nn.Conv2d(8, 8, 3, groups=8, bias=False)", "conv 8x3 no_bias groups=8"),
        ("nn.Conv2d(in_channels=1, out_channels=8, kernel_size=3)", "conv 8x3"),
        ("nn.Linear(512, 10)", "dense 10"),
        ("nn.Linear(512, 10, bias=False)", "dense 10 no_bias"),
        ("nn.MaxPool2d(2)", "pool 2"),
        ("nn.MaxPool2d(2, 2)", "pool 2"),
        ("nn.MaxPool2d(3, stride=2, padding=1)", "pad 1; pool 3 stride=2"),
        ("nn.MaxPool2d(3, 2, ceil_mode=True)", "pool 3 ceil stride=2"),
        ("nn.BatchNorm2d(32)", "bn momentum=0.9 epsilon=1e-05"),
        ("nn.LeakyReLU(inplace=True)", "leaky_relu 0.01"),
        ("nn.LeakyReLU(0.2)", "leaky_relu 0.2"),
        ("nn.ReLU(inplace=True)", "relu"),
        ("nn.ReLU", "relu"),
        ("nn.Hardswish()", "hard_silu"),
        ("nn.Softmax(dim=1)", "softmax"),
        ("nn.Dropout(p=0.2)", "dropout 0.2"),
        ("x = F.relu(x)", "relu"),
        ("x = F.max_pool2d(x, 2)", "pool 2"),
        ("x = F.max_pool2d(x, 3, stride=2)", "pool 3 stride=2"),
        ("x = torch.flatten(x, 1)", "flatten"),
        ("nn.Flatten(start_dim=1)", "flatten"),
        # Flax and TF-slim pad by default, and TF-slim has an activation.
        ("x = nn.Conv(features=32, kernel_size=(3, 3))(x)", "conv 32x3 same"),
        ("x = nn.Dense(features=10)(x)", "dense 10"),
        ("x = nn.avg_pool(x, window_shape=(2, 2), strides=(2, 2))", "avgpool 2"),
        ("net = slim.conv2d(net, 64, [3, 3], scope='c')", "conv 64x3 same relu"),
        ("net = slim.fully_connected(net, 10, activation_fn=None)", "dense 10"),
        ("net = slim.max_pool2d(net, [2, 2])", "pool 2"),
        ("tf.keras.layers.InputLayer(input_shape=(28, 28, 1))", "input 28x28x1"),
        ("Dense(10, kernel_regularizer=l1_l2(l1=0.1, l2=0.2))", "dense 10 l1=0.1 l2=0.2"),
        ("model.compile('adam', 'mse')", "train { optimizer adam; loss mse }"),
        ("stop = EarlyStopping(monitor='val_acc', patience=3, restore_best_weights=True)",
         "train { early_stop val_accuracy restore patience=3 }"),
        ("(a, b), (c, d) = tf.keras.datasets.fashion_mnist.load_data()", "data fashion_mnist"),
        ("nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten())", "conv 8x3; relu; flatten"),
        ("optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)",
         "train { optimizer sgd(0.1, momentum=0.9) }"),
        ("criterion = nn.CrossEntropyLoss()", "train { loss categorical_crossentropy }"),
        ("model.fit(x, y, epochs=5, batch_size=64)", "train { epochs 5; batch 64 }"),
        ("model.compile(optimizer='adam', loss='sparse_categorical_crossentropy')",
         "train { optimizer adam; loss categorical_crossentropy }"),
        ("[convolutional]\nfilters=32\nsize=3\nstride=1\npad=1\nactivation=leaky",
         "conv 32x3 same; leaky_relu 0.1"),
        ("[convolutional]\nbatch_normalize=1\nfilters=16\nsize=3\npad=1\nactivation=leaky",
         "conv 16x3 same no_bias; bn; leaky_relu 0.1"),
        # darknet pads by half of the kernel.
        ("[convolutional]\nfilters=16\nsize=3\nstride=2\npad=1\nactivation=relu",
         "pad 1; conv 16x3 relu stride=2"),
        # darknet covers the last row as well.
        ("[maxpool]\nsize=2\nstride=2", "pool 2 same"),
        ("[convolutional]\nfilters=8\nsize=3", "conv 8x3 sigmoid"),
        ("[connected]\noutput=10\nactivation=linear", "dense 10"),
        ("[avgpool]", "gap"),
        ('layer {\n  type: "Convolution"\n  convolution_param { num_output: 20 kernel_size: 5 }\n}',
         "conv 20x5"),
        ('layer { type: "InnerProduct" inner_product_param { num_output: 10 } }', "dense 10"),
        ('layer { type: "Input" input_param { shape: { dim: 64 dim: 1 dim: 28 dim: 28 } } }',
         "input 28x28x1"),
        # The type of a filler is not that of the layer.
        ('layer { type: "InnerProduct" num_output: 9 filler { type: "xavier" } }', "dense 9"),
        # Caffe rounds the number of windows up.
        ('layer { type: "Pooling" pooling_param { pool: MAX kernel_size: 3 stride: 2 } }',
         "pool 3 ceil stride=2"),
        ('layer { type: "Pooling" pooling_param { pool: AVE kernel_size: 3 pad: 1 } }',
         "pad 1; avgpool 3 ceil stride=1"),
    ],
)  # fmt: skip
def test_a_line_of_another_language_is_one_error_with_the_statement(
    line: str, statement: str
) -> None:
    (error,) = errors(f"{line}\ndense 10 softmax")
    assert error.code == "CNN015"
    assert error.help.startswith(f"write `{statement}`")
    (fix,) = error.fixes
    fixed = apply_edits(fix.edits[0].span.source, fix.edits)
    assert fixed == f"{statement}\ndense 10 softmax"
    assert {found.code for found in errors(fixed)} <= {"CNN201", "CNN202", "CNN203", "CNN204"}


@pytest.mark.parametrize(
    ("line", "statement"),
    [
        ("train { batch_size=32 }", "train { batch 32 }"),
        ("train { batch_size: 32 }", "train { batch 32 }"),
        ("train { batch_size: (x) }", "train { batch (x) }"),
        ("train { epoch=7 }", "train { epochs 7 }"),
        ("train { validation_split = 0.3 }", "train { validation 0.3 }"),
        # What is switched on elsewhere has its own values here.
        ("train { early_stopping=True }", "train { early_stop val_loss patience=3 }"),
        ("train { from_logits=True }", "train { loss categorical_crossentropy }"),
        ("batch_size = 16", "train { batch 16 }"),
        ("train { loss nll }", "train { loss categorical_crossentropy }"),
        ("train { schedule reduce_on_plateau }", "train { schedule plateau }"),
        ("hswish", "hard_silu"),
        ("swish", "silu"),
        ("lrelu 0.1", "leaky_relu 0.1"),
        ("conv 8x3 hswish", "conv 8x3 hard_silu"),
    ],
)
def test_a_word_of_another_tool_keeps_its_number(line: str, statement: str) -> None:
    (error,) = errors(f"dense 10 softmax\n{line}")
    fix = error.fixes[0]
    assert fix.title.removeprefix("write ").strip("`") in error.help
    fixed = apply_edits(fix.edits[0].span.source, fix.edits)
    assert fixed == f"dense 10 softmax\n{statement}"


@pytest.mark.parametrize("rest", ["== 3", "= 3 = 4", ": 3, val: 0.1"])
def test_what_is_no_one_value_stays_as_it_is(rest: str) -> None:
    (error,) = errors(f"dense 10 softmax\ntrain {{ batch_size {rest} }}")
    fix = error.fixes[0]
    fixed = apply_edits(fix.edits[0].span.source, fix.edits)
    assert fixed == f"dense 10 softmax\ntrain {{ batch {rest} }}"


@pytest.mark.parametrize("name", [*LAYERS, *MERGES])
def test_a_name_that_layers_get_here_is_not_taken_over(name: str) -> None:
    for given in (name, f"{name}_1"):
        (error,) = errors(f"Conv2D(8, 3, name='{given}')\ndense 10 softmax")
        assert error.fixes[0].title == "write `conv 8x3`"


@pytest.mark.parametrize(
    "line", ["UpSampling2D(2, interpolation='bilinear')", "nn.Upsample(None, 2, 'bilinear')"]
)
def test_a_factor_that_interpolates_is_told_to_be_a_resize(line: str) -> None:
    (error,) = errors(f"{line}\ndense 10 softmax")
    assert error.help.startswith("write `upsample 2`; `upsample` repeats pixels")
    assert "`resize 56x56 interpolation=bilinear`" in error.help
    assert not error.fixes[0].safe


KERAS = """
import tensorflow as tf
from tensorflow.keras import layers

model = tf.keras.Sequential([
    layers.Conv2D(32, 3, activation="relu"),  # first
    layers.MaxPooling2D(2),
    layers.Flatten(),
    layers.Dropout(0.5),
    layers.Dense(10, activation="softmax"),
])
model.compile(
    optimizer=tf.keras.optimizers.Adam(learning_rate=0.01),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
model.fit(x_train, y_train, epochs=5, batch_size=64, validation_split=0.1)
"""


def test_a_script_of_keras_becomes_its_spec() -> None:
    found = errors(KERAS)
    assert {error.code for error in found} == {"CNN015"}
    (result,) = fix_texts([Source("model.cnn", KERAS)])
    text = result.text
    assert text.strip().split("\n") == [
        "conv 32x3 relu  # first",
        "    pool 2",
        "    flatten",
        "    dropout 0.5",
        "    dense 10 softmax",
        "train { optimizer adam(0.01); loss categorical_crossentropy; metrics accuracy; "
        "epochs 5; batch 64; validation 0.1 }",
    ]
    assert errors(text) == []


MNIST_CONVNET = '''"""
Title: Simple MNIST convnet
"""
import numpy as np
import keras
from keras import layers

# Model / data parameters
num_classes = 10
input_shape = (28, 28, 1)

# Load the data and split it between train and test sets
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()

# Scale images to the [0, 1] range
x_train = x_train.astype("float32") / 255
x_test = x_test.astype("float32") / 255
x_train = np.expand_dims(x_train, -1)
print("x_train shape:", x_train.shape)
print(x_train.shape[0], "train samples")

# convert class vectors to binary class matrices
y_train = keras.utils.to_categorical(y_train, num_classes)

model = keras.Sequential(
    [
        keras.Input(shape=input_shape),
        layers.Conv2D(32, kernel_size=(3, 3), activation="relu"),
        layers.MaxPooling2D(pool_size=(2, 2)),
        layers.Conv2D(64, kernel_size=(3, 3), activation="relu"),
        layers.MaxPooling2D(pool_size=(2, 2)),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(num_classes, activation="softmax"),
    ]
)

model.summary()

batch_size = 128
epochs = 15

model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])

model.fit(x_train, y_train, batch_size=batch_size, epochs=epochs, validation_split=0.1)

score = model.evaluate(x_test, y_test, verbose=0)
print("Test loss:", score[0])
'''


def test_the_example_of_keras_becomes_a_spec_with_its_count() -> None:
    (result,) = fix_texts([Source("mnist_convnet.cnn", MNIST_CONVNET)])
    assert errors(result.text) == []
    lines = [line.strip() for line in result.text.splitlines() if line.strip()]
    assert [line for line in lines if line[0] != "#"] == [
        "data mnist",
        "input 28x28x1",
        "conv 32x3 relu",
        "pool 2",
        "conv 64x3 relu",
        "pool 2",
        "flatten",
        "dropout 0.5",
        "dense 10 softmax",
        "train { loss categorical_crossentropy; optimizer adam; metrics accuracy; batch 128; "
        "epochs 15; validation 0.1 }",
    ]
    # What https://keras.io/examples/vision/mnist_convnet/ prints.
    assert check(Source("x", result.text)).totals.params == 34_826


def test_a_network_of_pytorch_is_told_line_by_line() -> None:
    text = """import torch.nn as nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, 1)
        self.dropout1 = nn.Dropout(0.25)
        self.fc1 = nn.Linear(9216, 128)

    def forward(self, x):
        x = self.conv1(x)
        x = F.relu(x)
        x = F.max_pool2d(x, 2)
        return F.log_softmax(x, dim=1)
"""
    found = errors(text)
    assert {error.code for error in found} == {"CNN015"}
    said = [error.help.split("`")[1] for error in found if error.help.startswith("write")]
    assert said == ["conv 32x3", "dropout 0.25", "dense 128", "relu", "pool 2", "softmax"]


@pytest.mark.parametrize(
    ("line", "statement", "note"),
    [
        ("Conv2D(n, 3)", "conv (n)x3", "define `n` with `let`"),
        ("Conv2D(2 * n, 3)", "conv (2*n)x3", "define `n` with `let`"),
        ("nn.Conv2d(a, b, k, stride=s)", "conv (b)x(k) stride=(s)", "define `b` with `let`"),
        ("Conv2D(8, 3, groups_of=2)", "conv 8x3", "`groups_of=2` is left out"),
        ("x = F.relu(self.conv1(x))", "relu", "`self.conv1(x)` is left out"),
        ("x = F.max_pool2d(F.relu(x), 2)", "pool 2", "`F.relu(x)` is left out"),
        ("x = x.view(-1, 320)", "flatten", "where it makes a vector"),
        ("x = layers.concatenate([a, b])", "concat { branch { }; branch { … } }",
         "each input is a branch"),
        ("x = layers.add([a, b])", "add { branch { }; branch { … } }", "each input is a branch"),
        ("s = StepLR(opt, step_size=10)", "train { schedule step(every=10, factor=0.1) }",
         "`step_size=10` is left out"),
        ("nn.ConvTranspose2d(8, 4, 3, output_padding=1)", "tconv 4x3",
         "`output_padding=1` is left out"),
        # Which of the layers of an object is applied when, another function says.
        ("self.fc = nn.Linear(8, 10)", "dense 10", ""),
    ],
)  # fmt: skip
def test_what_a_statement_does_not_say_is_no_safe_fix(line: str, statement: str, note: str) -> None:
    (error,) = errors(f"{line}\ndense 10 softmax")
    assert error.help.startswith(f"write `{statement}`")
    assert note in error.help
    assert not error.fixes[0].safe


def test_options_of_programs_are_those_of_layers() -> None:
    known = {name for layer in LAYERS.values() for name in layer.specs} | {"name"}
    sizes = {name for names in SIZES.values() for name in names}
    own = {"padding", "activation", "bias", "keep", "interpolation", "channels", "center", "scale"}
    assert OURS | sizes <= known | {"shape"}
    assert known - OURS - sizes - own <= {"shared"}


@pytest.mark.parametrize(
    "text",
    [
        "block Part(f) { conv (f)x3 relu }\nPart 8\ndense 10 softmax)",
        "let x = round(7.5)\nconv 8x3 (\ndense 10 softmax",
        "conv 8x3 relu\nresidual { conv 8x3 same }\n}\ndense 10 softmax",
    ],
)
def test_errors_of_a_spec_are_not_taken_for_another_language(text: str) -> None:
    assert "CNN015" not in [error.code for error in errors(text)]


def test_the_word_in_the_place_of_a_line_is_itself_no_word() -> None:
    for text in ("_", "_; dense 10 softmax", "train { _ }; dense 10", "add { _; branch { } }"):
        assert [error.code for error in errors(text)] in (["CNN101"], ["CNN122"])


def test_a_layer_of_another_language_leaves_the_shape_unknown() -> None:
    inside = "train {\n  model.fit(x, y)\n}\nadd {\n  LSTM(3, units=3)\n  branch { }\n}\n"
    text = f"{inside}conv 8x30\ndense 10"
    assert [error.code for error in errors(text)] == ["CNN015", "CNN015"]


@pytest.mark.parametrize(
    "line",
    ["Conv2D(" * 300, "Conv2D(" + "(" * 80, "x = " + "-" * 3000 + "f(1)", "nn.Conv2d(\\", "[a]" * 9,
     "Conv2D('\\d', 3)", "Conv2D(*a, **b)", "layer { type: }", "[convolutional]\nsize=a\npad=1"],
)  # fmt: skip
def test_lines_that_nobody_means_are_errors_and_no_more(line: str) -> None:
    assert errors(f"{line}\ndense 10 softmax")


def test_a_function_that_is_not_known_is_not_removed() -> None:
    text = "conv 8x3 relu\nx = F.interpolate(x, 2)\ndense 10 softmax"
    (error,) = [p for p in check(Source("x", text)).problems if p.severity == "error"]
    assert error.help == "`F.interpolate` is not known: write what it does to the image"
    assert not error.fixes


# The signatures in the documentation of torch.optim (docs.pytorch.org, one page for each class).
# NAdam's momentum_decay=4e-3 is Keras's as well, and no option here.
PYTORCH = {
    "SGD": ("sgd", {"learning_rate": 1e-3, "momentum": 0, "nesterov": False}),
    "Adam": ("adam", {"learning_rate": 1e-3, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}),
    "AdamW": (
        "adamw",
        {"learning_rate": 1e-3, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8,
         "weight_decay": 1e-2},
    ),
    "NAdam": ("nadam", {"learning_rate": 2e-3, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}),
    "Adamax": ("adamax", {"learning_rate": 2e-3, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}),
    "RMSprop": (
        "rmsprop",
        {"learning_rate": 1e-2, "rho": 0.99, "epsilon": 1e-8, "momentum": 0, "centered": False},
    ),
    "Adagrad": ("adagrad", {"learning_rate": 1e-2, "epsilon": 1e-10}),
    "Adadelta": ("adadelta", {"learning_rate": 1.0, "rho": 0.9, "epsilon": 1e-6}),
}  # fmt: skip


@pytest.mark.parametrize("name", PYTORCH)
def test_an_optimizer_of_pytorch_has_the_defaults_of_pytorch(name: str) -> None:
    word, defaults = PYTORCH[name]
    source = Source("t.cnn", f"dense 10 softmax\noptimizer = optim.{name}(net.parameters())")
    (error,) = check(source).problems
    fixed = check(Source("t.cnn", apply_edits(source, error.fixes[0].edits)))
    optimizer = fixed.spec.train.optimizer
    assert optimizer.word == word
    expected = {"weight_decay": None} | defaults
    assert {option: getattr(optimizer, option) for option in expected} == expected
    # Nothing is left to a default of ours that nobody compared.
    clips = {"clipnorm", "clipvalue", "global_clipnorm", "ema", "amsgrad"}
    assert set(type(optimizer).specs) - clips == set(expected)
