/* The vector kernels, listed once: a table of them is made for every instruction set. */

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "simd_sizes.h"

/* For a type REAL: name, and parameters. */
#define KERNELS_OF(KERNEL, REAL)                                                                                      \
    KERNEL(REAL, sigmoid, (REAL *z, ptrdiff_t n))                                                                     \
    KERNEL(REAL, scale_bytes, (const uint8_t *bytes, int n, REAL scale, REAL *scaled))                                \
    KERNEL(REAL, multiply_vector, (const int32_t *pixels, const REAL *values, int n, const REAL *W,                   \
                                   ptrdiff_t fan_out, REAL *z))                                                       \
    KERNEL(REAL, accumulate_outer, (const int32_t *pixels, const REAL *values, int n, const REAL *delta,              \
                                    ptrdiff_t fan_out, REAL *nabla_w))                                                \
    KERNEL(REAL, multiply_sparse, (const REAL *W, ptrdiff_t fan_out, int n, const int32_t *rows, const REAL *values,  \
                                   const ptrdiff_t *begins, const ptrdiff_t *ends, int columns, int add, REAL *tile,  \
                                   ptrdiff_t *cursors, REAL *z))                                                      \
    KERNEL(REAL, step_with_moments, (const Moments *moments, const REAL *nabla, REAL *m, REAL *v, REAL *parameters,   \
                                     ptrdiff_t n))                                                                    \
    KERNEL(REAL, sum_distances, (const REAL *z, ptrdiff_t fan_out, int n, double *sums, double *squares))             \
    KERNEL(REAL, normalise_by, (const REAL *mean, const REAL *inverse, const REAL *gamma, const REAL *beta,           \
                                ptrdiff_t fan_out, int n, REAL *z, REAL *normalised))                                 \
    KERNEL(REAL, sum_slopes, (const REAL *delta, const REAL *normalised, ptrdiff_t fan_out, int n, double *by_beta,   \
                              double *by_gamma))                                                                      \
    KERNEL(REAL, denormalise_by, (const REAL *factor, const REAL *by_beta, const REAL *by_gamma,                      \
                                  const REAL *normalised, ptrdiff_t fan_out, int n, REAL *delta))

#define KERNELS(KERNEL) KERNELS_OF(KERNEL, float) KERNELS_OF(KERNEL, double)

#define FIELD(REAL, name, parameters) void (*name##_##REAL) parameters;
typedef struct {
    const char *name;
    int (*find_nonzero)(const uint8_t *bytes, int n, int32_t *positions, uint8_t *nonzero);
    void (*place_row)(const Field *field, int y, const float *nodes, const Line *line, float *moved, float *right,
                      float *down, int32_t *corners);
    KERNELS(FIELD)
} Kernels;
#undef FIELD
