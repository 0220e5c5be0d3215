"""A network in int8 as C: how sums end, and the functions that all steps share."""

from cnnspec.core.record import Record
from cnnspec.targets.device.endings import Ending
from cnnspec.targets.device.site import Site, Table
from cnnspec.targets.quantize.constants import Constants

PRELUDE = """\
#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#else
#define INLINE static inline
#endif

/* A number between two others. */
INLINE int8_t limit(int32_t y, int low, int high) {
    return (int8_t)(y < low ? low : y > high ? high : y);
}

/* sum * multiplier / 2^shift, rounded, halves up: a multiplication by a real number (Jacob et
   al. 2018). Right shifts of negative numbers keep their sign on every compiler we know. */
INLINE int32_t rescale(int64_t sum, int32_t multiplier, int shift) {
    return (int32_t)((sum * multiplier + ((int64_t)1 << (shift - 1))) >> shift);
}"""
"""At the top of every file."""


class Scaled(Record):
    """What templates ask of the scales of a step."""

    constants: Constants

    @property
    def zero_point(self) -> int:
        """The integer that stands for zero in the output."""
        return self.constants.zero

    @property
    def limits(self) -> str:
        """The ends of what is written, as arguments."""
        return f"{self.constants.low}, {self.constants.high}"

    def last(self, value: str) -> str:
        """What is written of an integer that has the scale of the output."""
        return f"limit({value}, {self.limits})"

    def ending(self, site: Site) -> "IntegerEnding":
        """How a sum of products begins and ends."""
        return IntegerEnding(site, self.constants)


class IntegerEnding(Ending):
    """Begins with the bias, and ends with the factor of its filter and the limits."""

    def __init__(self, site: Site, constants: Constants) -> None:
        super().__init__(site)
        self._given = constants

    def load(self, value: str) -> str:
        offset = self._given.more.offset
        return f"{value} {'+' if offset > 0 else '-'} {abs(offset)}" if offset else value

    def pointers(self) -> str:
        return "const int32_t *add = bias, *m = multiplier;"

    def begin(self, n: int) -> str:
        return f"add[{n}]"

    def end(self, name: str, n: int) -> str:
        given = self._given
        scaled = f"rescale({name}, m[{n}], {given.more.shift})"
        zero = f" + {given.zero}".replace("+ -", "- ") if given.zero else ""
        return f"limit({scaled}{zero}, {given.low}, {given.high})"

    def move(self, width: int) -> str:
        return f"add += {width};\nm += {width};"

    def tables(self) -> tuple[Table, ...]:
        more = self._given.more
        about = "the bias of each filter, zero points included"
        factors = f"what a sum is multiplied by, over 2^{more.shift}"
        return (
            Table("bias", "int32_t", more.bias, about),
            Table("multiplier", "int32_t", more.multiplier, factors),
        )

    def formula(self, total: str) -> str:
        given = self._given
        x = f"(x - {-given.more.offset})".replace("- -", "+ ") if given.more.offset else "x"
        total = total.replace(" x[", f" {x}[", 1)
        return f"limit((bias[f] + {total}) * multiplier[f] / 2^{given.more.shift} + {given.zero})"
