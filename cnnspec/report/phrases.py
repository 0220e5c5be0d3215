"""How a report writes numbers; an unknown one is a dash."""

from math import isfinite
from typing import Any

from cnnspec.diagnostics.syntax import UNITS

NONE = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"


def number(value: float | None, form: str = ".4f") -> str:
    """A measured metric: `0.8370`."""
    return NONE if value is None or not isfinite(value) else format(value, form)


def spread(value: Any, form: str = ".4f") -> str:
    """A metric over seeds: `0.8370 ± 0.0041`."""
    return NONE if value is None else format(value, form)


def signed(value: float, form: str = ".4f") -> str:
    """A difference with its sign: `+0.0123`; one that rounds to zero has none."""
    text = format(abs(value), form)
    if not float(text.replace(",", "")):
        return text
    return f"{'+' if value > 0 else MINUS}{text}"


def tail(p: float) -> str:
    """A p-value: `0.013`, `< 0.001`."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def count(value: float | None) -> str:
    """A whole number: `61,706`."""
    return NONE if value is None else f"{value:,.0f}"


def duration(seconds: float | None) -> str:
    """`3.7 s`, `12 min 05 s` or `3 h 20 min`."""
    if seconds is None:
        return NONE
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def size(number_of_bytes: int, limit: float = 0) -> str:
    """A number of bytes in the unit of a limit, or in KiB, the unit for small devices.

    One that would look like its limit is written in bytes.
    """
    unit, factor = _unit(limit) if limit else ("KiB", 1024)
    text = f"{number_of_bytes / factor:,.{1 if factor > 1 else 0}f}"
    same = limit and number_of_bytes != limit and float(text.replace(",", "")) == limit / factor
    return f"{number_of_bytes:,} bytes" if same else f"{text} {unit}"


def limit_text(limit: float) -> str:
    """A limit of bytes with its unit, as a spec writes it: `64KiB`."""
    unit, factor = _unit(limit)
    return f"{limit / factor:,g}{unit}" if factor > 1 else f"{limit:g}"


def _unit(limit: float) -> tuple[str, int]:
    """The largest unit of which a limit is a whole number, and its bytes."""
    units = {unit: UNITS[unit] for unit in ("MiB", "KiB", "MB", "kB")}
    return next(((u, n) for u, n in units.items() if limit % n == 0), ("bytes", 1))
