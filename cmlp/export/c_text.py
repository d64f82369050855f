"""The templates of a C header."""

# a, from z; each may use those before it.
FORMULAS = {
    "sigmoid": """\
    const $real e = exp$f(-fabs$f(z)); /* whose argument is never positive, so nothing overflows */

    return (z < 0 ? e : 1) / (1 + e);""",
    "tanh": "    return tanh$f(z);",
    "relu": "    return z < 0 ? 0 : z;",
    "leaky_relu": "    return z < 0 ? 0.01$f * z : z;",
    "elu": "    return z < 0 ? expm1$f(z) : z;",
    "gelu": """\
    const $real x = 0.70710678118654752440$f * z;

    return z * 0.5$f * (z < -1 ? erfc$f(-x) : 1 + erf$f(x)); /* erfc keeps the digits that 1 + erf would lose */""",
    "silu": "    return z * ${name}_sigmoid(z);",
    "softplus": "    return (z > 0 ? z : 0) + log1p$f(exp$f(-fabs$f(z)));",
    "exponential": "    return exp$f(z);",
}
FORMULA = """\
static inline $real ${name}_$activation($real z)
{
$formula
}
"""
SOFTMAX = """\
/* The largest z is subtracted first, so nothing overflows. */
static inline void ${name}_softmax($real *z)
{
    $real largest = z[0], total = 0;
    int j;

    for (j = 1; j < ${NAME}_FAN_OUT; j++)
        largest = z[j] > largest ? z[j] : largest;
    for (j = 0; j < ${NAME}_FAN_OUT; j++) {
        z[j] = exp$f(z[j] - largest);
        total += z[j];
    }
    for (j = 0; j < ${NAME}_FAN_OUT; j++)
        z[j] /= total;
}
"""
WEIGH = """\
/* z = W a + b; the weights of one input lie side by side, and inputs that are zero cost nothing. */
static inline void ${name}_weigh$suffix(const $real *W, const $real *b, const $given *a, int fan_in,
    $real *z, int fan_out)
{
    int i, j;

    for (j = 0; j < fan_out; j++)
        z[j] = b[j];
    for (i = 0; i < fan_in; i++, W += fan_out) {
        const $real value = $value;

        if (value == 0)
            continue;
        for (j = 0; j < fan_out; j++)
            z[j] += W[j] * value;
    }
}
"""
FEEDFORWARD = """\
static inline $prototype
{
$body
}
"""
PREDICT = """\
static inline $prototype
{
    $real outputs[${NAME}_FAN_OUT];

    ${name}_feedforward$suffix(pixels, outputs);
    return ${name}_decide($arguments);
}
"""
DECIDE_LABEL = """\
static inline int ${name}_decide(const $real *outputs)
{
    int j, label = 0;

    for (j = 0; j < ${NAME}_FAN_OUT; j++) {
        if (isnan(outputs[j]))
            return -1;
        if (outputs[j] > outputs[label])
            label = j;
    }
    return label;
}
"""
DECIDE_ANSWERS = """\
static inline int ${name}_decide(const $real *outputs, uint8_t *answers)
{
    int j, status = 0;

    for (j = 0; j < ${NAME}_FAN_OUT; j++) {
        answers[j] = outputs[j] > 0.5$f;
        if (isnan(outputs[j]))
            status = -1;
    }
    return status;
}
"""
ABOUT_PIXELS = (
    "uint8_t pixels are multiplied by $scale, others are used as they are. feedforward writes the activations of "
    "the output layer."
)
ABOUT_LABELS = "predict returns the index of the strongest output, or -1 if an output is NaN."
ABOUT_ANSWERS = (
    "predict writes 1 for every output above 1/2 and 0 for the others, and returns 0, or -1 if an output is NaN."
)
ABOUT_NAMES = {
    "class_names": "${name}_class_names has the name of each output, in UTF-8.",
    "feature_names": "${name}_feature_names has the name of each input, in UTF-8.",
}
ABOUT_ARITHMETIC = (
    "All arithmetic is in $real. The constants have enough digits to be exact, and no activation overflows where its "
    "value does not."
)
ABOUT_MEMORY = (
    "Nothing is allocated and there is no state, so threads may call the functions at the same time. Their arrays take "
    "$stack bytes of stack; the $count constants take $constants bytes in each translation unit that uses them."
)
ABOUT_EXAMPLE = "Example; cc -std=c99 -O2 example.c -lm, and then ./a.out < $given:"
GIVEN = {"uint8": "image, with a byte for each pixel", "float": "numbers, as text, one for each input"}
EXAMPLE = """\
#include <stdio.h>
#include "$file"

int main(void)
{
$read$use
    return 0;
}
"""
READ = {
    "uint8": """\
    uint8_t pixels[${NAME}_FAN_IN];
$declaration
    if (fread(pixels, 1, sizeof pixels, stdin) != sizeof pixels)
        return 1;
""",
    "float": """\
    $real pixels[${NAME}_FAN_IN];
$declaration    int i;

    for (i = 0; i < ${NAME}_FAN_IN; i++)
        if (scanf("$scan", &pixels[i]) != 1)
            return 1;
""",
}
SCAN = {"float": "%f", "double": "%lf"}
LABEL_USE = """\
    printf("%d\\n", ${name}_predict$suffix(pixels));"""
ANSWERS_DECLARATION = "    uint8_t answers[${NAME}_FAN_OUT];\n"
ANSWERS_USE = """\
    if (${name}_predict$suffix(pixels, answers) == 0)
        printf("%d\\n", answers[0]);"""
OUTPUTS_DECLARATION = "    $real outputs[${NAME}_FAN_OUT];\n"
OUTPUTS_USE = """\
    ${name}_feedforward$suffix(pixels, outputs);
    printf("%g\\n", outputs[0]);"""
FRAME = """\
/*
$comment
 */
#ifndef ${NAME}_NETWORK_H
#define ${NAME}_NETWORK_H

#include <math.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ${NAME}_FAN_IN $fan_in
#define ${NAME}_FAN_OUT $fan_out

$arrays
$functions
#ifdef __cplusplus
}
#endif

#endif
"""
