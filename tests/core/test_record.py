import copy
import pickle
import sys
from typing import Any, ClassVar

import pytest

from cnnspec.core.record import MISSING, OFTEN, Record, RecordMeta


class Point(Record):
    ignored: ClassVar[tuple[str, ...]] = ("note",)

    x: int
    y: int = 2
    note: str = ""


class Deep(Point):
    z: int = 3


def test_values_come_by_position_and_by_name() -> None:
    assert Point(1) == Point(x=1, y=2) == Point(1, 2)
    assert Deep(1, z=5).z == 5


def test_fields_of_the_base_come_first() -> None:
    assert list(Deep.fields) == ["x", "y", "note", "z"]
    assert Deep.fields["x"] is MISSING


def test_ignored_fields_take_no_part_in_equality() -> None:
    assert Point(1, note="a") == Point(1, note="b")
    assert hash(Point(1, note="a")) == hash(Point(1, note="b"))


def test_other_values_and_other_classes_differ() -> None:
    assert Point(1) != Point(2)
    assert Point(1) != Deep(1)
    assert Point(1) != (1, 2, "")


@pytest.mark.parametrize(
    ("args", "named", "said"),
    [
        ((), {}, "needs a value for 'x'"),
        ((1, 2, "", 4), {}, "takes 3 values, not 4"),
        ((1,), {"w": 1}, "has no field 'w'"),
        ((1,), {"x": 1}, "has no field 'x'"),
    ],
)
def test_wrong_values_are_refused(args, named, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        Point(*args, **named)


def test_a_record_is_frozen() -> None:
    point = Point(1)
    with pytest.raises(AttributeError, match="frozen"):
        point.x = 2
    with pytest.raises(AttributeError, match="frozen"):
        del point.x
    with pytest.raises(AttributeError, match="frozen"):
        point.other = 2
    assert not hasattr(point, "__dict__")


def test_replace_changes_only_what_it_names() -> None:
    assert Point(1, 5).replace(x=3) == Point(3, 5)
    with pytest.raises(TypeError, match="no field 'w'"):
        Point(1).replace(w=3)


def test_copies_and_pickles_are_equal() -> None:
    deep = Deep(1, note="n", z=7)
    assert copy.deepcopy(deep) == deep
    assert pickle.loads(pickle.dumps(deep)).z == 7


def test_repr_can_be_read() -> None:
    assert repr(Point(1, note="a")) == "Point(x=1, y=2, note='a')"


def test_a_class_of_many_records_makes_them_as_before() -> None:
    class Base(Record):
        x: int
        y: int = 2

    class Many(Base):
        z: int

    class Empty(Record):
        pass

    few = Many(1, z=3)
    many = [Many(1, 2, number) for number in range(OFTEN)]
    assert Many.__init__ is not Record.__init__
    assert Many(1, z=3) == Many(x=1, z=3) == Many(1, 2, 3) == few
    assert [record.z for record in many] == list(range(OFTEN))
    for args, named in [((), {}), ((1, 2, 3, 4), {}), ((1, 2, 3), {"w": 1}), ((1,), {"x": 1})]:
        with pytest.raises(TypeError):
            Many(*args, **named)
    with pytest.raises(TypeError, match="Many needs a value for 'z'"):
        Many(1)
    with pytest.raises(AttributeError, match="frozen"):
        Many(1, 2, 3).z = 4
    # What is derived from it has fields of its own.
    assert all(Base(number).x == number for number in range(OFTEN + 1))
    assert type("Late", (Base,), {"__annotations__": {"w": int}})(1, w=5).w == 5
    assert all(Empty() == Empty() for _ in range(OFTEN))


def test_annotations_may_name_what_is_not_defined_yet() -> None:
    """Quoted up to Python 3.13; from 3.14 on (PEP 649) also bare."""
    space: dict[str, Any] = {"Record": Record, "ClassVar": ClassVar}
    bare = sys.version_info >= (3, 14)
    later = "Later | None" if bare else "'Later | None'"
    held = "ClassVar[Later]" if bare else "'ClassVar[Later]'"
    source = f"class Early(Record):\n  limit: {held} = 3\n  x: int\n  next: {later} = None\n"
    exec(source, space)
    assert list(space["Early"].fields) == ["x", "next"]
    assert space["Early"].limit == 3
    assert space["Early"](1) == space["Early"](1, None)


def test_annotations_may_be_text() -> None:
    space: dict[str, Any] = {"Record": Record, "ClassVar": ClassVar}
    lines = ["from __future__ import annotations", "class Text(Record):"]
    exec("\n".join([*lines, "  limit: ClassVar[int] = 3", "  x: int", "  y: int = 2"]), space)
    assert list(space["Text"].fields) == ["x", "y"]


@pytest.mark.skipif(sys.version_info < (3, 14), reason="annotations are in the body of the class")
def test_annotations_are_where_annotationlib_finds_them() -> None:
    import annotationlib

    bodies = []

    class Looks(RecordMeta):
        def __new__(mcls, name: str, bases: Any, body: dict[str, Any]) -> RecordMeta:
            bodies.append((annotationlib.get_annotate_from_class_namespace(body), dict(body)))
            return super().__new__(mcls, name, bases, body)

    class Seen(Record, metaclass=Looks):
        x: int
        y: str = ""

    (annotate, body), *_ = bodies
    assert annotate is not None
    assert annotate in (body.get("__annotate__"), body.get("__annotate_func__"))
    assert list(annotate(annotationlib.Format.VALUE)) == ["x", "y"] == list(Seen.fields)
