"""Why a target does not do a word: the type of each target's own table."""

from collections.abc import Callable, Mapping
from typing import Any

from cnnspec.language.constructs import Construct

Reasons = Mapping[type[Construct], str | Callable[[Any], str]]
"""A reason for each class that a target does not do.

In place of it a function may give one for some of its records, and nothing for those that
the target does do: for a `resize` by `bicubic` alone. Its docstring is the reason for a reader of
the documentation.
"""


def reason_in(reasons: Reasons, construct: Construct) -> str:
    """Returns the reason for what a record says; empty where there is none."""
    found = reasons.get(type(construct), "")
    return found if isinstance(found, str) else found(construct)
