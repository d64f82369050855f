/* The vector kernels of all paths against plain loops, and the mode for subnormal numbers, without Python: so that they
   run wherever a compiler is, emulated processors included. test_races.py runs this natively. */

#include <stdio.h>

#include "simd.h"
#include "subnormals.h"

enum { MOST_UNITS = 67, FEATURES = 150, COLUMNS = 5, SIZE = MOST_UNITS * FEATURES + 64 };

static uint64_t seed = 1;
static int errors = 0;


static double next_number(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (double) (int64_t) (seed >> 11) / ((uint64_t) 1 << 52) - 1;
}


static void expect(int right, const char *what, const char *path, int n)
{
    if (!right) {
        printf("%s of the path %s is wrong for %d\n", what, path, n);
        errors++;
    }
}


static void check_find_nonzero(const Kernels *kernels, int n)
{
    uint8_t bytes[FEATURES], nonzero[FEATURES + 64];
    int32_t positions[FEATURES + 64];
    int count = 0, found, right = 1;

    for (int i = 0; i < n; i++)
        bytes[i] = next_number() > 0.6 ? (uint8_t) (128 + 127 * next_number()) : 0;
    found = kernels->find_nonzero(bytes, n, positions, nonzero);
    for (int i = 0; i < n; i++)
        if (bytes[i] != 0) {
            right &= count < found && positions[count] == i && nonzero[count] == bytes[i];
            count++;
        }
    expect(right && found == count, "find_nonzero", kernels->name, n);
}


#define CHECKS(REAL, TOLERANCE)                                                                                        \
    static REAL W_##REAL[SIZE], nabla_##REAL[SIZE], expected_##REAL[SIZE];                                             \
                                                                                                                       \
    static int close_##REAL(const REAL *found, const REAL *wanted, ptrdiff_t n)                                        \
    {                                                                                                                  \
        int right = 1;                                                                                                 \
        for (ptrdiff_t i = 0; i < n; i++)                                                                              \
            right &= fabs((double) found[i] - (double) wanted[i]) <= TOLERANCE * (1 + fabs((double) wanted[i]));       \
        return right;                                                                                                  \
    }                                                                                                                  \
                                                                                                                       \
    static void check_sigmoid_##REAL(const Kernels *kernels, int n)                                                    \
    {                                                                                                                  \
        REAL z[FEATURES], wanted[FEATURES];                                                                            \
        for (int i = 0; i < n; i++) {                                                                                  \
            z[i] = (REAL) (40 * next_number());                                                                        \
            wanted[i] = (REAL) (1 / (1 + exp(-(double) z[i])));                                                        \
        }                                                                                                              \
        kernels->sigmoid_##REAL(z, n);                                                                                 \
        expect(close_##REAL(z, wanted, n), "sigmoid_" #REAL, kernels->name, n);                                        \
    }                                                                                                                  \
                                                                                                                       \
    static void check_products_##REAL(const Kernels *kernels, int fan_out)                                             \
    {                                                                                                                  \
        int32_t pixels[FEATURES];                                                                                      \
        REAL values[FEATURES], z[MOST_UNITS + 64], sums[MOST_UNITS + 64];                                              \
        int n = 0;                                                                                                     \
        for (int i = 0; i < fan_out * FEATURES; i++)                                                                   \
            W_##REAL[i] = (REAL) next_number(), nabla_##REAL[i] = expected_##REAL[i] = (REAL) next_number();           \
        for (int i = 0; i < fan_out; i++)                                                                              \
            z[i] = sums[i] = (REAL) next_number();                                                                     \
        for (int p = 0; p < FEATURES; p += 1 + (next_number() > 0))                                                    \
            pixels[n] = p, values[n++] = (REAL) next_number();                                                         \
        kernels->multiply_vector_##REAL(pixels, values, n, W_##REAL, fan_out, z);                                      \
        kernels->accumulate_outer_##REAL(pixels, values, n, W_##REAL, fan_out, nabla_##REAL);                          \
        for (int k = 0; k < n; k++)                                                                                    \
            for (int i = 0; i < fan_out; i++) {                                                                        \
                sums[i] += values[k] * W_##REAL[pixels[k] * fan_out + i];                                              \
                expected_##REAL[pixels[k] * fan_out + i] += values[k] * W_##REAL[i];                                   \
            }                                                                                                          \
        expect(close_##REAL(z, sums, fan_out), "multiply_vector_" #REAL, kernels->name, fan_out);                      \
        expect(close_##REAL(nabla_##REAL, expected_##REAL, fan_out * FEATURES), "accumulate_outer_" #REAL,             \
               kernels->name, fan_out);                                                                                \
    }                                                                                                                  \
                                                                                                                       \
    static void check_step_##REAL(const Kernels *kernels, int n)                                                       \
    {                                                                                                                  \
        const Moments moments = {0.9, 0.1, 0.99, 0.01, 0.02, 0.003, 0.999, 1.1, 1e-3};                                 \
        REAL nabla[FEATURES], m[FEATURES], v[FEATURES], theta[FEATURES], wanted[FEATURES];                             \
        for (int i = 0; i < n; i++) {                                                                                  \
            double new_m, new_v;                                                                                       \
            nabla[i] = (REAL) next_number(), m[i] = (REAL) next_number(), v[i] = (REAL) fabs(next_number());           \
            theta[i] = (REAL) next_number();                                                                           \
            new_m = 0.9 * m[i] + 0.1 * nabla[i];                                                                       \
            new_v = 0.99 * v[i] + 0.01 * nabla[i] * nabla[i];                                                          \
            wanted[i] = (REAL) (0.999 * theta[i] - (0.02 * new_m + 0.003 * nabla[i]) / (1.1 * sqrt(new_v) + 1e-3));    \
        }                                                                                                              \
        kernels->step_with_moments_##REAL(&moments, nabla, m, v, theta, n);                                            \
        expect(close_##REAL(theta, wanted, n), "step_with_moments_" #REAL, kernels->name, n);                          \
    }                                                                                                                  \
                                                                                                                       \
    static void check_##REAL(const Kernels *kernels, int n)                                                            \
    {                                                                                                                  \
        check_sigmoid_##REAL(kernels, n);                                                                              \
        check_step_##REAL(kernels, n);                                                                                 \
        if (0 < n && n <= MOST_UNITS)                                                                                  \
            check_products_##REAL(kernels, n);                                                                         \
    }
CHECKS(float, 2e-5)
CHECKS(double, 1e-13)


/* Rows of pictures of n columns and 11 rows, with a field of 3 x 2 nodes. */
static void check_places(const Kernels *kernels, int n)
{
    enum { ROW = (FEATURES + 15) / 16 * 16, HEIGHT = 11, DOWN = 3, ACROSS = 2, MOVED = 16, ROWS = 5 };
    static float columns[ROW], down_weights[HEIGHT * DOWN], across_weights[ACROSS * ROW], nodes[DOWN * MOVED];
    float moved[MOVED], right[ROW], down[ROW];
    int32_t corners[ROW];
    const Field field = {HEIGHT, n, DOWN, ACROSS, (n + 15) / 16 * 16, MOVED, columns, down_weights, across_weights};
    const Line line = {(float) (9 * next_number()), 0.9f, 5, 0.05f};
    int correct = 1;

    for (int i = 0; i < ROW; i++)
        columns[i] = (float) i;
    for (int i = 0; i < HEIGHT * DOWN; i++)
        down_weights[i] = (float) next_number();
    for (int i = 0; i < ACROSS * ROW; i++)
        across_weights[i] = (float) next_number();
    for (int i = 0; i < DOWN * MOVED; i++)
        nodes[i] = (float) (3 * next_number());
    kernels->place_row(&field, ROWS, nodes, &line, moved, right, down, corners);
    for (int i = 0; i < n; i++) {
        double place[2] = {line.x + line.step_x * i, line.y + line.step_y * i};
        double x = corners[i] % n + right[i], y = corners[i] / n + down[i];

        for (int j = 0; j < DOWN; j++)
            for (int k = 0; k < ACROSS; k++)
                for (int axis = 0; axis < 2; axis++)
                    place[axis] += down_weights[ROWS * DOWN + j] * nodes[j * MOVED + axis * ACROSS + k]
                                   * across_weights[k * field.row + i];
        correct &= fabs(x - fmin(fmax(place[0], 0), n - 1)) < 1e-4 && right[i] >= 0 && right[i] < 1;
        correct &= fabs(y - fmin(fmax(place[1], 0), HEIGHT - 1)) < 1e-4 && down[i] >= 0 && down[i] < 1;
    }
    expect(correct, "place_row", kernels->name, n);
}


/* Subnormal numbers are 0 in between, and only there. Return whether this processor does so. */
static int check_subnormals(void)
{
    volatile double smallest = 2.2250738585072014e-308, half = 0.5, within, outside;
    volatile float smallest_float = 1.17549435e-38f, half_float = 0.5f, within_float;
    unsigned mode = flush_subnormals();

    within = smallest * half;
    within_float = smallest_float * half_float;
    restore_subnormals(mode);
    outside = smallest * half;
    expect(outside > 0, "restore_subnormals", "all", 0);
    expect((within == 0) == (within_float == 0), "flush_subnormals", "all", 0);
    return within == 0;
}


int main(void)
{
    const Kernels **paths = simd_paths();
    int flushed;

    for (;; paths++) {
        for (int n = 0; n <= FEATURES; n++) {
            check_find_nonzero(*paths, n);
            if (n >= 2)
                check_places(*paths, n);
            check_float(*paths, n);
            check_double(*paths, n);
        }
        printf("%s ", (*paths)->name);
        if (strcmp((*paths)->name, "baseline") == 0)
            break;
    }
    flushed = check_subnormals();
#if defined(__x86_64__) || defined(__aarch64__)
    expect(flushed, "flush_subnormals", "all", 0);
#endif
    printf("%d errors, subnormal numbers are %s\n", errors, flushed ? "0 in training" : "kept");
    return errors != 0;
}
