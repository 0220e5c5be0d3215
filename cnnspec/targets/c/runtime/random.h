/* Random numbers that follow from where they are used: Philox 4x32-10.

   Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011). The key is the seed;
   the counter is (number of the draw within the layer, image within the batch, step, layer).
   So they depend neither on threads nor on the order in which layers are computed. */

typedef uint64_t W8 __attribute__((vector_size(64), may_alias));

struct words { U w[4]; };

INLINE void product(U a, uint32_t m, U *high, U *low) {
    /* Even and odd lanes apart, each as 64 bits: the form that has an instruction. */
    W8 even = ((W8)a & 0xffffffffu) * (uint64_t)m;
    W8 odd = ((W8)a >> 32) * (uint64_t)m;
    *low = (U)((even & 0xffffffffu) | (odd << 32));
    *high = (U)((even >> 32) | (odd & 0xffffffff00000000u));
}

INLINE struct words philox(uint64_t seed, U draw, U image, uint32_t step, uint32_t layer) {
    U c0 = draw, c1 = image, c2 = fill_bits(step), c3 = fill_bits(layer);
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        U h0, l0, h1, l1;
        product(c0, 0xD2511F53u, &h0, &l0);
        product(c2, 0xCD9E8D57u, &h1, &l1);
        c0 = h1 ^ c1 ^ fill_bits(k0);
        c1 = l1;
        c2 = h0 ^ c3 ^ fill_bits(k1);
        c3 = l0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return (struct words){{c0, c1, c2, c3}};
}

/* The images of a block within its batch. */
INLINE U images_of(int block) {
#define LANE(l) (uint32_t)(block * LANES + l)
    return (U)EACH(LANE);
#undef LANE
}

/* Cosine and sine of an angle of -pi/4 to pi/4 and some quarters of a turn. */
INLINE void turned_by(V angle, I quarter, V *x, V *y) {
    V s = angle * angle;
    V sine = fma16(fill(-1.9515295891e-4f), s, fill(8.3321608736e-3f));
    sine = fma16(sine, s, fill(-1.6666654611e-1f));
    sine = fma16(sine * s, angle, angle);
    V cosine = fma16(fill(2.443315711809948e-5f), s, fill(-1.388731625493765e-3f));
    cosine = fma16(cosine, s, fill(4.166664568298827e-2f));
    cosine = fma16(cosine, s * s, fma16(s, fill(-0.5f), fill(1)));
    I odd = (quarter & 1) == 1;
    V c = choose(odd, -sine, cosine), t = choose(odd, cosine, sine);
    I back = (quarter & 2) == 2;
    *x = choose(back, -c, c);
    *y = choose(back, -t, t);
}

/* Two numbers of a normal distribution of two words (Box and Muller, 1958). */
INLINE void normal(U a, U b, V *x, V *y) {
    /* 24 bits each: above 0 and at most 1, and an angle of -pi to pi in quarters. */
    V u = (__builtin_convertvector((I)(a >> 8), V) + fill(1)) * fill(5.9604645e-8f);
    V radius = root16(log16(u) * fill(-2));
    I turn = (I)(b >> 8);
    I quarter = (turn + fill_int(1 << 21)) >> 22;
    V angle = __builtin_convertvector(turn - (quarter << 22), V) * fill(3.74507028e-7f);
    turned_by(angle, quarter, x, y);
    *x *= radius;
    *y *= radius;
}
