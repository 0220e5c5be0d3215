/* Images that are moved, turned and enlarged, each in its own way: where a pixel comes from is
   another place in each of the sixteen. Interpolation and edges are those of TensorFlow's
   ImageProjectiveTransformV3, which Keras's augmentation uses. */

/* A number from 0 up to 1, of 24 bits. */
INLINE V uniform(U bits) { return __builtin_convertvector((I)(bits >> 8), V) * fill(0x1p-24f); }
INLINE V between(U bits, float low, float high) {
    return fma16(uniform(bits), fill(high - low), fill(low));
}

INLINE V floor16(V x) {
    V whole = __builtin_convertvector(__builtin_convertvector(x, I), V);
    return whole - keep(above(whole, x), fill(1));
}
/* Halves away from zero. */
INLINE V round16(V x) {
    V size = floor16(abs16(x) + fill(0.5f));
    return choose(below(x, fill(0)), -size, size);
}

/* Sine and cosine of an angle that is given in turns. */
INLINE void turn_by(V turns, V *sine, V *cosine) {
    V quarters = round16(turns * fill(4));
    V angle = fma16(turns, fill(4), -quarters) * fill(1.57079633f);
    turned_by(angle, __builtin_convertvector(quarters, I), cosine, sine);
}

/* Places beyond the edges: nothing is there, the last pixel, or the image once more, turned. */
INLINE V as_it_is(V x, float size) { (void)size; return x; }
INLINE V at_edge(V x, float size) { return min16(max16(x, fill(0)), fill(size - 1)); }
INLINE V turned_back(V x, float size) {
    if (size <= 1) return fill(0);
    V twice = fill(2 * size);
    V before = fma16(twice, floor16(-x / twice), x);
    before = choose(below(before, fill(-size)), before + twice, fill(-1) - before);
    V behind = fma16(-twice, floor16(x / twice), x);
    behind = choose(at_least(behind, fill(size)), twice - behind - fill(1), behind);
    V found = choose(above(x, fill(size - 1)), behind, x);
    return at_edge(choose(below(x, fill(0)), before, found), size);
}

/* The value of each image at a place of its own. */
INLINE V gather(const V *x, I at) {
    const float *numbers = (const float *)x;
    V found;
    for (int l = 0; l < LANES; l++) found[l] = numbers[at[l] * LANES + l];
    return found;
}

/* The four pixels around a place and how much each counts; those outside count nothing. */
struct around { I at[4]; V by[4]; };
INLINE struct around pixels_around(V x, V y, int width, int height) {
    V left = floor16(x), top = floor16(y);
    I column = __builtin_convertvector(left, I), row = __builtin_convertvector(top, I);
    V to_right = x - left, to_bottom = y - top, zero = fill(0);
    struct around found;
    for (int n = 0; n < 4; n++) {
        I i = row + n / 2, j = column + n % 2;
        V across = left + fill(n % 2), under = top + fill(n / 2);
        I inside = at_least(under, zero) & below(under, fill(height)) &
                   at_least(across, zero) & below(across, fill(width));
        V along = to_right, down = to_bottom;
        if (n % 2 == 0) along = fill(1) - along;
        if (n / 2 == 0) down = fill(1) - down;
        found.at[n] = inside & (i * width + j);
        found.by[n] = keep(inside, along * down);
    }
    return found;
}
