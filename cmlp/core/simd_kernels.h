/* The vector kernels, once for every type and instruction set: simd.h includes this file with

       REAL, BITS     float and int32_t, or double and int64_t
       MANTISSA       bits of REAL's mantissa, BIAS that of its exponent
       TERMS          of the Taylor series of exp that REAL can tell apart
       WIDTH          bytes of a vector register
       NAME(x), TARGET

   Products with a column of W, and sums into one of nabla_w, take whole vectors, which may reach into the next
   column or up to 60 bytes beyond the last: what is read there is not used, and what is added there is zero. */

#define LANES ((int) (WIDTH / sizeof(REAL)))
#define VECTOR NAME(vector)
#define INTEGERS NAME(integers)

typedef REAL VECTOR __attribute__((vector_size(WIDTH), aligned(sizeof(REAL)), may_alias));
typedef BITS INTEGERS __attribute__((vector_size(WIDTH), aligned(sizeof(REAL)), may_alias));

#define AT(p) (*(VECTOR *) (p))
#define CONST_AT(p) (*(const VECTOR *) (p))
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
TARGET INLINE VECTOR NAME(get)(const REAL *p, int left)
{
    VECTOR x = {0};

    if (left >= LANES)
        return CONST_AT(p);
    if (left > 0)
        memcpy(&x, p, left * sizeof(REAL));
    return x;
}


TARGET INLINE void NAME(put)(REAL *p, int left, VECTOR x)
{
    if (left >= LANES)
        AT(p) = x;
    else if (left > 0)
        memcpy(p, &x, left * sizeof(REAL));
}


/* A block of z += W @ a, `vectors` wide; `ways` sums of each vector are under way at a time. `pixels` says where
   in a the n values stand, or is NULL if they are all of it. */
TARGET INLINE void NAME(weigh_block)(const int32_t *pixels, const REAL *values, int n, const REAL *W, ptrdiff_t fan_out,
                                     REAL *z, int left, const int vectors, const int ways)
{
    VECTOR sums[4] = {{0}};
    int k = 0;

    for (int v = 0; v < vectors; v++)
        sums[v] = NAME(get)(z + v * LANES, left - v * LANES);
    for (; k + ways <= n; k += ways)
        for (int w = 0; w < ways; w++)
            for (int v = 0; v < vectors; v++)
                sums[w * vectors + v] += values[k + w] * CONST_AT(W + COLUMN(k + w) * fan_out + v * LANES);
    for (; k < n; k++)
        for (int v = 0; v < vectors; v++)
            sums[v] += values[k] * CONST_AT(W + COLUMN(k) * fan_out + v * LANES);
    for (int v = 0; v < vectors; v++) {
        for (int w = 1; w < ways; w++)
            sums[v] += sums[w * vectors + v];
        NAME(put)(z + v * LANES, left - v * LANES, sums[v]);
    }
}


/* z += W @ a   (fan_out,), for an image a of which only the n pixels named are not zero, or a whole vector */
TARGET INLINE void NAME(weigh_blocks)(const int32_t *pixels, const REAL *values, int n, const REAL *W,
                                      ptrdiff_t fan_out, REAL *z)
{
    int left = (int) fan_out;

    for (; left > 3 * LANES; left -= 4 * LANES, W += 4 * LANES, z += 4 * LANES)
        NAME(weigh_block)(pixels, values, n, W, fan_out, z, left, 4, 1);
    if (left > 2 * LANES)
        NAME(weigh_block)(pixels, values, n, W, fan_out, z, left, 3, 1);
    else if (left > LANES)
        NAME(weigh_block)(pixels, values, n, W, fan_out, z, left, 2, 2);
    else if (left > 0)
        NAME(weigh_block)(pixels, values, n, W, fan_out, z, left, 1, 4);
}


TARGET static void NAME(weigh_pixels)(const int32_t *pixels, const REAL *values, int n, const REAL *W,
                                      ptrdiff_t fan_out, REAL *z)
{
    NAME(weigh_blocks)(pixels, values, n, W, fan_out, z);
}


TARGET static void NAME(weigh_vector)(const REAL *a, int n, const REAL *W, ptrdiff_t fan_out, REAL *z)
{
    NAME(weigh_blocks)(NULL, a, n, W, fan_out, z);
}


TARGET INLINE void NAME(accumulate_block)(const int32_t *pixels, const REAL *values, int n, const REAL *delta,
                                          ptrdiff_t fan_out, REAL *nabla_w, int left, const int vectors)
{
    VECTOR d[4];

    for (int v = 0; v < vectors; v++)
        d[v] = NAME(get)(delta + v * LANES, left - v * LANES);
    for (int k = 0; k < n; k++)
        for (int v = 0; v < vectors; v++)
            AT(nabla_w + pixels[k] * fan_out + v * LANES) += values[k] * d[v];
}


/* nabla_w += outer(delta, a)   (fan_out, fan_in), for the same image */
TARGET static void NAME(accumulate_pixels)(const int32_t *pixels, const REAL *values, int n, const REAL *delta,
                                           ptrdiff_t fan_out, REAL *nabla_w)
{
    int left = (int) fan_out;

    for (; left > 3 * LANES; left -= 4 * LANES, delta += 4 * LANES, nabla_w += 4 * LANES)
        NAME(accumulate_block)(pixels, values, n, delta, fan_out, nabla_w, left, 4);
    if (left > 2 * LANES)
        NAME(accumulate_block)(pixels, values, n, delta, fan_out, nabla_w, left, 3);
    else if (left > LANES)
        NAME(accumulate_block)(pixels, values, n, delta, fan_out, nabla_w, left, 2);
    else if (left > 0)
        NAME(accumulate_block)(pixels, values, n, delta, fan_out, nabla_w, left, 1);
}

#undef LANES
#undef VECTOR
#undef INTEGERS
#undef AT
#undef CONST_AT
#undef SELECT
#undef COLUMN
#undef ALL
