/* Statistics of a whole batch from those of its parts, always in the same order. */

struct moments { float mean, variance; };

/* Part q has left the mean of a channel at `c`, and at `channels + c` the sum of squared
   distances from it (Chan et al., 1979). */
INLINE struct moments combine(
        const float *shared, const int *images, int channels, int c, int places) {
    double sum = 0, count = 0, squares = 0;
    for (int q = 0; q < PARTS; q++) {
        if (!images[q]) continue;
        double n = (double)images[q] * places;
        sum += n * shared[q * SHARED + c];
        count += n;
    }
    double mean = sum / count;
    for (int q = 0; q < PARTS; q++) {
        if (!images[q]) continue;
        double away = shared[q * SHARED + c] - mean;
        squares += shared[q * SHARED + channels + c] + (double)images[q] * places * away * away;
    }
    return (struct moments){(float)mean, (float)(squares / count)};
}

/* The sums that the parts have left, divided by how many values there are. */
INLINE float mean_of_sums(const float *sums, const int *images, int places) {
    double sum = 0, count = 0;
    for (int q = 0; q < PARTS; q++) {
        if (!images[q]) continue;
        sum += sums[q * SHARED];
        count += (double)images[q] * places;
    }
    return (float)(sum / count);
}
