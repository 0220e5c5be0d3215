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
#endif"""
"""At the top of every file."""

_FUNCTIONS = {
    "limit": """\
/* A number between two others. */
INLINE int8_t limit(int32_t y, int low, int high) {
#if defined(__ARM_FEATURE_SAT) && defined(__GNUC__)
    __asm__("ssat %0, #8, %1" : "=r"(y) : "r"(y));
    if (low == -128 && high == 127) return (int8_t)y;
#endif
    return (int8_t)(y < low ? low : y > high ? high : y);
}""",
    "rescale": """\
/* sum * multiplier / 2^shift, rounded, halves up: a multiplication by a real number (Jacob et
   al. 2018). Right shifts of negative numbers keep their sign on every compiler we know. */
INLINE int32_t rescale(int64_t sum, int32_t multiplier, int shift) {
    return (int32_t)((sum * multiplier + ((int64_t)1 << (shift - 1))) >> shift);
}""",
    "add_four": """\
#if defined(__ARM_FEATURE_DSP) && defined(__GNUC__)
/* Four numbers as two pairs of 16 bits, 0 and 2, 1 and 3: an instruction adds two products. */
typedef struct { uint32_t even, odd; } four;

INLINE uint32_t pairs_of(uint32_t bytes, uint32_t offset) {
    uint32_t y;
    __asm__("sxtab16 %0, %1, %2" : "=r"(y) : "r"(offset), "r"(bytes));
    return y;
}

INLINE uint32_t pairs(uint32_t bytes) {
    uint32_t y;
    __asm__("sxtb16 %0, %1" : "=r"(y) : "r"(bytes));
    return y;
}

INLINE uint32_t odd_pairs(uint32_t bytes) {
    uint32_t y;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(y) : "r"(bytes));
    return y;
}

INLINE int32_t add_pairs(int32_t sum, uint32_t a, uint32_t b) {
    int32_t y;
    __asm__("smlad %0, %1, %2, %3" : "=r"(y) : "r"(a), "r"(b), "r"(sum));
    return y;
}

INLINE four four_of(const int8_t *x, int offset) {
    const uint32_t both = ((uint32_t)offset & 0xffff) * 0x10001;
    uint32_t bytes;
    memcpy(&bytes, x, 4);
    four y = {pairs(bytes), odd_pairs(bytes)};
    if (offset) {
        y.even = pairs_of(bytes, both);
        y.odd = pairs_of(bytes >> 8 | bytes << 24, both);
    }
    return y;
}

INLINE int32_t add_four(int32_t sum, four x, const int8_t *k) {
    uint32_t bytes;
    memcpy(&bytes, k, 4);
    return add_pairs(add_pairs(sum, x.even, pairs(bytes)), x.odd, odd_pairs(bytes));
}
#else
typedef struct { int32_t a, b, c, d; } four;

INLINE four four_of(const int8_t *x, int offset) {
    const four y = {x[0] + offset, x[1] + offset, x[2] + offset, x[3] + offset};
    return y;
}

INLINE int32_t add_four(int32_t sum, four x, const int8_t *k) {
    return sum + x.a * k[0] + x.b * k[1] + x.c * k[2] + x.d * k[3];
}
#endif""",
    "root": """\
/* The largest integer whose square is not above x. */
static int64_t root(int64_t x) {
    int64_t y = 0;
    for (int bit = 31; bit >= 0; bit--) {
        const int64_t next = y | (int64_t)1 << bit;
        if (next * next <= x) y = next;
    }
    return y;
}""",
}


def shared_functions(text: str) -> str:
    """Returns what is defined at the top of a file: the functions that its steps call."""
    used = [body for name, body in _FUNCTIONS.items() if f"{name}(" in text]
    return "\n\n".join([PRELUDE, *used])


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

    lowest = "-2147483647"

    def __init__(self, site: Site, constants: Constants) -> None:
        super().__init__(site)
        self._given = constants

    @property
    def offset(self) -> int:
        return int(self._given.more.offset)

    def load(self, value: str) -> str:
        offset = self.offset
        return f"({value} {'+' if offset > 0 else '-'} {abs(offset)})" if offset else value

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
