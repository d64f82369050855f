/* What kernels and their callers must agree on. */

#pragma once

#include <stddef.h>

/* A part of a matrix that stays in the fastest cache: bytes of a row, which vectors of every width divide, and rows. */
enum { TILE_WIDTH = 256, TILE_ROWS = 192 };

/* What a step makes of the moments m and v and of the gradient:

       m = beta_1 * m + new_1 * nabla
       v = beta_2 * v + new_2 * nabla**2
       parameters = decay * parameters - (m_factor * m + nabla_factor * nabla) / (correction * sqrt(v) + epsilon) */
typedef struct {
    double beta_1, new_1, beta_2, new_2, m_factor, nabla_factor, decay, correction, epsilon;
} Moments;

/* The elastic field of distorted pictures, as nodes that are moved at random, and how much each pixel follows them.
   Numbers that are computed by whole vectors are followed by what else these need. */
typedef struct {
    int height, width;            /* of a picture */
    int down, across;             /* rows and columns of nodes; there are none where nothing is bent */
    ptrdiff_t row, moved;         /* width, and 2 * across, with what whole vectors need */
    const float *columns;         /* (row,), 0, 1, 2, ... */
    const float *down_weights;    /* (height, down) */
    const float *across_weights;  /* (across, row) */
} Field;

/* Where the first pixel of a row lies before the picture is bent, and the way from each to the next. */
typedef struct {
    float x, step_x, y, step_y;
} Line;
