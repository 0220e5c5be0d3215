/* Sixteen numbers at once: one value of sixteen images.

   Written with the vector extensions of gcc and clang and no intrinsics, so one text serves
   AVX-512, AVX2, SSE, NEON and WebAssembly; where vectors are shorter the lanes take several.
   There are always sixteen lanes, and every operation on a lane is one that IEEE 754
   rounds correctly, so the bits are the same everywhere. Compile with -ffp-contract=off: a
   multiplication and an addition are fused where `fma_lot` says so and nowhere else. */

#include <stdint.h>
#include <string.h>

#define LANES 16
#define INLINE static inline __attribute__((always_inline, unused))
/* A function that is called as it is written. gcc 12 took a large one of many fused
   multiply-adds for one that writes nothing, and left its calls out; it must not judge. */
#if defined(__clang__)
#define ALONE static __attribute__((noinline, unused))
#else
#define ALONE static __attribute__((noipa, unused))
#endif

/* What follows is computed after what stands before it. Where a loop is unrolled a compiler
   loads early what it needs late, and then has no register for sums: half of the time went
   into storing them and loading them again. */
#define IN_ORDER __asm__ volatile("" ::: "memory")

typedef float V __attribute__((vector_size(64), may_alias));
typedef int32_t I __attribute__((vector_size(64), may_alias));
typedef uint32_t U __attribute__((vector_size(64), may_alias));
/* The same sixteen numbers at any address, as in a row of a kernel. */
typedef float R __attribute__((vector_size(64), may_alias, aligned(4)));
/* A lot: as many of the sixteen lanes as the processor computes at once. gcc keeps longer
   vectors in memory, so whatever has to stay in registers is computed lot by lot. */
#if defined(__AVX512F__)
#define WIDTH 16
#elif defined(__AVX__)
#define WIDTH 8
#else
#define WIDTH 4
#endif
#define LOTS (LANES / WIDTH)
/* Lot number `lot` of sixteen lanes in memory or in a variable. */
#define LOT(v) (((T *)&(v))[lot])
typedef float T __attribute__((vector_size(4 * WIDTH), may_alias));
typedef int32_t L __attribute__((vector_size(4 * WIDTH), may_alias));
/* Sixteen small integers, as the pixels of sixteen images or the places of maxima. */
typedef int8_t B __attribute__((vector_size(16), may_alias));
typedef uint8_t P __attribute__((vector_size(16), may_alias));

#define ALL(x) {x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}
#define EACH(e) {e(0), e(1), e(2), e(3), e(4), e(5), e(6), e(7), \
                 e(8), e(9), e(10), e(11), e(12), e(13), e(14), e(15)}

INLINE V fill(float x) { return (V)ALL(x); }
INLINE I fill_int(int32_t x) { return (I)ALL(x); }
INLINE U fill_bits(uint32_t x) { return (U)ALL(x); }

#if WIDTH == 16
#define EACH_OF_LOT EACH
#elif WIDTH == 8
#define EACH_OF_LOT(e) {e(0), e(1), e(2), e(3), e(4), e(5), e(6), e(7)}
#else
#define EACH_OF_LOT(e) {e(0), e(1), e(2), e(3)}
#endif
INLINE T fill_lot(float x) {
#define LANE(l) x
    return (T)EACH_OF_LOT(LANE);
#undef LANE
}

/* a * b + c, rounded once. gcc makes one instruction of all lanes; clang is allowed to here,
   where the processor has one. */
#if defined(__has_builtin)
#if __has_builtin(__builtin_elementwise_fma)
#define HAS_FMA
#endif
#endif
INLINE T fma_lot(T a, T b, T c) {
#if defined(__clang__) && (defined(__FMA__) || defined(__aarch64__))
#pragma clang fp contract(on)
    return a * b + c;
#elif defined(HAS_FMA)
    return __builtin_elementwise_fma(a, b, c);
#else
#define LANE(l) __builtin_fmaf(a[l], b[l], c[l])
    return (T)EACH_OF_LOT(LANE);
#undef LANE
#endif
}
INLINE V fma16(V a, V b, V c) {
    V sum;
    for (int lot = 0; lot < LOTS; lot++)
        LOT(sum) = fma_lot(LOT(a), LOT(b), LOT(c));
    return sum;
}

/* The square root, which IEEE 754 rounds correctly too. */
INLINE T root_lot(T a) {
#define LANE(l) __builtin_sqrtf(a[l])
    return (T)EACH_OF_LOT(LANE);
#undef LANE
}
INLINE V root16(V a) {
    V root;
    for (int lot = 0; lot < LOTS; lot++) LOT(root) = root_lot(LOT(a));
    return root;
}

/* -1 in the lanes where it holds, else 0. By lots: gcc compares longer vectors lane by lane. */
#define COMPARISON(name, all, lots, sign)                         \
    INLINE I name(all a, all b) {                                 \
        I mask;                                                   \
        for (int lot = 0; lot < LOTS; lot++)                      \
            ((L *)&mask)[lot] = ((lots *)&a)[lot] sign ((lots *)&b)[lot]; \
        return mask;                                              \
    }
COMPARISON(above, V, T, >)
COMPARISON(below, V, T, <)
COMPARISON(at_least, V, T, >=)
COMPARISON(at_most, V, T, <=)
COMPARISON(equal, V, T, ==)
COMPARISON(unequal, V, T, !=)
COMPARISON(equal_int, I, L, ==)
COMPARISON(at_least_int, I, L, >=)
#undef COMPARISON

/* `a` where the mask is -1, `b` where it is 0. */
INLINE V choose(I mask, V a, V b) { return (V)((mask & (I)a) | (~mask & (I)b)); }
INLINE V keep(I mask, V a) { return (V)(mask & (I)a); }
INLINE V max16(V a, V b) { return choose(above(a, b), a, b); }
INLINE V min16(V a, V b) { return choose(below(a, b), a, b); }
INLINE V abs16(V a) { return (V)((I)a & fill_int(0x7fffffff)); }

/* The sum of all lanes, always in this order: halves, quarters, pairs. */
INLINE float sum16(V a) {
    float e[8], q[4];
    for (int l = 0; l < 8; l++) e[l] = a[l] + a[l + 8];
    for (int l = 0; l < 4; l++) q[l] = e[l] + e[l + 4];
    return (q[0] + q[2]) + (q[1] + q[3]);
}

/* The first `n` lanes are images; what lies behind them is not. */
INLINE I first_lanes(int n) {
#define LANE(l) (l < n ? -1 : 0)
    return (I)EACH(LANE);
#undef LANE
}
