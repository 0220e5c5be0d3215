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


_TORCH = {
    "sgd": {"lr": "0.001"},
    "adam": {"eps": "1e-08"},
    "adamw": {"eps": "1e-08", "weight_decay": "0.01"},
    "nadam": {"lr": "0.002", "eps": "1e-08"},
    "adamax": {"lr": "0.002", "eps": "1e-08"},
    "rmsprop": {"lr": "0.01", "alpha": "0.99", "eps": "1e-08"},
    "adagrad": {"lr": "0.01", "eps": "1e-10"},
    "adadelta": {"lr": "1.0", "rho": "0.9", "eps": "1e-06"},
}
"""Defaults of PyTorch's optimizers that are others than here. Source: pytorch.org/docs, torch.optim
2.7."""


def _of_torch(call: ast.Call) -> bool:
    """Whether an optimizer is one of PyTorch: it is given what it trains, or is from `optim`."""
    match call.func, call.args:
        case ast.Attribute(value=owner), _ if name_of(owner) == "optim":
            return True
        case _, [ast.Call() as first, *_]:
            return name_of(first.func) == "parameters"
    return False


def _optimizer(call: ast.Call) -> list[str]:
    """An optimizer with its learning rate and its other numbers."""
    word = name_of(call.func).lower()
    values = {each.arg or "": each.value for each in call.keywords}
    options: dict[str, str] = {}
    for option, value in values.items():
        if option == "betas" and isinstance(value, ast.Tuple | ast.List):
            sides = [value_of(side) for side in value.elts]
            options |= dict(zip(("beta_1", "beta_2"), sides, strict=False))
        else:
            options[option] = value_of(value)
    torch = _of_torch(call)
    # PyTorch's first value is what it trains.
    given = [value_of(a) for a in call.args[torch:] if isinstance(a, ast.Constant)]
    if torch:
        usual = _TORCH.get(word, {})
        options = {o: v for o, v in usual.items() if o != "lr" or not given} | options
    written: list[str] = []
    for option, number in options.items():
        row = find(option, "option")
        name = row.words[0] if row and row.words else option
        if option == "alpha" and torch:
            name = "rho"
        if name == "learning_rate":
            given = [number]
        elif number == "yes":
            written.append(name)
        elif number != "no":
            written.append(f"{name}={number}")
    given += written
    return [f"optimizer {word}({', '.join(given)})" if given else f"optimizer {word}"]


def _fitted(call: ast.Call) -> Restated | None:
    """`fit(x, y, epochs=…)`."""
    return _in_train(
        [f"{_FIT[k.arg]} {value_of(k.value)}" for k in call.keywords if k.arg in _FIT]
    ) or Restated("")
