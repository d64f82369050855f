/* Two threads write columns that lie side by side, with every kernel and every width, and all paths write the same;
   test_races.py runs this under ThreadSanitizer. Besides the paths of this machine there is one with vectors of 64 bytes
   that any machine can run: the kernels of AVX-512, made of narrower instructions. */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "simd.h"

#undef WIDTH
#undef TARGET
#undef PATH
#undef NARROWER
#define WIDTH 64
#define TARGET
#define PATH(x) x##_wide
#define NARROWER(x) x##_baseline
#define find_nonzero_wide find_nonzero_baseline
#include "simd_types.h"

enum { COLUMNS = 6, HALF = COLUMNS / 2, MOST_UNITS = 150, SPARE = 16, LENGTH = MOST_UNITS * (COLUMNS + SPARE) };

typedef struct {
    const Kernels *kernels;
    ptrdiff_t fan_out;
    int first;                /* of the columns that the thread writes */
    float *floats;            /* (fan_out, COLUMNS), shared */
    double *doubles;
} Job;

static float numbers_float[LENGTH];
static double numbers_double[LENGTH];

#define WRITE(REAL)                                                                                                    \
    static void write_##REAL(const Job *job, REAL *matrix)                                                             \
    {                                                                                                                  \
        const REAL *W = numbers_##REAL, *delta = W + 7;                                                                \
        int32_t pixels[HALF] = {job->first, job->first + 1, job->first + 2}, rows[HALF] = {0, 0, 0};                   \
        const REAL values[HALF] = {1, 2, 3};                                                                           \
        const ptrdiff_t begins[HALF] = {0, 1, 2}, ends[HALF] = {1, 2, 3};                                              \
        REAL *columns = matrix + job->first * job->fan_out, *tile = malloc(TILE_ROWS * TILE_WIDTH);                    \
        ptrdiff_t cursors[HALF];                                                                                       \
                                                                                                                       \
        job->kernels->accumulate_outer_##REAL(pixels, values, HALF, delta, job->fan_out, matrix);                      \
        job->kernels->multiply_sparse_##REAL(W, job->fan_out, 1, rows, values, begins, ends, HALF, 1, tile, cursors,   \
                                             columns);                                                                 \
        for (int c = 0; c < HALF; c++)                                                                                 \
            job->kernels->multiply_vector_##REAL(pixels, values, 1, W, job->fan_out, columns + c * job->fan_out);      \
        job->kernels->sigmoid_##REAL(columns, HALF * job->fan_out);                                                    \
        free(tile);                                                                                                    \
    }
WRITE(float)
WRITE(double)


static void *write_half(void *argument)
{
    const Job *job = argument;

    write_float(job, job->floats);
    write_double(job, job->doubles);
    return NULL;
}


static void write_both_halves(const Kernels *kernels, ptrdiff_t fan_out, float *floats, double *doubles)
{
    Job left = {kernels, fan_out, 0, floats, doubles}, right = {kernels, fan_out, HALF, floats, doubles};
    pthread_t thread;

    memset(floats, 0, LENGTH * sizeof(float));
    memset(doubles, 0, LENGTH * sizeof(double));
    if (pthread_create(&thread, NULL, write_half, &left) != 0)
        abort();
    write_half(&right);
    pthread_join(thread, NULL);
}


/* Whether a path writes what the baseline writes, but for rounding. */
static int is_wrong(const Kernels *kernels, ptrdiff_t fan_out)
{
    static float floats[LENGTH], expected_floats[LENGTH];
    static double doubles[LENGTH], expected_doubles[LENGTH];
    int wrong = 0;

    write_both_halves(&kernels_baseline, fan_out, expected_floats, expected_doubles);
    write_both_halves(kernels, fan_out, floats, doubles);
    for (int i = 0; i < LENGTH; i++)
        wrong |= fabsf(floats[i] - expected_floats[i]) > 1e-5f || fabs(doubles[i] - expected_doubles[i]) > 1e-14;
    if (wrong)
        printf("%s is wrong for %d units\n", kernels->name, (int) fan_out);
    return wrong;
}


int main(void)
{
    const Kernels **paths = simd_paths();
    int wrong = 0;

    for (int i = 0; i < LENGTH; i++)
        numbers_double[i] = numbers_float[i] = (float) ((i * 37) % 101) / 101 - 0.5f;
    for (ptrdiff_t fan_out = 1; fan_out <= MOST_UNITS; fan_out++) {
        for (int i = 0; i == 0 || paths[i - 1] != &kernels_baseline; i++)
            wrong |= is_wrong(paths[i], fan_out);
        wrong |= is_wrong(&kernels_wide, fan_out);
    }
    return wrong;
}
