/* In training, numbers below the smallest normal one are 0, in this thread and until the mode is restored. Moments of
   weights that get no gradient decay to such numbers, which take ten times as long, and never to 0 by themselves. */

#if defined(__SSE2__)

#include <immintrin.h>

static inline unsigned flush_subnormals(void)
{
    unsigned mode = _mm_getcsr();

    _mm_setcsr(mode | 0x8040);  /* results, and operands */
    return mode;
}


static inline void restore_subnormals(unsigned mode) { _mm_setcsr(mode); }

#elif defined(__aarch64__)

#include <stdint.h>

static inline void restore_subnormals(unsigned mode)
{
    uint64_t control = mode;

    __asm__ volatile("msr fpcr, %0" : : "r"(control) : "memory");
}


static inline unsigned flush_subnormals(void)
{
    uint64_t control;

    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    restore_subnormals((unsigned) control | 1u << 24);  /* FZ: results and operands, of float and double */
    return (unsigned) control;
}

#else

static inline unsigned flush_subnormals(void) { return 0; }
static inline void restore_subnormals(unsigned mode) { (void) mode; }

#endif
