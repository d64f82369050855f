/* The vector kernels, once for every type and instruction set: simd.h includes this file with

       REAL, BITS     float and int32_t, or double and int64_t
       MANTISSA       bits of REAL's mantissa, BIAS that of its exponent
       TERMS          of the Taylor series of exp that REAL can tell apart
       WIDTH          bytes of a vector register
       NAME(x), TARGET

   and, where there is a path with vectors of half the width, NARROWER_NAME(x), its kernels.

   Products with a column of W read whole vectors, which may reach into the next column or up to 60 bytes beyond the
   last; what is read there is not used. No kernel writes beyond its own array, or between its columns. */

#define LANES ((int) (WIDTH / sizeof(REAL)))
#define VECTOR NAME(vector)
#define INTEGERS NAME(integers)
#define IN_MEMORY NAME(in_memory)

typedef REAL VECTOR __attribute__((vector_size(WIDTH)));
typedef BITS INTEGERS __attribute__((vector_size(WIDTH)));
typedef REAL IN_MEMORY __attribute__((vector_size(WIDTH), aligned(sizeof(REAL)), may_alias));

#define AT(p) (*(IN_MEMORY *) (p))
#define CONST_AT(p) (*(const IN_MEMORY *) (p))
#define SELECT(mask, a, b) ((VECTOR) (((INTEGERS) (a) & (mask)) | ((INTEGERS) (b) & ~(mask))))
#define COLUMN(k) (pixels ? (ptrdiff_t) pixels[k] : (ptrdiff_t) (k))
#define ALL(x) ((VECTOR) {0} + (REAL) (x))


/* exp(x) for x <= 0, by x = n ln 2 + r with |r| <= ln(2) / 2: 2^n times the Taylor series of exp(r). */
TARGET INLINE VECTOR NAME(exp_of_negative)(VECTOR x)
{
    const REAL to_integer = (REAL) 1.5 * ((BITS) 1 << MANTISSA);  /* adding it leaves n in the last bits */
    VECTOR lowest = ALL(-(BIAS + MANTISSA + 1) * 0.6931471805599453);  /* exp of less is 0 */
    VECTOR shifted, n, r, sum;
    INTEGERS exponent, half;

    x = SELECT(x < lowest, lowest, x);
    shifted = x * (REAL) 1.4426950408889634 + to_integer;
    n = shifted - to_integer;
    r = x - n * LN2_HIGH - n * LN2_LOW;
    sum = ALL(1);
    for (int k = TERMS; k > 0; k--)
        sum = 1 + sum * r * ((REAL) 1 / k);
    exponent = (INTEGERS) shifted - (INTEGERS) ALL(to_integer);
    half = exponent >> 1;  /* in two factors, for results below the smallest normal number */
    return sum * (VECTOR) ((half + BIAS) << MANTISSA) * (VECTOR) ((exponent - half + BIAS) << MANTISSA);
}


TARGET INLINE VECTOR NAME(sigmoid_of)(VECTOR z)
{
    VECTOR e = NAME(exp_of_negative)((VECTOR) ((INTEGERS) z | (INTEGERS) -(VECTOR) {0}));  /* -|z|: the sign set */

    return SELECT(z >= 0, ALL(1), e) / (1 + e);
}


/* z = sigmoid(z)   (n,) */
TARGET static void NAME(sigmoid)(REAL *z, ptrdiff_t n)
{
    ptrdiff_t i = 0;

    for (; i + LANES <= n; i += LANES)
        AT(z + i) = NAME(sigmoid_of)(AT(z + i));
    if (i < n) {
        VECTOR rest = {0};
        memcpy(&rest, z + i, (n - i) * sizeof(REAL));
        rest = NAME(sigmoid_of)(rest);
        memcpy(z + i, &rest, (n - i) * sizeof(REAL));
    }
}


/* scaled = scale * bytes   (n,) */
TARGET static void NAME(scale_bytes)(const uint8_t *bytes, int n, REAL scale, REAL *scaled)
{
    for (int i = 0; i < n; i++)
        scaled[i] = scale * (REAL) bytes[i];
}


/* The next lanes of an array with `left` values left; beyond its end they are 0. */
TARGET INLINE VECTOR NAME(load)(const REAL *p, int left)
{
    VECTOR x = {0};

    if (left >= LANES)
        return CONST_AT(p);
    if (left > 0)
        memcpy(&x, p, left * sizeof(REAL));
    return x;
}


TARGET INLINE void NAME(store)(REAL *p, int left, VECTOR x)
{
    if (left >= LANES)
        AT(p) = x;
    else if (left > 0)
        memcpy(p, &x, left * sizeof(REAL));
}


/* A block of z += W @ a, `vectors` wide; each vector has `chains` sums, which do not wait for one another. `pixels`
   says where in a the n values stand, or is NULL if they are all of it. */
TARGET INLINE void NAME(multiply_block)(const int32_t *pixels, const REAL *values, int n, const REAL *W,
                                        ptrdiff_t fan_out, REAL *z, int left, const int vectors, const int chains)
{
    VECTOR sums[4] = {{0}};
    ptrdiff_t k = 0;

    for (int v = 0; v < vectors; v++)
        sums[v] = NAME(load)(z + v * LANES, left - v * LANES);
    for (; k + chains <= n; k += chains)
        for (int c = 0; c < chains; c++)
            for (int v = 0; v < vectors; v++)
                sums[c * vectors + v] += values[k + c] * CONST_AT(W + COLUMN(k + c) * fan_out + v * LANES);
    for (; k < n; k++)
        for (int v = 0; v < vectors; v++)
            sums[v] += values[k] * CONST_AT(W + COLUMN(k) * fan_out + v * LANES);
    for (int v = 0; v < vectors; v++) {
        for (int c = 1; c < chains; c++)
            sums[v] += sums[c * vectors + v];
        NAME(store)(z + v * LANES, left - v * LANES, sums[v]);
    }
}


/* z += W @ a   (fan_out,), for an image a of which only the n pixels named are not zero, or a whole vector */
TARGET INLINE void NAME(multiply_blocks)(const int32_t *pixels, const REAL *values, int n, const REAL *W,
                                         ptrdiff_t fan_out, REAL *z)
{
    int left = (int) fan_out;

    for (; left > 3 * LANES; left -= 4 * LANES, W += 4 * LANES, z += 4 * LANES)
        NAME(multiply_block)(pixels, values, n, W, fan_out, z, left, 4, 1);
    if (left > 2 * LANES)
        NAME(multiply_block)(pixels, values, n, W, fan_out, z, left, 3, 1);
    else if (left > LANES)
        NAME(multiply_block)(pixels, values, n, W, fan_out, z, left, 2, 2);
    else if (left > 0)
        NAME(multiply_block)(pixels, values, n, W, fan_out, z, left, 1, 4);
}


/* Functions of their own, for which the compiler finds enough registers. */
TARGET NOINLINE void NAME(multiply_pixels)(const int32_t *pixels, const REAL *values, int n, const REAL *W,
                                           ptrdiff_t fan_out, REAL *z)
{
    NAME(multiply_blocks)(pixels, values, n, W, fan_out, z);
}


TARGET NOINLINE void NAME(multiply_whole)(const REAL *values, int n, const REAL *W, ptrdiff_t fan_out, REAL *z)
{
    NAME(multiply_blocks)(NULL, values, n, W, fan_out, z);
}


TARGET static void NAME(multiply_vector)(const int32_t *pixels, const REAL *values, int n, const REAL *W,
                                         ptrdiff_t fan_out, REAL *z)
{
    if (pixels)
        NAME(multiply_pixels)(pixels, values, n, W, fan_out, z);
    else
        NAME(multiply_whole)(values, n, W, fan_out, z);
}


/* A block of nabla_w += outer(delta, a): `width` units of every column. The last vector ends where the block ends, and
   so may begin among the lanes of the one before: both are read before either is written, and write the same there. */
TARGET INLINE void NAME(accumulate_block)(const int32_t *pixels, const REAL *values, int n, const REAL *delta,
                                          ptrdiff_t fan_out, REAL *nabla_w, int width, const int vectors)
{
    VECTOR d[5], sums[5];
    const int last = width - LANES;

    for (int v = 0; v < vectors; v++)
        d[v] = CONST_AT(delta + (v == vectors - 1 ? last : v * LANES));
    for (int k = 0; k < n; k++) {
        REAL *column = nabla_w + pixels[k] * fan_out;
        for (int v = 0; v < vectors; v++)
            sums[v] = CONST_AT(column + (v == vectors - 1 ? last : v * LANES)) + values[k] * d[v];
        for (int v = 0; v < vectors; v++)
            AT(column + (v == vectors - 1 ? last : v * LANES)) = sums[v];
    }
}


/* The same for all of it, where a column is narrower than a vector. */
TARGET static void NAME(accumulate_narrow)(const int32_t *pixels, const REAL *values, int n, const REAL *delta,
                                           ptrdiff_t fan_out, REAL *nabla_w)
{
#ifdef NARROWER
    NARROWER_NAME(accumulate_outer)(pixels, values, n, delta, fan_out, nabla_w);
#else
    for (int k = 0; k < n; k++)
        for (ptrdiff_t unit = 0; unit < fan_out; unit++)
            nabla_w[pixels[k] * fan_out + unit] += values[k] * delta[unit];
#endif
}


/* nabla_w += outer(delta, a)   (fan_out, fan_in), for the same image. Only the columns of its pixels are touched: those
   beside them can belong to another thread. */
TARGET static void NAME(accumulate_outer)(const int32_t *pixels, const REAL *values, int n, const REAL *delta,
                                          ptrdiff_t fan_out, REAL *nabla_w)
{
    ptrdiff_t left = fan_out;

    if (left < LANES) {
        NAME(accumulate_narrow)(pixels, values, n, delta, fan_out, nabla_w);
        return;
    }
    for (; left >= 5 * LANES; left -= 4 * LANES, delta += 4 * LANES, nabla_w += 4 * LANES)
        NAME(accumulate_block)(pixels, values, n, delta, fan_out, nabla_w, 4 * LANES, 4);
    if (left > 4 * LANES)
        NAME(accumulate_block)(pixels, values, n, delta, fan_out, nabla_w, (int) left, 5);
    else if (left > 3 * LANES)
        NAME(accumulate_block)(pixels, values, n, delta, fan_out, nabla_w, (int) left, 4);
    else if (left > 2 * LANES)
        NAME(accumulate_block)(pixels, values, n, delta, fan_out, nabla_w, (int) left, 3);
    else if (left > LANES)
        NAME(accumulate_block)(pixels, values, n, delta, fan_out, nabla_w, (int) left, 2);
    else
        NAME(accumulate_block)(pixels, values, n, delta, fan_out, nabla_w, LANES, 1);
}


/* A tile of z = W @ S or z += W @ S (fan_out, columns): `units` of them, and what the rows first to last of the sparse
   matrix S contribute. A column of S has its values, and their rows in ascending order, from a cursor, which moves
   on, to an end. */
TARGET INLINE void NAME(multiply_tile)(const REAL *tile, int first, int last, const int32_t *rows, const REAL *values,
                                       ptrdiff_t *cursors, const ptrdiff_t *ends, int columns, int add, int units,
                                       REAL *z, ptrdiff_t fan_out)
{
    enum { VECTORS = TILE_WIDTH / WIDTH };

    for (int c = 0; c < columns; c++, z += fan_out) {
        VECTOR sums[VECTORS] = {{0}};
        ptrdiff_t k = cursors[c], end = ends[c];

        if (add && (k == end || rows[k] >= last))
            continue;
        for (int v = 0; add && v < VECTORS; v++)
            sums[v] = NAME(load)(z + v * LANES, units - v * LANES);
        for (; k < end && rows[k] < last; k++)
            for (int v = 0; v < VECTORS; v++)
                sums[v] += values[k] * CONST_AT(tile + (rows[k] - first) * (VECTORS * LANES) + v * LANES);
        for (int v = 0; v < VECTORS; v++)
            NAME(store)(z + v * LANES, units - v * LANES, sums[v]);
        cursors[c] = k;
    }
}


TARGET INLINE void NAME(copy_row)(const REAL *W, ptrdiff_t ahead, int units, REAL *row)
{
    enum { VECTORS = TILE_WIDTH / WIDTH };

    for (int byte = 0; byte < TILE_WIDTH; byte += 64)
        __builtin_prefetch((const char *) (W + ahead) + byte);
    if (units == VECTORS * LANES)
        for (int v = 0; v < VECTORS; v++)
            AT(row + v * LANES) = CONST_AT(W + v * LANES);
    else
        memcpy(row, W, units * sizeof(REAL));
}


/* z = W @ S or z += W @ S (fan_out, columns), for a sparse matrix S with n rows. Each tile of W, some units of some
   rows, is copied to where it lies together, and stays in the cache as long as the columns need it. `cursors` has room
   for a number per column. */
TARGET static void NAME(multiply_sparse)(const REAL *W, ptrdiff_t fan_out, int n, const int32_t *rows,
                                         const REAL *values, const ptrdiff_t *begins, const ptrdiff_t *ends,
                                         int columns, int add, REAL *tile, ptrdiff_t *cursors, REAL *z)
{
    enum { AHEAD = 16 };  /* rows, which are too far apart for the processor to foresee them */
    const int width = TILE_WIDTH / sizeof(REAL);

    for (ptrdiff_t unit = 0; unit < fan_out; unit += width) {
        int units = fan_out - unit < width ? (int) (fan_out - unit) : width;

        memcpy(cursors, begins, columns * sizeof(ptrdiff_t));
        for (int first = 0, last; first < n; first = last) {
            last = n - first < TILE_ROWS ? n : first + TILE_ROWS;
            for (int row = first; row < last; row++)
                NAME(copy_row)(W + row * fan_out + unit, last - row > AHEAD ? AHEAD * fan_out : 0, units,
                               tile + (row - first) * width);
            NAME(multiply_tile)(tile, first, last, rows, values, cursors, ends, columns, add || first > 0, units,
                                z + unit, fan_out);
        }
    }
}


/* The step of adam and its kin, for n parameters. */
TARGET static void NAME(step_with_moments)(const Moments *moments, const REAL *restrict nabla, REAL *restrict m,
                                           REAL *restrict v, REAL *restrict parameters, ptrdiff_t n)
{
    const REAL beta_1 = moments->beta_1, beta_2 = moments->beta_2, new_1 = moments->new_1, new_2 = moments->new_2;
    const REAL m_factor = moments->m_factor, nabla_factor = moments->nabla_factor, decay = moments->decay;
    const REAL correction = moments->correction, epsilon = moments->epsilon;

    for (ptrdiff_t i = 0; i < n; i++) {
        m[i] = beta_1 * m[i] + new_1 * nabla[i];
        v[i] = beta_2 * v[i] + new_2 * nabla[i] * nabla[i];
        parameters[i] = decay * parameters[i]
                        - (m_factor * m[i] + nabla_factor * nabla[i]) / (SQRT(v[i]) * correction + epsilon);
    }
}


/* Batch normalisation. Matrices are (fan_out, n); four images at a time go into the sums, which are long enough to be in
   memory. */

/* The sums over the images of z - z[:, 0], and of its square. */
TARGET static void NAME(sum_distances)(const REAL *restrict z, ptrdiff_t fan_out, int n, double *restrict sums,
                                       double *restrict squares)
{
    ptrdiff_t i = 1;

    memset(sums, 0, fan_out * sizeof(double));
    memset(squares, 0, fan_out * sizeof(double));
    for (; i + 4 <= n; i += 4) {
        const REAL *a = z + i * fan_out, *b = a + fan_out, *c = b + fan_out, *d = c + fan_out;
        for (ptrdiff_t o = 0; o < fan_out; o++) {
            const double from = z[o], p = a[o] - from, q = b[o] - from, r = c[o] - from, s = d[o] - from;
            sums[o] += (p + q) + (r + s);
            squares[o] += (p * p + q * q) + (r * r + s * s);
        }
    }
    for (; i < n; i++)
        for (ptrdiff_t o = 0; o < fan_out; o++) {
            const double p = (double) z[i * fan_out + o] - z[o];
            sums[o] += p;
            squares[o] += p * p;
        }
}


/* normalised = (z - mean) * inverse, and z = gamma * normalised + beta */
TARGET static void NAME(normalise_by)(const REAL *restrict mean, const REAL *restrict inverse,
                                      const REAL *restrict gamma, const REAL *restrict beta, ptrdiff_t fan_out, int n,
                                      REAL *restrict z, REAL *restrict normalised)
{
    for (int i = 0; i < n; i++, z += fan_out, normalised += fan_out)
        for (ptrdiff_t o = 0; o < fan_out; o++) {
            normalised[o] = (z[o] - mean[o]) * inverse[o];
            z[o] = gamma[o] * normalised[o] + beta[o];
        }
}


/* The sums over the images of delta, and of delta * normalised. */
TARGET static void NAME(sum_slopes)(const REAL *restrict delta, const REAL *restrict normalised, ptrdiff_t fan_out,
                                    int n, double *restrict by_beta, double *restrict by_gamma)
{
    ptrdiff_t i = 0;

    memset(by_beta, 0, fan_out * sizeof(double));
    memset(by_gamma, 0, fan_out * sizeof(double));
    for (; i + 4 <= n; i += 4) {
        const REAL *a = delta + i * fan_out, *b = a + fan_out, *c = b + fan_out, *d = c + fan_out;
        const REAL *x = normalised + i * fan_out, *y = x + fan_out, *u = y + fan_out, *v = u + fan_out;
        for (ptrdiff_t o = 0; o < fan_out; o++) {
            const double p = a[o], q = b[o], r = c[o], s = d[o];
            by_beta[o] += (p + q) + (r + s);
            by_gamma[o] += (p * x[o] + q * y[o]) + (r * u[o] + s * v[o]);
        }
    }
    for (; i < n; i++)
        for (ptrdiff_t o = 0; o < fan_out; o++) {
            const double p = delta[i * fan_out + o];
            by_beta[o] += p;
            by_gamma[o] += p * normalised[i * fan_out + o];
        }
}


/* delta = factor * (delta - by_beta - normalised * by_gamma) */
TARGET static void NAME(denormalise_by)(const REAL *restrict factor, const REAL *restrict by_beta,
                                        const REAL *restrict by_gamma, const REAL *restrict normalised,
                                        ptrdiff_t fan_out, int n, REAL *restrict delta)
{
    for (int i = 0; i < n; i++, delta += fan_out, normalised += fan_out)
        for (ptrdiff_t o = 0; o < fan_out; o++)
            delta[o] = factor[o] * (delta[o] - by_beta[o] - normalised[o] * by_gamma[o]);
}

#undef LANES
#undef VECTOR
#undef INTEGERS
#undef IN_MEMORY
#undef AT
#undef CONST_AT
#undef SELECT
#undef COLUMN
#undef ALL
