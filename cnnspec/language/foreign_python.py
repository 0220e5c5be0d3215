"""Statements of Python that build or train a network in Keras or PyTorch, in words of ours."""

import ast
import warnings

from cnnspec.diagnostics.dialects import find, folded
from cnnspec.diagnostics.restating import SIZES, Piece, Restated, restate, simple

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
    "Conv2d": f"{_TORCH_CONV} dilation groups bias",
    "ConvTranspose2d": f"{_TORCH_CONV} output_padding groups bias dilation",
    "Linear": "in_features out_features bias",
    "MaxPool2d": "kernel_size stride padding dilation return_indices ceil_mode",
    "AvgPool2d": "kernel_size stride padding ceil_mode",
    "Dropout2d": "rate",
    "BatchNorm2d": "num_features eps",
    "BatchNorm1d": "num_features eps",
    "ZeroPad2d": "border",
    "Softmax": "dim",
    "Flatten": "start_dim end_dim",
    "BatchNormalization": "axis momentum epsilon",
}
"""The parameters of the calls of Keras and PyTorch that are given by position, in their order."""
_TORCH = {
    "BatchNorm2d": {"epsilon": "1e-05", "momentum": "0.9"},
    "BatchNorm1d": {"epsilon": "1e-05", "momentum": "0.9"},
    "LeakyReLU": {"slope": "0.01"},
    "leaky_relu": {"slope": "0.01"},
}
"""Defaults of PyTorch that are others than here."""
_OWN = """relu leaky_relu elu softmax sigmoid tanh flatten dropout gelu silu selu prelu mish
softplus softsign reshape input dense"""
OWN = {folded(word): word for word in _OWN.split()}
"""Layers that have the same name here, but for capital letters."""
_OPTIMIZERS = "sgd adam adamw nadam adamax lamb rmsprop adagrad adadelta lion"
OPTIMIZERS = frozenset(_OPTIMIZERS.split())
_FIT = {"epochs": "epochs", "batch_size": "batch", "validation_split": "validation"}
_IDLE = frozenset(
    ("name", "x", "inputs", "out_channels_per_group", "return_indices", "dim", "axis")
)
"""Options that say nothing about what a layer computes, or what is always so here."""

LOSSES = ("categorical_crossentropy", "binary_crossentropy", "poisson", "focal", "mse")
_ACTIVATIONS = ("silu", "hard_silu", "hard_sigmoid", "exponential", "linear", "softmax", "sigmoid")
_ORDER = "layers are applied in the order of the text, and an activation is written in the line of "
_ORDER += "its layer: `conv 32x3 relu`"


def python_statement(text: str) -> Piece | None:
    """Returns what a statement of Python is here, `None` for one that is not about a network."""
    tree = _parsed(text.strip().rstrip(","))
    if isinstance(tree, ast.Assign | ast.Expr | ast.Return):
        if isinstance(tree.value, ast.Call) and (found := _call(tree.value)):
            return found
        if isinstance(tree, ast.Assign) and isinstance(tree.value, ast.Call):
            return Piece(Restated("", (_ORDER,)))
    return None


def _parsed(text: str) -> ast.stmt | None:
    with warnings.catch_warnings():
        # Python warns of odd escapes in strings while it reads.
        warnings.simplefilter("ignore")
        try:
            body = ast.parse(text).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    return body[0] if len(body) == 1 else None


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _call(call: ast.Call) -> Piece | None:
    """What a call is here: that of a layer, of a layer and what it is applied to, of training."""
    name = _name(call.func)
    first = call.args[0] if call.args else None
    if name == "compile":
        return Piece(_compiled(call), layer=False)
    if name in ("fit", "fit_generator"):
        return Piece(_fitted(call), layer=False)
    if name == "add" and isinstance(first, ast.Call):
        return _call(first)
    if name == "Sequential":
        return _sequence(first.elts if isinstance(first, ast.List) else call.args)
    if isinstance(call.func, ast.Call):
        return _call(call.func)
    if folded(name) in OPTIMIZERS:
        return Piece(_in_train(_optimizer(call)), layer=False)
    row = find(name, "word")
    if row and row.words and row.words[0] in LOSSES:
        return Piece(_in_train([_loss(name)]), layer=False)
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
    pieces = [_call(item) for item in items if isinstance(item, ast.Call)]
    said = [piece.said for piece in pieces if piece and piece.said]
    if not said or len(said) < len(items):
        return None
    notes = tuple(note for each in said for note in each.notes)
    return Piece(Restated("; ".join(each.text for each in said), notes))


def _in_train(settings: list[str]) -> Restated | None:
    settings = [each for each in settings if each]
    return Restated(f"train {{ {'; '.join(settings)} }}") if settings else None


def _layer(name: str, call: ast.Call) -> Restated | None:
    """A layer: its values get the names that its signature gives them, and are restated."""
    word = OWN.get(folded(name), name)
    names = SIGNATURES.get(name, " ".join(SIZES.get(word, ()))).split()
    parts = [word]
    notes = []
    for index, value in enumerate(call.args):
        if index >= len(names):
            # Functions such as `F.relu(x)` are applied to a value.
            if not isinstance(value, ast.Name):
                notes.append(f"`{ast.unparse(value)}` is left out")
            continue
        parts.append(f"{names[index]}={_value(value)}")
    before = ""
    for keyword in call.keywords:
        if keyword.arg in ("input_shape", "shape") and word != "reshape":
            before = f"input {_shape(keyword.value)}; " if word != "input" else ""
            parts += [f"shape={_shape(keyword.value)}"] if word == "input" else []
        elif keyword.arg and keyword.arg not in _IDLE:
            parts.append(f"{keyword.arg}={_value(keyword.value)}")
    for option, default in _TORCH.get(name, {}).items() if _of_torch(call.func) else ():
        if not any(part.startswith((f"{option}=", "eps=")) for part in parts):
            parts.append(f"{option}={default}")
    said = restate(" ".join(parts), code=True)
    if said is None or not said.text:
        return said
    return said.replace(text=before + said.text, notes=(*said.notes, *notes))


def _of_torch(function: ast.expr) -> bool:
    """Whether a function is one of PyTorch: `nn.LeakyReLU`, `F.leaky_relu`, `torch.nn.…`."""
    owner = function.value if isinstance(function, ast.Attribute) else None
    return _name(function).startswith("BatchNorm") or (owner is not None and _name(owner) in "nnF")


def _shape(value: ast.expr) -> str:
    """A shape as it is written here: `28x28x1`."""
    if isinstance(value, ast.Tuple | ast.List):
        return "x".join(ast.unparse(each) for each in value.elts)
    return ast.unparse(value)


def _value(value: ast.expr) -> str:
    """A value without blanks, so that it is one argument."""
    if isinstance(value, ast.Tuple | ast.List) and value.elts:
        sides = [ast.unparse(each) for each in value.elts]
        return sides[0] if len(set(sides)) == 1 and len(sides) == 2 else "x".join(sides)
    return simple(ast.unparse(value).replace(" ", ""))


def _compiled(call: ast.Call) -> Restated | None:
    """`compile(optimizer=…, loss=…, metrics=…)`."""
    settings = []
    for keyword in call.keywords:
        match keyword.arg, keyword.value:
            case "optimizer", ast.Call() as inner:
                settings += _optimizer(inner)
            case "optimizer", value:
                settings.append(f"optimizer {_value(value).lower()}")
            case "loss", value:
                inner_name = _name(value.func) if isinstance(value, ast.Call) else _value(value)
                settings.append(_loss(inner_name))
            case "metrics", ast.List(elts=values) | ast.Tuple(elts=values):
                words = [find(w, "word") for w in map(_value, values)]
                known = [row.words[0] if row and row.words else "accuracy" for row in words]
                settings.append(f"metrics {' '.join(dict.fromkeys(known))}")
    return _in_train(settings)


def _loss(name: str) -> str:
    row = find(name, "word")
    return f"loss {row.words[0] if row and row.words else name.lower()}"


def _optimizer(call: ast.Call) -> list[str]:
    """An optimizer with its learning rate and its other numbers."""
    given: list[str] = []
    for keyword in call.keywords:
        row = find(keyword.arg or "", "option")
        name = row.words[0] if row and row.words else keyword.arg
        number = _value(keyword.value)
        if name == "learning_rate":
            given.insert(0, number)
        elif number == "yes":
            given.append(name or "")
        elif number != "no":
            given.append(f"{name}={number}")
    # PyTorch's first value is what it trains.
    given[:0] = [_value(a) for a in call.args if isinstance(a, ast.Constant)]
    word = _name(call.func).lower()
    return [f"optimizer {word}({', '.join(given)})" if given else f"optimizer {word}"]


def _fitted(call: ast.Call) -> Restated | None:
    """`fit(x, y, epochs=…)`."""
    return _in_train(
        [f"{_FIT[k.arg]} {_value(k.value)}" for k in call.keywords if k.arg in _FIT]
    ) or Restated("")
