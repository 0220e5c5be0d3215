"""Vectors of floats in GNU C, for processors that have them: a filter or a channel in each lane.

A sum has the order that it has without them, and products and sums are rounded one by one. So both
texts of a step give the same bits. What is here are functions that are inlined with constant
arguments: their small loops are unrolled, and what is an array of vectors becomes registers.
"""

import re

from cnnspec.core.record import Record

WIDTHS = (16, 8, 4)
"""Filters that a vector of a text has at most; fewer where the processor has fewer lanes."""

_BEGIN = """\
/* LANES floats at once, where the processor and the compiler can. The steps below have a filter or
   a channel in each lane; the order of every sum stays, and so do its bits. */
#if defined(__GNUC__) && defined(__AVX512F__)
#define LANES 16
#elif defined(__GNUC__) && defined(__AVX__)
#define LANES 8
#elif defined(__GNUC__) && defined(__SSE2__)
#define LANES 4
#endif
#ifdef LANES
#define INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#define ROLLED _Pragma("clang loop unroll(disable)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#define ROLLED
#endif"""

_TYPES = """\
enum { LANES_@ = LANES < @ ? LANES : @ };
typedef float lanes_@ __attribute__((vector_size(4 * LANES_@)));
typedef lanes_@ loose_@ __attribute__((aligned(4), may_alias));
typedef int32_t mask_@ __attribute__((vector_size(4 * LANES_@)));

INLINE lanes_@ load_@(const float *x) { return *(const loose_@ *)x; }

/* How many vectors take `span` floats; the last one begins earlier where it would be cut off. */
INLINE int vectors_@(int span) { return (span + LANES_@ - 1) / LANES_@; }
INLINE int place_@(int v, int span) {
    return (v + 1) * LANES_@ <= span ? v * LANES_@ : span - LANES_@;
}"""

_FUNCTIONS = {
    "span": """\
/* So many filters at once that at most `most` vectors take them, and equally many each time. */
INLINE int span_@(int filters, int most) {
    const int all = vectors_@(filters), turns = (all + most - 1) / most;
    return turns == 1 ? filters : (all + turns - 1) / turns * LANES_@;
}""",
    "fill": """\
INLINE void fill_@(lanes_@ *s, int places, int span, float value) {
    UNROLL for (int n = 0; n < places * vectors_@(span); n++) s[n] = value - (lanes_@){0};
}""",
    "begin": """\
/* The sums of `span` filters at each of some places begin with the biases. */
INLINE void begin_@(lanes_@ *s, int places, int span, const float *bias) {
    const int vectors = vectors_@(span);
    UNROLL for (int v = 0; v < vectors; v++) {
        const lanes_@ value = load_@(bias + place_@(v, span));
        UNROLL for (int p = 0; p < places; p++) s[p * vectors + v] = value;
    }
}""",
    "add": """\
/* Adds `count` numbers from `in` on, at places `step` apart, times rows of the kernel. */
INLINE void add_@(lanes_@ *s, int places, int span, const float *in, int step, int count,
                  const float *k, int row) {
    const int vectors = vectors_@(span);
    ROLLED for (int n = 0; n < count; n++, in++, k += row) {
        UNROLL for (int v = 0; v < vectors; v++) {
            const lanes_@ weight = load_@(k + place_@(v, span));
            UNROLL for (int p = 0; p < places; p++) s[p * vectors + v] += in[p * step] * weight;
        }
    }
}""",
    "add_near": """\
/* The same where the places see the same numbers, each of which is then loaded once. */
INLINE void add_near_@(lanes_@ *s, int places, int span, const float *in, int step, int count,
                       const float *k, int row) {
    const int vectors = vectors_@(span);
    UNROLL for (int n = 0; n < count; n++) {
        UNROLL for (int v = 0; v < vectors; v++) {
            const lanes_@ weight = load_@(k + n * row + place_@(v, span));
            UNROLL for (int p = 0; p < places; p++) {
                s[p * vectors + v] += in[p * step + n] * weight;
            }
        }
    }
}""",
    "add_each": """\
/* Adds neighbours, at places `step` apart, times a number for each. */
INLINE void add_each_@(lanes_@ *s, int places, int span, const float *in, int step,
                       const float *k) {
    const int vectors = vectors_@(span);
    UNROLL for (int v = 0; v < vectors; v++) {
        const lanes_@ weight = load_@(k + place_@(v, span));
        UNROLL for (int p = 0; p < places; p++) {
            s[p * vectors + v] += load_@(in + p * step + place_@(v, span)) * weight;
        }
    }
}""",
    "larger": """\
INLINE lanes_@ larger_@(lanes_@ x, lanes_@ least) {
    const mask_@ above = x > least;
    return (lanes_@)(((mask_@)x & above) | ((mask_@)least & ~above));
}""",
    "take_larger": """\
INLINE void take_larger_@(lanes_@ *s, int span, const float *x) {
    UNROLL for (int v = 0; v < vectors_@(span); v++) {
        s[v] = larger_@(load_@(x + place_@(v, span)), s[v]);
    }
}""",
    "take_more": """\
INLINE void take_more_@(lanes_@ *s, int span, const float *x) {
    UNROLL for (int v = 0; v < vectors_@(span); v++) s[v] += load_@(x + place_@(v, span));
}""",
    "divide": """\
INLINE void divide_@(lanes_@ *s, int span, float by) {
    UNROLL for (int v = 0; v < vectors_@(span); v++) s[v] /= by;
}""",
    "largest": """\
/* The larger of `best` and of `each` places for it, one after another. */
INLINE void largest_@(lanes_@ *best, int places, int span, const lanes_@ *s, int each) {
    const int vectors = vectors_@(span);
    UNROLL for (int p = 0; p < places; p++) {
        UNROLL for (int n = 0; n < each; n++) {
            UNROLL for (int v = 0; v < vectors; v++) {
                lanes_@ *const to = best + p * vectors + v;
                *to = larger_@(s[(p * each + n) * vectors + v], *to);
            }
        }
    }
}""",
    "relu": """\
INLINE void relu_@(lanes_@ *s, int places, int span) {
    UNROLL for (int n = 0; n < places * vectors_@(span); n++) {
        s[n] = (lanes_@)((mask_@)s[n] & (s[n] > 0.0f));
    }
}""",
    "slope": """\
INLINE void slope_@(lanes_@ *s, int places, int span, float slope) {
    UNROLL for (int n = 0; n < places * vectors_@(span); n++) {
        const mask_@ above = s[n] > 0.0f;
        s[n] = (lanes_@)(((mask_@)s[n] & above) | ((mask_@)(slope * s[n]) & ~above));
    }
}""",
    "ceiling": """\
INLINE void ceiling_@(lanes_@ *s, int places, int span, float most) {
    UNROLL for (int n = 0; n < places * vectors_@(span); n++) {
        const mask_@ below = s[n] < most;
        s[n] = (lanes_@)(((mask_@)s[n] & below) | ((mask_@)(most - (lanes_@){0}) & ~below));
    }
}""",
    "write": """\
INLINE void write_@(const lanes_@ *s, int places, int span, float *to, int step) {
    const int vectors = vectors_@(span);
    UNROLL for (int p = 0; p < places; p++) {
        UNROLL for (int v = 0; v < vectors; v++) {
            *(loose_@ *)(to + p * step + place_@(v, span)) = s[p * vectors + v];
        }
    }
}""",
    "pad": """\
/* Rows of a kernel with zeros behind each, so that a vector does not reach into the next row. */
INLINE void pad_@(float *to, const float *from, int rows, int filters) {
    for (int n = 0; n < rows; n++) {
        for (int f = 0; f < @; f++) to[n * @ + f] = f < filters ? from[n * filters + f] : 0.0f;
    }
}""",
    "write_part": """\
/* The same of which only the first filters are wanted. */
INLINE void write_part_@(const lanes_@ *s, int places, int filters, float *to, int step) {
    UNROLL for (int p = 0; p < places; p++) {
        float all[@];
        write_@(s + p * vectors_@(@), 1, @, all, 0);
        __builtin_memcpy(to + p * step, all, 4 * (unsigned)filters);
    }
}""",
}
"""Each after those that it calls; `@` is the width."""


class Lanes(Record):
    """How many filters a vector has, and how many numbers a row of the kernel has for them.

    A row is longer than there are filters where zeros were put behind them.
    """

    width: int
    filters: int
    row: int

    @property
    def padded(self) -> bool:
        """Whether zeros were put behind the filters."""
        return self.row > self.filters

    @property
    def one(self) -> str:
        """How many filters the processor takes at once."""
        return f"LANES_{self.width}"

    def call(self, name: str, *arguments: object) -> str:
        """Returns a call of a function for this width as a statement."""
        return f"{name}_{self.width}({', '.join(map(str, arguments))});"


def lanes_for(filters: int, rows: int = 0) -> Lanes | None:
    """Returns the vectors for so many filters; `None` where there are too few for one.

    `rows` are those of a kernel that may be copied with zeros behind its filters: else 5 to 7 take
    two vectors of four. For 9 to 15 two of eight that overlap are as fast as one of sixteen.
    """
    whole = 4 if filters <= 4 else 8
    if filters < whole and 0 < rows * whole <= MOST_COPIED:
        return Lanes(whole, filters, whole)
    width = next((width for width in WIDTHS if width <= filters), 0)
    return Lanes(width, filters, filters) if width else None


MOST_COPIED = 8192
"""Floats that a step copies to the stack of a processor with vectors."""


def either(wide: str, plain: str) -> str:
    """Returns a text with vectors and the one without them, of which a compiler takes one."""
    if wide and plain:
        return f"#ifdef LANES\n{wide}\n#else\n{plain}\n#endif"
    return f"#{'ifdef' if wide else 'ifndef'} LANES\n{wide or plain}\n#endif"


def with_lanes(text: str) -> str:
    """Returns a text less what is left out where there are vectors."""
    return re.sub(r"^ *#else\n.*?^ *#endif", "", text, flags=re.DOTALL | re.MULTILINE)


def used_lanes(text: str) -> str:
    """Returns the definitions for the functions that a text calls; empty where it calls none."""
    if "#ifdef LANES" not in text:
        return ""
    parts = [_BEGIN]
    for width in WIDTHS:
        wanted = {name for name in _FUNCTIONS if f"{name}_{width}(" in text}
        for name in reversed(_FUNCTIONS):
            if name in wanted:
                called = re.findall(r"\b([a-z_]+)_@\(", _FUNCTIONS[name])
                wanted |= set(called) & set(_FUNCTIONS)
        if wanted:
            made = [_TYPES, *(body for name, body in _FUNCTIONS.items() if name in wanted)]
            parts += [body.replace("@", str(width)) for body in made]
    return "\n\n".join([*parts, "#endif"])
