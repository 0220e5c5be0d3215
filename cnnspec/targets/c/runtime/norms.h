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

/* Images of the part before the block at hand. */
INLINE int images_before(const struct place *p) {
    return (p->number - p->job->first_block[p->part]) * LANES;
}

/* Adds the moments of a block to those that the `before` images of its part have left at `to`:
   the mean, and `channels` further the squared distances from it (Chan et al., 1979). */
INLINE void add_moments(
        float *to, int channels, int places, int before, int count, float mean, float squares) {
    if (!before) { to[0] = mean; to[channels] = squares; return; }
    double share = (double)count / (before + count), away = (double)mean - to[0];
    to[0] = (float)(to[0] + away * share);
    to[channels] = (float)(to[channels] + squares + away * away * share * before * places);
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
