/* In training, numbers below the smallest normal one are 0, in this thread and until the mode is restored. Moments of
   weights that get no gradient decay to such numbers, which take ten times as long, and never to 0 by themselves. */

#if defined(__x86_64__)

#include <immintrin.h>

static inline unsigned flush_subnormals(void)
{
    unsigned mode = _mm_getcsr();

    _mm_setcsr(mode | 0x8040);  /* results, and operands */
    return mode;
}


static inline void restore_subnormals(unsigned mode) { _mm_setcsr(mode); }

#else

static inline unsigned flush_subnormals(void) { return 0; }
static inline void restore_subnormals(unsigned mode) { (void) mode; }

#endif
