"""Functions of one float in C, without a library: only those that a network uses.

exp, log, tanh and erf follow the polynomials of `targets/c/runtime/functions.h` (Cephes,
Moshier 1992; erf as in Eigen), which has them for sixteen numbers at once.
"""

import re

from cnnspec.targets.device.lanes import either, with_lanes

_TEXTS = {
    "f_bits": """\
static float f_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}""",
    "f_exp": """\
/* exp(x) = 2^n e^r with |r| <= ln(2) / 2; ln(2) in two parts, so that r is exact. */
static float f_exp(float x) {
    if (x != x) return x;
    if (x > 88.72284f) return f_bits(0x7f800000u);
    if (x < -87.33655f) return 0.0f;
    const int n = (int)(x * 1.44269504f + (x < 0.0f ? -0.5f : 0.5f)), half = n / 2;
    const float r = (x - (float)n * 0.693359375f) + (float)n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    return p * f_bits((uint32_t)(half + 127) << 23) * f_bits((uint32_t)(n - half + 127) << 23);
}""",
    "f_log": """\
/* log(x) for a normal x above zero: x = m 2^e with m from sqrt(1/2) to sqrt(2). */
static float f_log(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const int e = (int)(bits - 0x3f3504f3u) >> 23;
    const float power = (float)e, m = f_bits(bits - ((uint32_t)e << 23)) - 1.0f, s = m * m;
    float p = 7.0376836292e-2f;
    p = p * m - 1.1514610310e-1f;
    p = p * m + 1.1676998740e-1f;
    p = p * m - 1.2420140846e-1f;
    p = p * m + 1.4249322787e-1f;
    p = p * m - 1.6668057665e-1f;
    p = p * m + 2.0000714765e-1f;
    p = p * m - 2.4999993993e-1f;
    p = p * m + 3.3333331174e-1f;
    p = p * m * s - power * 2.12194440e-4f - 0.5f * s;
    return p + m + power * 0.693359375f;
}""",
    "f_root": """\
/* The square root of a normal x above zero: Newton's iteration from half the exponent. */
static float f_root(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    float y = f_bits((bits >> 1) + 0x1fbd1df5u);
    y = 0.5f * (y + x / y);
    y = 0.5f * (y + x / y);
    return 0.5f * (y + x / y);
}""",
    "f_exp_minus_1": """\
/* exp(x) - 1 for x <= 0: a series near 0, where the difference would lose digits. */
static float f_exp_minus_1(float x) {
    if (x < -0.35f) return f_exp(x) - 1.0f;
    float p = 1.98412698e-4f;
    p = p * x + 1.38888889e-3f;
    p = p * x + 8.33333333e-3f;
    p = p * x + 4.16666667e-2f;
    p = p * x + 1.66666667e-1f;
    p = p * x + 0.5f;
    return p * (x * x) + x;
}""",
    "f_relu": "static float f_relu(float x) { return x > 0.0f ? x : 0.0f; }",
    "f_leaky_relu": (
        "static float f_leaky_relu(float x, float slope) { return x > 0.0f ? x : slope * x; }"
    ),
    "f_elu": """\
static float f_elu(float x, float alpha) {
    return x > 0.0f ? x : alpha * f_exp_minus_1(x);
}""",
    "f_selu": ("static float f_selu(float x) { return 1.05070099f * f_elu(x, 1.67326324f); }"),
    "f_sigmoid": """\
static float f_sigmoid(float x) {
    const float small = f_exp(x < 0.0f ? x : -x);
    return (x < 0.0f ? small : 1.0f) / (1.0f + small);
}""",
    "f_tanh": """\
static float f_tanh(float x) {
    const float a = x < 0.0f ? -x : x, s = x * x;
    if (a < 0.625f) {
        float p = -5.70498872745e-3f;
        p = p * s + 2.06390887954e-2f;
        p = p * s - 5.37397155531e-2f;
        p = p * s + 1.33314422036e-1f;
        p = p * s - 3.33332819422e-1f;
        return p * s * x + x;
    }
    const float far = 1.0f - 2.0f / (f_exp(a + a) + 1.0f);
    return x < 0.0f ? -far : far;
}""",
    "f_softplus": """\
static float f_softplus(float x) {
    return (x > 0.0f ? x : 0.0f) + f_log(1.0f + f_exp(x < 0.0f ? x : -x));
}""",
    "f_hard_sigmoid": """\
static float f_hard_sigmoid(float x) {
    const float y = x / 6.0f + 0.5f;
    return y < 0.0f ? 0.0f : y > 1.0f ? 1.0f : y;
}""",
    "f_hard_silu": "static float f_hard_silu(float x) { return x * f_hard_sigmoid(x); }",
    "f_silu": "static float f_silu(float x) { return x * f_sigmoid(x); }",
    "f_mish": "static float f_mish(float x) { return x * f_tanh(f_softplus(x)); }",
    "f_softsign": """\
static float f_softsign(float x) { return x / (1.0f + (x < 0.0f ? -x : x)); }""",
    "f_exponential": "static float f_exponential(float x) { return f_exp(x); }",
    "f_erf": """\
/* The error function as a quotient of polynomials; beyond 4 it is 1. */
static float f_erf(float x) {
    const float c = x > 4.0f ? 4.0f : x < -4.0f ? -4.0f : x, s = c * c;
    float p = -2.72614225801306e-10f;
    p = p * s + 2.77068142495902e-08f;
    p = p * s - 2.10102402082508e-06f;
    p = p * s - 5.69250639462346e-05f;
    p = p * s - 7.34990630326855e-04f;
    p = p * s - 2.95459980854025e-03f;
    p = p * s - 1.60960333262415e-02f;
    float q = -1.45660718464996e-05f;
    q = q * s - 2.13374055278905e-04f;
    q = q * s - 1.68282697438203e-03f;
    q = q * s - 7.37332916720468e-03f;
    q = q * s - 1.42647390514189e-02f;
    return c * p / q;
}""",
    "f_gelu": """\
static float f_gelu(float x) { return x * (0.5f + 0.5f * f_erf(x * 0.70710678f)); }""",
}
"""Each after those that it calls."""


def used_functions(text: str) -> list[str]:
    """Returns the definitions of the functions that a text calls, and of those these call.

    What is called only without vectors is defined only there: compilers warn of the rest.
    """
    everywhere, plain = _called(with_lanes(text)), _called(text)
    found = [body for name, body in _TEXTS.items() if name in everywhere]
    rest = [body for name, body in _TEXTS.items() if name in plain - everywhere]
    return [*found, *([either("", "\n\n".join(rest))] if rest else [])]


def _called(text: str) -> set[str]:
    """The functions that a text calls, and those that they call."""
    wanted = set(re.findall(r"\bf_\w+", text))
    for name in reversed(_TEXTS):
        if name in wanted:
            wanted |= set(re.findall(r"\bf_\w+", _TEXTS[name]))
    return wanted & set(_TEXTS)
