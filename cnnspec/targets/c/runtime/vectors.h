/* Sixteen numbers at once: one value of sixteen images.

   Written with the vector extensions of gcc and clang and no intrinsics, so one text serves
   AVX-512, AVX2, SSE, NEON and WebAssembly; where vectors are shorter the compiler takes
   several. There are always sixteen lanes, and every operation on a lane is one that IEEE 754
   rounds correctly, so the bits are the same everywhere. Compile with -ffp-contract=off: a
   multiplication and an addition are fused where `fma16` says so and nowhere else. */

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

typedef float V __attribute__((vector_size(64), may_alias));
typedef int32_t I __attribute__((vector_size(64), may_alias));
typedef uint32_t U __attribute__((vector_size(64), may_alias));
/* The same sixteen numbers at any address, as in a row of a kernel. */
typedef float R __attribute__((vector_size(64), may_alias, aligned(4)));
/* Sixteen small integers, as the pixels of sixteen images or the places of maxima. */
typedef int8_t B __attribute__((vector_size(16), may_alias));
typedef uint8_t P __attribute__((vector_size(16), may_alias));

#define ALL(x) {x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}
#define EACH(e) {e(0), e(1), e(2), e(3), e(4), e(5), e(6), e(7), \
                 e(8), e(9), e(10), e(11), e(12), e(13), e(14), e(15)}

INLINE V fill(float x) { return (V)ALL(x); }
INLINE I fill_int(int32_t x) { return (I)ALL(x); }
INLINE U fill_bits(uint32_t x) { return (U)ALL(x); }

/* a * b + c, rounded once. gcc makes one instruction of the sixteen. */
#if defined(__has_builtin)
#if __has_builtin(__builtin_elementwise_fma)
#define HAS_FMA16
#endif
#endif
INLINE V fma16(V a, V b, V c) {
#ifdef HAS_FMA16
    return __builtin_elementwise_fma(a, b, c);
#else
#define LANE(l) __builtin_fmaf(a[l], b[l], c[l])
    return (V)EACH(LANE);
#undef LANE
#endif
}

/* The square root, which IEEE 754 rounds correctly too. */
INLINE V root16(V a) {
#define LANE(l) __builtin_sqrtf(a[l])
    return (V)EACH(LANE);
#undef LANE
}

/* `a` where the mask is -1, `b` where it is 0. Comparisons of vectors give such masks. */
INLINE V choose(I mask, V a, V b) { return (V)((mask & (I)a) | (~mask & (I)b)); }
INLINE V keep(I mask, V a) { return (V)(mask & (I)a); }
INLINE V max16(V a, V b) { return choose(a > b, a, b); }
INLINE V min16(V a, V b) { return choose(a < b, a, b); }
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
