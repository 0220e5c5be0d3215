"""Options of Keras and PyTorch whose values, and not only their names, are others here."""

import ast
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from cnnspec.diagnostics.dialects import folded
from cnnspec.language.foreign_training import value_of

# As names are looked up: `ZeroPadding2D` and `zero_padding2d` are one.
_BORDERS = ("zeropadding2d", "cropping2d", "zeropad2d", "constantpad2d")
_SIDES = ("top", "bottom", "left", "right")
_NORMS = ("batchnorm1d", "batchnorm2d", "lazybatchnorm2d")
_INTERPOLATED = "`upsample` repeats pixels: to interpolate, write `resize` with the size of its "
_INTERPOLATED += "result, as in `resize 56x56 interpolation=bilinear`"

Options = dict[str, str]
"""The values of options by name."""


def adapted(name: str, program: Mapping[str, ast.expr]) -> tuple[str, Options, list[str]]:
    """Returns the call that says the same with values of ours, its options, and notes.

    Args:
        name: The name of the layer in its tool.
        program: Its options, those by position included.
    """
    tool = folded(name)
    if tool in _BORDERS:
        return name, _border(tool, program), []
    given = {option: value_of(value) for option, value in program.items()}
    _affine(given)
    if tool in _NORMS:
        return name, *_normalization(given)
    if name == "InstanceNorm2d":
        # By default it has no weights.
        plain = {} if "affine" in program else {"scale": "no", "center": "no"}
        kept = {option: given[option] for option in given if option in ("scale", "center")}
        epsilon = {"epsilon": given.get("eps", "1e-05")}
        return "gn", {"groups": "instance", **plain, **kept, **epsilon}, []
    if name == "LayerNorm" and given.pop("normalized_shape", ""):
        return name, given, ["`ln` normalizes the channels of each position"]
    if name in ("UpSampling2D", "Upsample"):
        return _enlargement(name, given)
    if name == "GroupNorm" and "num_groups" in given:
        return name, {"groups" if key == "num_groups" else key: given[key] for key in given}, []
    return name, given, []


def _affine(given: Options) -> None:
    """Replaces `affine=False`, with which a norm of PyTorch has no weights."""
    for option in ("affine", "elementwise_affine"):
        if given.pop(option, "yes") == "no":
            given |= {"scale": "no", "center": "no"}


def _border(name: str, program: Mapping[str, ast.expr]) -> Options:
    """Sides of Keras are `((top, bottom), (left, right))`, of PyTorch `(left, right, top, bottom)`.

    Sources: keras.io/api/layers/reshaping_layers/zero_padding2d, pytorch.org/docs ZeroPad2d.
    """
    found: Options = {}
    for option, value in program.items():
        if option in ("border", "padding", "cropping"):
            found |= _sides(value, torch=name.endswith("pad2d")) or {"border": value_of(value)}
        elif (option, value_of(value)) not in (("value", "0"), ("value", "0.0")):
            found[option] = value_of(value)
    return found


def _sides(value: ast.expr, *, torch: bool) -> Options | None:
    """A border by its sides, `None` for what is not written in numbers."""
    try:
        match ast.literal_eval(value):
            case int(left), int(right), int(top), int(bottom) if torch:
                sides = (top, bottom, left, right)
            case (
                (int(top) | (int(top), int(_)) as rows),
                (int(left) | (int(left), int(_)) as cols),
            ):
                bottom = rows if isinstance(rows, int) else rows[1]
                right = cols if isinstance(cols, int) else cols[1]
                sides = (top, bottom, left, right)
            case _:
                return None
    except ValueError:
        return None
    top, bottom, left, right = sides
    if top == bottom and left == right:
        return {"border": str(top) if top == left else f"{top}x{left}"}
    return {side: str(size) for side, size in zip(_SIDES, sides, strict=True) if size}


def _normalization(given: Options) -> tuple[Options, list[str]]:
    """PyTorch's momentum is the share of the new batch, that of Keras the share of the old ones.

    Source: pytorch.org/docs, BatchNorm2d: `new = (1 - momentum) * old + momentum * batch`.
    """
    found = {"epsilon" if option == "eps" else option: value for option, value in given.items()}
    notes = []
    if "momentum" in found:
        try:
            found["momentum"] = str(1 - Decimal(found["momentum"]))
        except InvalidOperation:
            notes.append(f"`momentum={found.pop('momentum')}`: it is 1 minus that of PyTorch")
    return found, notes


def _enlargement(name: str, given: Options) -> tuple[str, Options, list[str]]:
    """`Upsample(size=…)` is a `resize`; a factor repeats pixels here and cannot interpolate."""
    found = {**given}
    mode = found.pop("mode", found.pop("interpolation", "nearest"))
    notes = []
    if found.pop("align_corners", "no") == "yes":
        notes.append("`align_corners`: centers of pixels are aligned here")
    if name == "Upsample" and found.get("size", "none") != "none":
        found.pop("scale_factor", None)
        if mode not in ("nearest", "bilinear"):
            notes.append(f"`mode={mode}` is left out")
            return "resize", found, notes
        return "resize", {**found, "interpolation": mode}, notes
    if name == "UpSampling2D" and "size" in found:
        found = {"factor": found.pop("size"), **found}
    found.pop("size", None)
    if mode != "nearest":
        notes.append(_INTERPOLATED)
    return name, found, notes
