"""Statements of Python that build or train a network in Keras or PyTorch, in words of ours."""

import ast
import re
import warnings
from collections.abc import Iterable

from cnnspec.diagnostics.dialects import dictionary, find, folded
from cnnspec.diagnostics.restating import SIZES, Piece, Restated, restate
from cnnspec.language.foreign_options import adapted
from cnnspec.language.foreign_training import name_of, training_call, value_of

_POOL = "pool_size strides padding"
_TORCH_CONV = "in_channels out_channels kernel_size stride padding"
SIGNATURES = {
    "Conv2D": "filters kernel_size strides padding data_format dilation_rate groups activation",
    "SeparableConv2D": "filters kernel_size strides padding",
    "Conv2DTranspose": "filters kernel_size strides padding",
    "DepthwiseConv2D": "kernel_size strides padding depth_multiplier",
    "Dense": "units activation use_bias",
    "MaxPooling2D": _POOL,
    "MaxPool2D": _POOL,
    "AveragePooling2D": _POOL,
    "Dropout": "rate",
    "SpatialDropout2D": "rate",
    "GaussianNoise": "stddev",
    "LeakyReLU": "slope",
    "ELU": "alpha",
    "ReLU": "max_value",
    "GroupNormalization": "groups",
    "ZeroPadding2D": "border",
    "Cropping2D": "border",
    "UpSampling2D": "factor",
    "Reshape": "shape",
    "Input": "shape",
    "InputLayer": "shape",
    "Conv": "features kernel_size strides padding",
    "Conv2d": f"{_TORCH_CONV} dilation groups bias",
    "ConvTranspose2d": f"{_TORCH_CONV} output_padding groups bias dilation",
    "Linear": "in_features out_features bias",
    "MaxPool2d": "kernel_size stride padding dilation return_indices ceil_mode",
    "AvgPool2d": "kernel_size stride padding ceil_mode",
    "Dropout2d": "rate",
    "BatchNorm2d": "num_features eps momentum affine",
    "BatchNorm1d": "num_features eps momentum affine",
    "GroupNorm": "groups num_channels eps affine",
    "Upsample": "size scale_factor mode align_corners",
    "InstanceNorm2d": "num_features eps momentum affine",
    "LayerNorm": "normalized_shape eps elementwise_affine",
    "LazyBatchNorm2d": "eps momentum affine",
    "ZeroPad2d": "border",
    "ConstantPad2d": "border value",
    "Activation": "activation",
    "Softmax": "dim",
    "Flatten": "start_dim end_dim",
    "BatchNormalization": "axis momentum epsilon",
}
"""The parameters of the calls of Keras and PyTorch that are given by position, in their order."""
_TORCH = {
    "BatchNorm2d": {"momentum": "0.9", "epsilon": "1e-05"},
    "BatchNorm1d": {"momentum": "0.9", "epsilon": "1e-05"},
    "LazyBatchNorm2d": {"momentum": "0.9", "epsilon": "1e-05"},
    "GroupNorm": {"epsilon": "1e-05"},
    "LayerNorm": {"epsilon": "1e-05"},
    "LeakyReLU": {"slope": "0.01"},
    "leaky_relu": {"slope": "0.01"},
}
"""Defaults of PyTorch that are others than here."""
_FUNCTIONS = {folded(name): names for name, names in reversed(SIGNATURES.items())}
"""The parameters of functions such as `F.max_pool2d`, behind what they are applied to."""
_MERGES = ("add", "concat", "multiply", "average", "maximum")
_OWN = """relu leaky_relu elu softmax sigmoid tanh flatten dropout gelu silu selu prelu mish
softplus softsign reshape input dense conv"""
OWN = {folded(word): word for word in _OWN.split()}
"""Layers that have the same name here, but for capital letters."""
_IDLE = frozenset(
    (
        "name",
        "num_channels",
        "x",
        "inputs",
        "out_channels_per_group",
        "return_indices",
        "dim",
        "axis",
        "start_dim",
        "end_dim",
        "scope",
    )
)
"""Options that say nothing about what a layer computes, or what is always so here."""

_SHAPES = ("input_shape", "shape")
_ACTIVATIONS = ("silu", "hard_silu", "hard_sigmoid", "exponential", "linear", "softmax", "sigmoid")
_ORDER = "layers are applied in the order of the text, and an activation is written in the line of "
_ORDER += "its layer: `conv 32x3 relu`"


Constants = dict[str, ast.expr]
"""The names of a program that stand for numbers, texts and shapes."""


def constants(lines: Iterable[str]) -> Constants:
    """Returns what the names of a program stand for where that is written out: `epochs = 15`."""
    found: Constants = {}
    for line in lines:
        tree = _parsed(line)
        match tree:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                parts = value.elts if isinstance(value, ast.Tuple | ast.List) else [value]
                if all(isinstance(part, ast.Constant) for part in parts):
                    found[name] = value
    return found


class _Known(ast.NodeTransformer):
    """Writes out the names that stand for constants."""

    def __init__(self, known: Constants) -> None:
        self.known = known

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """A name, or what it stands for."""
        return self.known.get(node.id, node) if isinstance(node.ctx, ast.Load) else node


def python_statement(text: str, known: Constants) -> Piece | None:
    """Returns what a statement of Python is here, `None` for one that is not about a network."""
    tree = _parsed(text.strip().rstrip(","))
    if isinstance(tree, ast.Assign | ast.Expr | ast.Return) and isinstance(tree.value, ast.Call):
        value = _Known(known).visit(tree.value) if known else tree.value
        return _call(value)
    return None


def assignment(text: str) -> Piece | None:
    """Returns that an assignment of Python goes, `None` for what is not one.

    What is applied to what in an object, and a layer that is not known, are not lost without a
    word.
    """
    notes: tuple[str, ...] = ()
    match _parsed(text):
        case ast.Assign(value=ast.Call(func=ast.Attribute(value=owner) as function)) if (
            name_of(owner) in _OF_LAYERS
        ):
            notes = (f"`{ast.unparse(function)}` is not known: write what it does to the image",)
        case ast.Assign() | ast.AugAssign() | ast.AnnAssign():
            pass
        case _:
            return None
    if "self." in text:
        notes = (_ORDER,)
    return Piece(Restated("", notes), layer=bool(notes))


_OF_LAYERS = ("F", "functional", "nn", "layers")
"""Modules whose functions are applied to the values of a network."""


def _parsed(text: str) -> ast.stmt | None:
    with warnings.catch_warnings():
        # Python warns of odd escapes in strings while it reads.
        warnings.simplefilter("ignore")
        try:
            body = ast.parse(text).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    return body[0] if len(body) == 1 else None


def _call(call: ast.Call) -> Piece | None:
    """What a call is here: that of a layer, of a layer and what it is applied to, of training."""
    name = name_of(call.func)
    first = call.args[0] if call.args else None
    if training := training_call(name, call):
        return training
    if name == "add" and isinstance(first, ast.Call):
        return _call(first)
    if name == "Sequential":
        return _sequence(first.elts if isinstance(first, ast.List) else call.args)
    if name in ("Model", "ModuleList"):
        return Piece(Restated(""), layer=False)
    if isinstance(call.func, ast.Call):
        return _call(call.func)
    if name == "view":
        return Piece(Restated("flatten", ("where it makes a vector of an image",)))
    merge = find(name, "layer")
    word = merge.words[0] if merge and merge.words else name
    if word in _MERGES and first is not None and not isinstance(first, ast.Constant):
        text = f"{word} {{ branch {{ }}; branch {{ … }} }}"
        return Piece(Restated(text, ("each input is a branch",)))
    row = find(name, "word")
    if name in SIZES and not call.keywords:
        # A word of ours with parentheses, which the parser knows by itself.
        return None
    if row and row.words and row.words[0] in _ACTIVATIONS:
        return Piece(_layer(row.words[0], call))
    if find(name, "layer") or folded(name) in OWN or name in SIZES:
        return Piece(_layer(name, call))
    return None


def _sequence(items: list[ast.expr]) -> Piece | None:
    """`Sequential([…])`: its layers one after another."""
    if not items:
        return Piece(Restated(""), layer=False)
    pieces = [_call(item) for item in items if isinstance(item, ast.Call)]
    said = [piece.said for piece in pieces if piece and piece.said]
    if not said or len(said) < len(items):
        return None
    notes = tuple(note for each in said for note in each.notes)
    return Piece(Restated("; ".join(each.text for each in said), notes))


def _layer(name: str, call: ast.Call) -> Restated | None:
    """A layer: its values get the names that its signature gives them, and are restated."""
    word = OWN.get(folded(name), name)
    names = SIGNATURES.get(name, "").split()
    values: list[ast.expr] = [*call.args]
    applied: list[str] = []
    if name not in SIGNATURES and name == name.lower():
        row = find(name, "layer")
        sizes = SIZES.get(row.words[0] if row and row.words else word, ())
        names = (_FUNCTIONS.get(folded(name)) or " ".join(sizes)).split()
        values, applied = _applied(values)
    notes = [*applied]
    program: dict[str, ast.expr] = {}
    for index, value in enumerate(values):
        if index < len(names):
            program[names[index]] = value
        elif not isinstance(value, ast.Name):
            # Functions such as `F.relu(x)` are applied to a value.
            notes.append(f"`{ast.unparse(value)}` is left out")
    program |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    before = ""
    shape = next((program.pop(key) for key in _SHAPES if key in program), None)
    label = program.get("name")
    program = {option: value for option, value in program.items() if option not in _IDLE}
    word, given, more = adapted(word, program)
    if shape is not None and word == "reshape":
        given["shape"] = value_of(shape)
    elif shape is not None and word in ("input", "InputLayer"):
        given["shape"] = _shape(shape)
    elif shape is not None:
        before = f"input {_shape(shape)}; "
    given = _defaults(name, call.func, given) | given
    options = [f"{option}={value}" for option, value in given.items()]
    said = restate(" ".join([word, *options, *_name(word, label)]), code=True)
    notes += more
    if said is None or not said.text:
        return said
    return said.replace(text=before + said.text, notes=(*said.notes, *notes))


def _name(word: str, label: ast.expr | None) -> list[str]:
    """The name that a program gives a layer, where it is one that a layer can have here."""
    row = find(word, "layer", "setting", "word")
    named = word not in ("input", "InputLayer") and (row is None or row.words)
    if named and isinstance(label, ast.Constant) and isinstance(label.value, str):
        return [f"name={label.value}"] if _free(label.value) else []
    return []


def _free(name: str) -> bool:
    """Whether a layer can be given a name: not one such as `conv_2`, which layers get here."""
    stem = re.sub(r"_[0-9]+\Z", "", name)
    ours = {*SIZES, *OWN.values(), *_MERGES, "slice"}
    ours.update(word for row in dictionary().values() for word in row.words)
    return name.isidentifier() and not {name, stem} & ours


def _applied(values: list[ast.expr]) -> tuple[list[ast.expr], list[str]]:
    """The values of a function without what it is applied to, and a note where that is a call."""
    if not values or isinstance(values[0], ast.Constant | ast.Tuple | ast.List | ast.BinOp):
        return values, []
    inner = isinstance(values[0], ast.Call)
    return values[1:], [f"`{ast.unparse(values[0])}` is left out"] if inner else []


def _defaults(name: str, function: ast.expr, given: dict[str, str]) -> dict[str, str]:
    """The options that a tool gives a layer by default, where they are others than here."""
    owner = function.value if isinstance(function, ast.Attribute) else None
    same = {"padding": "same"} if "conv" in name.lower() else {}
    if owner is not None and name_of(owner) == "slim":
        active = (same or name == "fully_connected") and "activation_fn" not in given
        return {**same, "activation": "relu"} if active else same
    if "features" in given:
        return same
    return _TORCH.get(name, {}) if _of_torch(function) else {}


def _of_torch(function: ast.expr) -> bool:
    """Whether a function is one of PyTorch: `nn.LeakyReLU`, `F.leaky_relu`, `torch.nn.…`."""
    owner = function.value if isinstance(function, ast.Attribute) else None
    return name_of(function).startswith(("BatchNorm", "LazyBatchNorm")) or (
        owner is not None and name_of(owner) in "nnF"
    )


def _shape(value: ast.expr) -> str:
    """A shape as it is written here: `28x28x1`."""
    if isinstance(value, ast.Tuple | ast.List):
        return "x".join(ast.unparse(each) for each in value.elts)
    return ast.unparse(value)
