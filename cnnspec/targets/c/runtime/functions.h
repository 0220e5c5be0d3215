/* exp, log and what is made of them, on sixteen numbers.

   Our own, so that the bits do not depend on a library: polynomials in fused multiply-adds.
   exp and log follow Cephes (Moshier, 1992) and are within two units of the last place. */

INLINE V exp16(V x) {
    /* 2^n e^r with |r| <= ln(2) / 2; ln(2) in two parts, so that r is exact. */
    I large = above(x, fill(88.72284f)), small = below(x, fill(-87.33655f)), odd = unequal(x, x);
    V inside = choose(large | small | odd, fill(0), x);
    V shifted = fma16(inside, fill(1.44269504f), fill(12582912.0f));
    V n = shifted - fill(12582912.0f);
    V r = fma16(n, fill(-0.693359375f), inside);
    r = fma16(n, fill(2.12194440e-4f), r);
    V p = fma16(fill(1.9875691500e-4f), r, fill(1.3981999507e-3f));
    p = fma16(p, r, fill(8.3334519073e-3f));
    p = fma16(p, r, fill(4.1665795894e-2f));
    p = fma16(p, r, fill(1.6666665459e-1f));
    p = fma16(p, r, fill(5.0000001201e-1f));
    p = fma16(p, r * r, r) + fill(1);
    /* n is -126 to 128, so the power is made of two: 2^128 alone is infinite. */
    I whole = (I)shifted - fill_int(0x4b400000), half = whole >> 1;
    p = p * (V)((half + 127) << 23) * (V)((whole - half + 127) << 23);
    p = choose(large, fill(__builtin_inff()), keep(~small, p));
    return choose(odd, x, p);
}

INLINE V log16(V x) {
    /* x = m 2^e with m from sqrt(1/2) to sqrt(2); numbers below the normal ones count as 0. */
    I zero = below(x, fill(1.17549435e-38f)), large = equal(x, fill(__builtin_inff()));
    I bits = (I)x;
    I e = ((bits - fill_int(0x3f3504f3)) >> 23);
    V m = (V)(bits - (e << 23)) - fill(1);
    V power = __builtin_convertvector(e, V);
    V p = fma16(fill(7.0376836292e-2f), m, fill(-1.1514610310e-1f));
    p = fma16(p, m, fill(1.1676998740e-1f));
    p = fma16(p, m, fill(-1.2420140846e-1f));
    p = fma16(p, m, fill(1.4249322787e-1f));
    p = fma16(p, m, fill(-1.6668057665e-1f));
    p = fma16(p, m, fill(2.0000714765e-1f));
    p = fma16(p, m, fill(-2.4999993993e-1f));
    p = fma16(p, m, fill(3.3333331174e-1f));
    V square = m * m;
    V y = fma16(power, fill(-2.12194440e-4f), p * m * square);
    y = fma16(square, fill(-0.5f), y) + m;
    y = fma16(power, fill(0.693359375f), y);
    y = choose(zero, choose(below(x, fill(0)), fill(__builtin_nanf("")), fill(-__builtin_inff())), y);
    y = choose(large, x, y);
    return choose(unequal(x, x), x, y);
}

/* exp(x) - 1 for x <= 0: a series near 0, where the difference would lose digits. */
INLINE V exp_minus_1(V x) {
    V p = fma16(x, fill(1.98412698e-4f), fill(1.38888889e-3f));
    p = fma16(p, x, fill(8.33333333e-3f));
    p = fma16(p, x, fill(4.16666667e-2f));
    p = fma16(p, x, fill(1.66666667e-1f));
    p = fma16(p, x, fill(0.5f));
    return choose(above(x, fill(-0.35f)), fma16(p, x * x, x), exp16(x) - fill(1));
}

INLINE V power16(V x, float exponent) {
    /* x >= 0. */
    if (exponent == 0) return fill(1);
    return keep(above(x, fill(0)), exp16(log16(x) * fill(exponent)));
}

INLINE V f_sigmoid(V x) {
    V small = exp16((V)((I)x | fill_int(INT32_MIN)));
    V half = fill(1) / (fill(1) + small);
    return choose(below(x, fill(0)), small * half, half);
}
INLINE V d_sigmoid(V x) {
    V y = f_sigmoid(x);
    return y * (fill(1) - y);
}

INLINE V f_tanh(V x) {
    V a = abs16(x), s = x * x;
    V p = fma16(fill(-5.70498872745e-3f), s, fill(2.06390887954e-2f));
    p = fma16(p, s, fill(-5.37397155531e-2f));
    p = fma16(p, s, fill(1.33314422036e-1f));
    p = fma16(p, s, fill(-3.33332819422e-1f));
    V near = fma16(p, s * x, x);
    V far = fill(1) - fill(2) / (exp16(a + a) + fill(1));
    far = choose(below(x, fill(0)), -far, far);
    return choose(below(a, fill(0.625f)), near, far);
}
INLINE V d_tanh(V x) {
    V y = f_tanh(x);
    return fma16(-y, y, fill(1));
}

INLINE V f_softplus(V x) {
    return max16(x, fill(0)) + log16(fill(1) + exp16((V)((I)x | fill_int(INT32_MIN))));
}
INLINE V d_softplus(V x) { return f_sigmoid(x); }

INLINE V f_hard_sigmoid(V x) {
    return min16(max16(fma16(x, fill(1.0f / 6), fill(0.5f)), fill(0)), fill(1));
}
INLINE V d_hard_sigmoid(V x) {
    return keep(above(x, fill(-3)) & below(x, fill(3)), fill(1.0f / 6));
}

INLINE V f_hard_silu(V x) { return x * f_hard_sigmoid(x); }
INLINE V d_hard_silu(V x) { return f_hard_sigmoid(x) + x * d_hard_sigmoid(x); }

INLINE V f_silu(V x) { return x * f_sigmoid(x); }
INLINE V d_silu(V x) {
    V y = f_sigmoid(x);
    return y * fma16(x, fill(1) - y, fill(1));
}

INLINE V f_softsign(V x) { return x / (fill(1) + abs16(x)); }
INLINE V d_softsign(V x) {
    V a = fill(1) + abs16(x);
    return fill(1) / (a * a);
}

INLINE V f_exponential(V x) { return exp16(x); }
INLINE V d_exponential(V x) { return exp16(x); }

INLINE V f_mish(V x) { return x * f_tanh(f_softplus(x)); }
INLINE V d_mish(V x) {
    V t = f_tanh(f_softplus(x));
    return t + x * fma16(-t, t, fill(1)) * f_sigmoid(x);
}

/* The error function as a quotient of polynomials, as in Eigen; beyond 4 it is 1. */
INLINE V erf16(V x) {
    V c = max16(min16(x, fill(4)), fill(-4)), s = c * c;
    V p = fma16(fill(-2.72614225801306e-10f), s, fill(2.77068142495902e-08f));
    p = fma16(p, s, fill(-2.10102402082508e-06f));
    p = fma16(p, s, fill(-5.69250639462346e-05f));
    p = fma16(p, s, fill(-7.34990630326855e-04f));
    p = fma16(p, s, fill(-2.95459980854025e-03f));
    p = fma16(p, s, fill(-1.60960333262415e-02f));
    V q = fma16(fill(-1.45660718464996e-05f), s, fill(-2.13374055278905e-04f));
    q = fma16(q, s, fill(-1.68282697438203e-03f));
    q = fma16(q, s, fill(-7.37332916720468e-03f));
    q = fma16(q, s, fill(-1.42647390514189e-02f));
    return choose(unequal(x, x), x, c * p / q);
}
INLINE V f_gelu(V x) {
    return x * fma16(erf16(x * fill(0.70710678f)), fill(0.5f), fill(0.5f));
}
INLINE V d_gelu(V x) {
    V density = exp16(x * x * fill(-0.5f)) * fill(0.39894228f);
    return fma16(erf16(x * fill(0.70710678f)), fill(0.5f), fill(0.5f)) + x * density;
}

INLINE V f_elu(V x, float alpha) {
    return choose(above(x, fill(0)), x, exp_minus_1(min16(x, fill(0))) * fill(alpha));
}
INLINE V d_elu(V x, float alpha) {
    return choose(above(x, fill(0)), fill(1), exp16(min16(x, fill(0))) * fill(alpha));
}
INLINE V f_selu(V x) { return f_elu(x, 1.67326324f) * fill(1.05070099f); }
INLINE V d_selu(V x) { return d_elu(x, 1.67326324f) * fill(1.05070099f); }

/* ReLU with a slope below zero, and a ceiling (infinite where there is none). */
INLINE V f_relu(V x, float slope, float ceiling) {
    V leak = fill(0);
    if (slope != 0) leak = min16(x, fill(0)) * fill(slope);
    return choose(unequal(x, x), x, min16(max16(x, fill(0)), fill(ceiling)) + leak);
}
INLINE V d_relu(V x, float slope, float ceiling) {
    V inside = keep(above(x, fill(0)) & below(x, fill(ceiling)), fill(1));
    if (slope != 0) return choose(at_most(x, fill(0)), fill(slope), inside);
    return inside;
}
