"""How the points of a sweep fare, as lines for the terminal."""

from cnnspec.core.terminal import Line
from cnnspec.sweeps.points import Point, Survey


def survey_lines(found: Survey) -> list[Line]:
    """How many points there are, how many are dropped and why, the smallest and the largest."""
    dropped = found.points - found.left
    facts = f"  {found.points:,} points, {dropped:,} dropped by this check"
    if found.drawn:
        facts = f"  {found.total:,} points, {found.points:,} drawn at random, {dropped:,} dropped"
    lines: list[Line] = [[("sweep", "strong"), (facts, "")]]
    for reason, points in found.reasons.items():
        lines.append([(f"  {points:,} dropped: {reason}", "")])
    if (
        found.smallest
        and found.largest
        and found.left > 1
        and _facts(found.smallest) == _facts(found.largest)
    ):
        return [*lines, [(f"  each has {_facts(found.smallest)}", "")]]
    ends = [("smallest", found.smallest), ("largest", found.largest)]
    for word, point in ends if found.left > 1 else [("the one that is left", found.smallest)]:
        if point:
            lines.append([(f"  {word}: {point.label}: {_facts(point)}", "")])
    return lines


def _facts(point: Point) -> str:
    """What a point costs."""
    totals = point.checked.totals
    assert totals is not None
    return f"{totals.params:,} parameters, {totals.macs:,} MACs"
