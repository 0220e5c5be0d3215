/* Numbers to the nearest that int8 can hold. */

/* To the nearest integer, halves to the even one, of numbers below 2^22. */
INLINE V nearest16(V x) { return (x + fill(12582912.0f)) - fill(12582912.0f); }

/* Weights by their scale, which makes of the largest 127. */
INLINE V to_grain(V w, V largest) {
    V grain = choose(above(largest, fill(0)), largest / fill(127), fill(1));
    return nearest16(w / grain) * grain;
}

/* Kernels (turns, channels): sixteen channels at a time. */
ALONE void round_columns(float *w, int turns, int channels) {
    for (int c = 0; c < channels; c += LANES) {
        int left = channels - c < LANES ? channels - c : LANES;
        V largest = fill(0);
        for (int n = 0; n < turns; n++) {
            V v = fill(0);
            memcpy(&v, w + n * channels + c, left * sizeof(float));
            largest = max16(largest, abs16(v));
        }
        for (int n = 0; n < turns; n++) {
            V v = fill(0);
            memcpy(&v, w + n * channels + c, left * sizeof(float));
            v = to_grain(v, largest);
            memcpy(w + n * channels + c, &v, left * sizeof(float));
        }
    }
}

/* Kernels (turns, channels, numbers): one channel after another. */
ALONE void round_rows(float *w, int turns, int channels, int numbers) {
    for (int c = 0; c < channels; c++) {
        V largest = fill(0);
        for (int n = 0; n < turns; n++)
            for (int i = 0; i < numbers; i++)
                largest = max16(largest, abs16(fill(w[(n * channels + c) * numbers + i])));
        for (int n = 0; n < turns; n++)
            for (int i = 0; i < numbers; i++) {
                float *at = w + (n * channels + c) * numbers + i;
                *at = to_grain(fill(*at), largest)[0];
            }
    }
}
