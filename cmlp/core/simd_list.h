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
                                     ptrdiff_t n))

#define KERNELS(KERNEL) KERNELS_OF(KERNEL, float) KERNELS_OF(KERNEL, double)

#define FIELD(REAL, name, parameters) void (*name##_##REAL) parameters;
typedef struct {
    const char *name;
    int (*find_nonzero)(const uint8_t *bytes, int n, int32_t *positions, uint8_t *nonzero);
    KERNELS(FIELD)
} Kernels;
#undef FIELD
