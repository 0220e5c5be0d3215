"""Calls of Python that set up training: `compile`, `fit`, optimizers, callbacks."""

import ast

from cnnspec.diagnostics.dialects import find, folded
from cnnspec.diagnostics.restating import Piece, Restated, simple

_OPTIMIZERS = "sgd adam adamw nadam adamax lamb rmsprop adagrad adadelta lion"
OPTIMIZERS = frozenset(_OPTIMIZERS.split())
_COMPILE = ("optimizer", "loss", "metrics")
_FIT = {"epochs": "epochs", "batch_size": "batch", "validation_split": "validation"}
LOSSES = ("categorical_crossentropy", "binary_crossentropy", "poisson", "focal", "mse")


def name_of(function: ast.expr) -> str:
    """The name of what is called, without the names before its dots."""
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def training_call(name: str, call: ast.Call) -> Piece | None:
    """Returns what a call says of training, `None` for one that says nothing of it."""
    if name == "compile":
        return Piece(_compiled(call), layer=False)
    if name in ("fit", "fit_generator"):
        return Piece(_fitted(call), layer=False)
    if folded(name) in OPTIMIZERS:
        return Piece(_in_train(_optimizer(call)), layer=False)
    if name == "EarlyStopping":
        return Piece(_in_train([_early_stop(call)]), layer=False)
    row = find(name, "word")
    if row and row.words and row.words[0] in LOSSES:
        return Piece(_in_train([_loss(name)]), layer=False)
    row = find(name, "setting")
    if row and row.pattern and row.name == name:
        notes = tuple(f"`{ast.unparse(each)}` is left out" for each in call.keywords)
        return Piece(Restated(f"train {{ {row.example} }}", notes), layer=False)
    return None


def _early_stop(call: ast.Call) -> str:
    """`EarlyStopping(monitor=…, patience=…)`, which watches the loss by default."""
    given = {each.arg: value_of(each.value) for each in call.keywords}
    row = find(given.get("monitor", "val_loss"), "word")
    monitor = row.words[0] if row and row.words else given.get("monitor", "val_loss")
    # Keras ends at once where no patience is given; here there is at least an epoch of it.
    patience = given.get("patience", "1")
    restore = " restore" if given.get("restore_best_weights") == "yes" else ""
    return f"early_stop {monitor}{restore} patience={patience}"


def _in_train(settings: list[str]) -> Restated | None:
    settings = [each for each in settings if each]
    return Restated(f"train {{ {'; '.join(settings)} }}") if settings else None


def value_of(value: ast.expr) -> str:
    """A value without blanks, so that it is one argument."""
    if isinstance(value, ast.Tuple | ast.List) and value.elts:
        sides = [ast.unparse(each) for each in value.elts]
        return sides[0] if len(set(sides)) == 1 and len(sides) == 2 else "x".join(sides)
    return simple(ast.unparse(value).replace(" ", ""))


def _compiled(call: ast.Call) -> Restated | None:
    """`compile(optimizer=…, loss=…, metrics=…)`."""
    settings = []
    given = [ast.keyword(arg, value) for arg, value in zip(_COMPILE, call.args, strict=False)]
    for keyword in (*given, *call.keywords):
        match keyword.arg, keyword.value:
            case "optimizer", ast.Call() as inner:
                settings += _optimizer(inner)
            case "optimizer", value:
                settings.append(f"optimizer {value_of(value).lower()}")
            case "loss", value:
                inner_name = name_of(value.func) if isinstance(value, ast.Call) else value_of(value)
                settings.append(_loss(inner_name))
            case "metrics", ast.List(elts=values) | ast.Tuple(elts=values):
                words = [find(w, "word") for w in map(value_of, values)]
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
        number = value_of(keyword.value)
        if name == "learning_rate":
            given.insert(0, number)
        elif number == "yes":
            given.append(name or "")
        elif number != "no":
            given.append(f"{name}={number}")
    # PyTorch's first value is what it trains.
    given[:0] = [value_of(a) for a in call.args if isinstance(a, ast.Constant)]
    word = name_of(call.func).lower()
    return [f"optimizer {word}({', '.join(given)})" if given else f"optimizer {word}"]


def _fitted(call: ast.Call) -> Restated | None:
    """`fit(x, y, epochs=…)`."""
    return _in_train(
        [f"{_FIT[k.arg]} {value_of(k.value)}" for k in call.keywords if k.arg in _FIT]
    ) or Restated("")
