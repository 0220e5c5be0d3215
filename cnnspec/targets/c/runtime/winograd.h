/* A 3x3 convolution by tiles: Winograd's minimal filtering F(2x2, 3x3).

   Two rows and columns of the output follow from a tile of 4x4 inputs by 16 products for each
   channel and filter in place of 36 (Lavin and Gray, Fast Algorithms for Convolutional Neural
   Networks, 2016). In one dimension, of inputs x, a kernel w and outputs y:

       X = x0 - x2, x1 + x2, x2 - x1, x1 - x3
       W = w0, (w0 + w1 + w2) / 2, (w0 - w1 + w2) / 2, w2
       M = X * W
       y = M0 + M1 + M2, M1 - M2 - M3

   In two dimensions the same is done to rows and to columns. The way back takes the transposes
   of these steps. Number t of the 16 numbers of a tile lies at t * apart. */

/* X of a tile of 4x4 inputs, whose fourth row and column are `down` and `right` of the first:
   where the image ends, the third ones once more, for no output that exists depends on them. */
INLINE void input_tile(const V *x, int row, int down, int right, V *to, int apart) {
    for (int lot = 0; lot < LOTS; lot++) {
#define AT(r, s) (((const T *)(x + (r) * row + (s)))[lot])
#define COLUMN(n, s)                                                         \
    T c##n##0 = AT(0, s) - AT(2, s), c##n##1 = AT(1, s) + AT(2, s),          \
      c##n##2 = AT(2, s) - AT(1, s), c##n##3 = AT(1, s) - AT(down, s);
#define PUT(t, v) ((T *)(to + (t) * apart))[lot] = v;
#define ROW(r)                                                               \
    PUT(4 * r, c0##r - c2##r) PUT(4 * r + 1, c1##r + c2##r)                  \
    PUT(4 * r + 2, c2##r - c1##r) PUT(4 * r + 3, c1##r - c3##r)
        COLUMN(0, 0) COLUMN(1, 1) COLUMN(2, 2) COLUMN(3, right)
        ROW(0) ROW(1) ROW(2) ROW(3)
#undef AT
#undef COLUMN
#undef ROW
    }
}

/* The 2x2 outputs of a tile of M, row by row. */
INLINE void output_tile(const V *sums, int apart, V *to) {
    for (int lot = 0; lot < LOTS; lot++) {
#define AT(t) (((const T *)(sums + (t) * apart))[lot])
#define COLUMN(s)                                                            \
    T c##s##0 = AT(s) + AT(4 + s) + AT(8 + s),                               \
      c##s##1 = AT(4 + s) - AT(8 + s) - AT(12 + s);
#define ROW(r)                                                               \
    LOT(to[2 * r]) = c0##r + c1##r + c2##r;                                  \
    LOT(to[2 * r + 1]) = c1##r - c2##r - c3##r;
        COLUMN(0) COLUMN(1) COLUMN(2) COLUMN(3)
        ROW(0) ROW(1)
#undef AT
#undef COLUMN
#undef ROW
    }
}

/* The gradient of M from that of the 2x2 outputs: d0, d0 + d1, d0 - d1, -d1. */
INLINE void gradient_tile(const V *d, int distance, V *to, int apart) {
    for (int lot = 0; lot < LOTS; lot++) {
        T d0 = ((const T *)d)[lot], d1 = ((const T *)(d + distance))[lot];
        T d2 = ((const T *)(d + 2 * distance))[lot], d3 = ((const T *)(d + 3 * distance))[lot];
#define ROW(r, a, b) PUT(4 * r, a) PUT(4 * r + 1, a + b) PUT(4 * r + 2, a - b) PUT(4 * r + 3, -(b))
        ROW(0, d0, d1)
        ROW(1, (d0 + d2), (d1 + d3))
        ROW(2, (d0 - d2), (d1 - d3))
        ROW(3, (-d2), (-d3))
#undef ROW
    }
}

/* The gradient of 4x4 inputs from that of X, row by row. */
INLINE void input_gradient_tile(const V *d, int apart, V *to) {
    for (int lot = 0; lot < LOTS; lot++) {
#define AT(t) (((const T *)(d + (t) * apart))[lot])
#define COLUMN(s)                                                            \
    T c##s##0 = AT(s), c##s##1 = AT(4 + s) - AT(8 + s) + AT(12 + s),         \
      c##s##2 = AT(4 + s) + AT(8 + s) - AT(s), c##s##3 = -AT(12 + s);
#define ROW(r)                                                               \
    LOT(to[4 * r]) = c0##r; LOT(to[4 * r + 1]) = c1##r - c2##r + c3##r;      \
    LOT(to[4 * r + 2]) = c1##r + c2##r - c0##r; LOT(to[4 * r + 3]) = -c3##r;
        COLUMN(0) COLUMN(1) COLUMN(2) COLUMN(3)
        ROW(0) ROW(1) ROW(2) ROW(3)
#undef AT
#undef COLUMN
#undef ROW
    }
}

/* The gradient of a 3x3 kernel from that of W, row by row. */
INLINE void kernel_gradient_tile(const V *d, int apart, V *to) {
    const V half = fill(0.5f);
#define COLUMN(s)                                                            \
    V p##s = (d[(4 + s) * apart] + d[(8 + s) * apart]) * half,               \
      c##s##0 = d[s * apart] + p##s,                                         \
      c##s##1 = (d[(4 + s) * apart] - d[(8 + s) * apart]) * half,            \
      c##s##2 = p##s + d[(12 + s) * apart];
#define ROW(r)                                                               \
    V q##r = (c1##r + c2##r) * half;                                         \
    to[3 * r] = c0##r + q##r;                                                \
    to[3 * r + 1] = (c1##r - c2##r) * half;                                  \
    to[3 * r + 2] = q##r + c3##r;
    COLUMN(0) COLUMN(1) COLUMN(2) COLUMN(3)
    ROW(0) ROW(1) ROW(2)
#undef COLUMN
#undef ROW
#undef PUT
}

/* Sixteen numbers of sixteen images become the rows of the images: as rows of a square become its
   columns, by halves. Where vectors are shorter, number by number. */
INLINE void turn(V row[16]) {
#if WIDTH == 16 && (defined(__clang__) || __GNUC__ >= 12)
    for (int step = 0; step < 4; step++) {
        V next[16];
        for (int n = 0; n < 8; n++) {
            next[2 * n] = __builtin_shufflevector(row[n], row[n + 8],
                0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            next[2 * n + 1] = __builtin_shufflevector(row[n], row[n + 8],
                8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        }
        memcpy(row, next, sizeof next);
    }
#else
    float next[16][16];
    for (int n = 0; n < 16; n++)
        for (int l = 0; l < 16; l++) next[l][n] = row[n][l];
    memcpy(row, next, sizeof next);
#endif
}

/* W of the kernel of one channel and filter, whose numbers lie `step` apart. */
INLINE void kernel_tile(const float *w, int step, float *to, int apart) {
    float rows[4][3];
    for (int s = 0; s < 3; s++) {
        float w0 = w[s * step], w1 = w[(3 + s) * step], w2 = w[(6 + s) * step];
        float sum = (w0 + w2) * 0.5f, middle = w1 * 0.5f;
        rows[0][s] = w0, rows[1][s] = sum + middle, rows[2][s] = sum - middle, rows[3][s] = w2;
    }
    for (int r = 0; r < 4; r++) {
        float sum = (rows[r][0] + rows[r][2]) * 0.5f, middle = rows[r][1] * 0.5f;
        to[(4 * r) * apart] = rows[r][0];
        to[(4 * r + 1) * apart] = sum + middle;
        to[(4 * r + 2) * apart] = sum - middle;
        to[(4 * r + 3) * apart] = rows[r][2];
    }
}
