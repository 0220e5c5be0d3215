/* What a call from Python works on, and where a thread stands in it. */

struct job {
    const uint8_t *pixels;    /* images as bytes (n, rows, columns, channels), or null */
    const float *numbers;     /* the same as float32, or null */
    const int32_t *labels;    /* the class of each image; null where only outputs are wanted */
    const float *counts;      /* what each image counts, or null for 1 */
    const int32_t *order;     /* the images in the order in which they are taken */
    const float *factors;     /* FACTORS of the optimizer for each step */
    float *weights;           /* WEIGHTS numbers, those that are trained first */
    float *slots;             /* the optimizer's: SLOTS times TRAINED */
    float *average;           /* the moving average of the weights, or null */
    float *gradients;         /* PARTS times TRAINED */
    V *arenas;                /* ARENAS times ARENA vectors */
    float *shared;            /* PARTS times SHARED */
    float *rounded;           /* the weights as int8 can hold them, or null */
    const float *scales;      /* of each value that is rounded (`rounding.h`), or null for none */
    float *seen;              /* the least and the largest of each of them by parts, or null */
    float *losses;            /* of each step */
    int32_t *answers;         /* the likeliest class of each image, in their order */
    float *outputs;           /* of each image, where nothing is trained */
    int64_t count;            /* images in the order */
    uint64_t seed;
    int64_t step;             /* steps before this call */
    int32_t batch;
    int32_t threads;
    /* Of the step at hand. */
    int64_t at;               /* its first image in the order */
    int32_t size;             /* its images */
    int32_t index;            /* steps since the call */
    int32_t images[PARTS], first_block[PARTS];
    double loss[PARTS];
    float partial[2 * SLICES], by_slice[SLICES];
    float scale[TENSORS];
};

struct place {
    struct job *job;
    V *block;                 /* the values of a block; others are STRIDE apart */
    V *scratch;
    float *prepared;
    float *weights, *gradients, *shared;
    const float *used;        /* the weights that are computed with: rounded ones, or the same */
    const int *images;        /* of each part */
    const int32_t *order;     /* the images of the batch */
    uint64_t seed;
    uint32_t step;
    int part, number;         /* of the first block within the batch */
    int blocks, count;        /* of this chunk: blocks and images */
};

INLINE I lanes_of(const struct place *p, int b) {
    int left = p->count - b * LANES;
    return first_lanes(left < LANES ? left : LANES);
}

/* One block of a chunk. */
INLINE struct place block_of(const struct place *p, int b) {
    struct place q = *p;
    q.block += b * STRIDE;
    q.number += b;
    q.count = p->count - b * LANES < LANES ? p->count - b * LANES : LANES;
    q.blocks = 1;
    return q;
}

/* Adds the first `left` of sixteen numbers to a row of a kernel. */
INLINE void add_row(float *row, V sums, int left) {
    if (left >= LANES) *(R *)row += sums;
    else for (int l = 0; l < left; l++) row[l] += sums[l];
}

/* Byte by byte divided by 255, as float32 rounds it: a product, and one step to mend it. */
INLINE V share_of_255(V bytes) {
    V q = bytes * fill(1.0f / 255);
    return fma16(fma16(-q, fill(255), bytes), fill(1.0f / 255), q);
}

/* Sixteen bytes of sixteen images become sixteen pixels of all images: as rows of a square
   become its columns, by halves. */
INLINE void turn_bytes(P row[16]) {
    for (int step = 0; step < 4; step++) {
        P next[16];
        for (int n = 0; n < 8; n++) {
#if defined(__clang__) || __GNUC__ >= 12
            next[2 * n] = __builtin_shufflevector(row[n], row[n + 8],
                0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            next[2 * n + 1] = __builtin_shufflevector(row[n], row[n + 8],
                8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#else
            for (int m = 0; m < 16; m++) {
                next[2 * n][m] = m % 2 ? row[n + 8][m / 2] : row[n][m / 2];
                next[2 * n + 1][m] = m % 2 ? row[n + 8][8 + m / 2] : row[n][8 + m / 2];
            }
#endif
        }
        memcpy(row, next, sizeof next);
    }
}

/* Where pixel n of an image, row by row, lies in a block: channels come first there. */
#define PLACE(n) ((n) % CHANNELS * (PIXELS / CHANNELS) + (n) / CHANNELS)

/* Lanes without an image get the first one, and count nothing. */
ALONE void load_images(struct place *p) {
    const struct job *job = p->job;
    int64_t at[LANES];
    for (int l = 0; l < LANES; l++)
        at[l] = (int64_t)p->order[p->number * LANES + (l < p->count ? l : 0)] * PIXELS;
    V *x = p->block;
    int n = 0;
    if (job->pixels) {
        for (; n + 16 <= PIXELS; n += 16) {
            P rows[16];
            for (int l = 0; l < LANES; l++) memcpy(&rows[l], job->pixels + at[l] + n, 16);
            turn_bytes(rows);
            for (int m = 0; m < 16; m++)
                x[PLACE(n + m)] = share_of_255(__builtin_convertvector(rows[m], V));
        }
        for (; n < PIXELS; n++) {
            V v;
            for (int l = 0; l < LANES; l++) v[l] = job->pixels[at[l] + n];
            x[PLACE(n)] = share_of_255(v);
        }
    } else {
        for (; n < PIXELS; n++) {
            V v;
            for (int l = 0; l < LANES; l++) v[l] = job->numbers[at[l] + n];
            x[PLACE(n)] = v;
        }
    }
}

/* The class with the largest output, of equal ones the first, for each image of a block. */
ALONE void write_answers(struct place *p, const V *y) {
    V best = y[0];
    I which = fill_int(0);
    for (int k = 1; k < CLASSES; k++) {
        I larger = above(y[k], best);
        best = choose(larger, y[k], best);
        which = (larger & fill_int(k)) | (~larger & which);
    }
    for (int l = 0; l < p->count; l++)
        p->job->answers[p->job->at + p->number * LANES + l] = which[l];
}

ALONE void write_outputs(struct place *p, const V *y) {
    float *to = p->job->outputs + (p->job->at + p->number * LANES) * CLASSES;
    for (int l = 0; l < p->count; l++)
        for (int k = 0; k < CLASSES; k++) to[l * CLASSES + k] = y[k][l];
}
