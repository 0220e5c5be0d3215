"""Keras objects as data: the words of a spec are lowered to these before anything is built.

Light: names Keras's classes and imports none of them.
"""

from typing import Any

from cnnspec.core.record import Record


class Keras(Record):
    """A Keras object as data: a dotted name below `keras` and keyword arguments.

    A name that begins with `ours` or `kernels` is one of `own_layers` or `kernels`.

    Arguments may be such objects themselves. A `seeded` one draws random numbers and
    gets a seed of its own when it is built, unless the spec gives it one.
    """

    name: str
    arguments: dict[str, Any]
    seeded: bool = False
