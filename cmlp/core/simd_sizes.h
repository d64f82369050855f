/* What kernels and their callers must agree on. */

#pragma once

/* A part of a matrix that stays in the fastest cache: bytes of a row, which vectors of every width divide, and rows. */
enum { TILE_WIDTH = 256, TILE_ROWS = 192 };

/* What a step makes of the moments m and v and of the gradient:

       m = beta_1 * m + new_1 * nabla
       v = beta_2 * v + new_2 * nabla**2
       parameters = decay * parameters - (m_factor * m + nabla_factor * nabla) / (correction * sqrt(v) + epsilon) */
typedef struct {
    double beta_1, new_1, beta_2, new_2, m_factor, nabla_factor, decay, correction, epsilon;
} Moments;
