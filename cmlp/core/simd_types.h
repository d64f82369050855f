/* Both types of a path: simd.h includes this file with PATH(x), TARGET and WIDTH, and, for all but the narrowest, with
   NARROWER(x). */

#include "simd_places.h"

#define REAL float
#define BITS int32_t
#define MANTISSA 23
#define BIAS 127
#define TERMS 7
#define LN2_HIGH 0.693359375f
#define LN2_LOW -2.12194440e-4f
#define SQRT sqrtf
#define NAME(x) PATH(x##_float)
#define NARROWER_NAME(x) NARROWER(x##_float)
#include "simd_kernels.h"
#undef REAL
#undef BITS
#undef MANTISSA
#undef BIAS
#undef TERMS
#undef LN2_HIGH
#undef LN2_LOW
#undef SQRT
#undef NAME
#undef NARROWER_NAME

#define REAL double
#define BITS int64_t
#define MANTISSA 52
#define BIAS 1023
#define TERMS 13
#define LN2_HIGH 0.693145751953125
#define LN2_LOW 1.42860682030941723212e-6
#define SQRT sqrt
#define NAME(x) PATH(x##_double)
#define NARROWER_NAME(x) NARROWER(x##_double)
#include "simd_kernels.h"
#undef REAL
#undef BITS
#undef MANTISSA
#undef BIAS
#undef TERMS
#undef LN2_HIGH
#undef LN2_LOW
#undef SQRT
#undef NAME
#undef NARROWER_NAME

#define STRING(x) #x
#define STRING_OF(x) STRING(x)
#define ENTRY(REAL, name, parameters) PATH(name##_##REAL),
static const Kernels PATH(kernels) = {
    STRING_OF(PATH()) + 1,  /* without the underscore */
    PATH(find_nonzero),
    PATH(place_row),
    KERNELS(ENTRY)
};
#undef STRING
#undef STRING_OF
#undef ENTRY
