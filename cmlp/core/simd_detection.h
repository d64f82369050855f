/* Which of the instruction sets of simd.h processor and system have, on x86-64. The compilers' own function for it is
   not linked on Windows. */

#include <cpuid.h>

enum { HAS_AVX2 = 1, HAS_AVX512 = 2 };

/* Return which registers the system saves when it switches between threads. */
static unsigned saved_registers(void)
{
    unsigned low, high;

    __asm__ volatile(".byte 0x0f, 0x01, 0xd0" : "=a"(low), "=d"(high) : "c"(0));  /* xgetbv, for old assemblers */
    return low;
}


static int has_bits(unsigned found, unsigned wanted) { return (found & wanted) == wanted; }


static unsigned instruction_sets(void)
{
    const unsigned fma_xsave_avx_popcnt = 1u << 12 | 1u << 27 | 1u << 28 | 1u << 23;
    const unsigned bmi_avx2 = 1u << 3 | 1u << 5, f_dq_bw_vl = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31, vbmi2 = 1u << 6;
    const unsigned of_avx = 0x06;
#if defined(__APPLE__)
    const unsigned of_avx512 = of_avx;  /* its system begins to save the others when they are first used */
#else
    const unsigned of_avx512 = 0xe6;
#endif
    unsigned a, b, c, d, saved, found = 0;

    if (!__get_cpuid(1, &a, &b, &c, &d) || !has_bits(c, fma_xsave_avx_popcnt))
        return 0;
    saved = saved_registers();
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !has_bits(b, bmi_avx2))
        return 0;
    if (has_bits(saved, of_avx))
        found |= HAS_AVX2;
    if (has_bits(saved, of_avx512) && has_bits(b, f_dq_bw_vl) && has_bits(c, vbmi2))
        found |= HAS_AVX512;
    return found;
}
