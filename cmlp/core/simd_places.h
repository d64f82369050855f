/* Where the pixels of a distorted picture lie in the picture that it is made from. simd.h includes this file once for
   every instruction set, through simd_types.h. */

#define FLOATS PATH(floats)
#define INTS PATH(ints)

#define FLOATS_IN_MEMORY PATH(floats_in_memory)
#define INTS_IN_MEMORY PATH(ints_in_memory)

typedef float FLOATS __attribute__((vector_size(WIDTH)));
typedef int32_t INTS __attribute__((vector_size(WIDTH)));
typedef float FLOATS_IN_MEMORY __attribute__((vector_size(WIDTH), aligned(sizeof(float)), may_alias));
typedef int32_t INTS_IN_MEMORY __attribute__((vector_size(WIDTH), aligned(sizeof(int32_t)), may_alias));

#define FLOATS_AT(p) (*(FLOATS_IN_MEMORY *) (p))
#define CONST_FLOATS_AT(p) (*(const FLOATS_IN_MEMORY *) (p))
#define INTS_AT(p) (*(INTS_IN_MEMORY *) (p))


/* moved = weights @ nodes   (2 * across,): how far the nodes of a row of pixels are moved */
TARGET INLINE void PATH(sum_nodes)(const Field *field, const float *weights, const float *nodes, float *moved)
{
    for (ptrdiff_t i = 0; i < 2 * field->across; i += WIDTH / sizeof(float)) {
        FLOATS sum = {0};

        for (int j = 0; j < field->down; j++)
            sum += weights[j] * CONST_FLOATS_AT(nodes + j * field->moved + i);
        FLOATS_AT(moved + i) = sum;
    }
}


/* The place start + step * i + moved @ weights[:, i] of the pixels from i on, kept within 0 and end. */
TARGET INLINE FLOATS PATH(place)(const Field *field, const float *moved, ptrdiff_t i, float start, float step, float end)
{
    FLOATS place = start + step * CONST_FLOATS_AT(field->columns + i);
    INTS inside;

    for (int k = 0; k < field->across; k++)
        place += moved[k] * CONST_FLOATS_AT(field->across_weights + k * field->row + i);
    inside = place > 0;
    place = (FLOATS) ((INTS) place & inside);
    inside = place < end;
    return (FLOATS) (((INTS) place & inside) | ((INTS) ((FLOATS) {0} + end) & ~inside));
}


/* For row y of the result: the pixel above and left of the place of each of its pixels, and the way from there. */
TARGET static void PATH(place_row)(const Field *field, int y, const float *nodes, const Line *line, float *moved,
                                   float *right, float *down, int32_t *corners)
{
    PATH(sum_nodes)(field, field->down_weights + y * (ptrdiff_t) field->down, nodes, moved);
    for (ptrdiff_t i = 0; i < field->width; i += WIDTH / sizeof(float)) {
        FLOATS x = PATH(place)(field, moved, i, line->x, line->step_x, (float) (field->width - 1));
        FLOATS y = PATH(place)(field, moved + field->across, i, line->y, line->step_y, (float) (field->height - 1));
        INTS column = __builtin_convertvector(x, INTS), row = __builtin_convertvector(y, INTS);

        INTS_AT(corners + i) = row * field->width + column;
        FLOATS_AT(right + i) = x - __builtin_convertvector(column, FLOATS);
        FLOATS_AT(down + i) = y - __builtin_convertvector(row, FLOATS);
    }
}


#undef FLOATS_AT
#undef CONST_FLOATS_AT
#undef INTS_AT
#undef FLOATS
#undef INTS
#undef FLOATS_IN_MEMORY
#undef INTS_IN_MEMORY
