/* What BLAS does not do: the sigmoid of an array, and products with images that are mostly zero.

   Each kernel is written once, in simd_kernels.h and in the vector types of GCC and Clang, compiled for float and
   double and for every instruction set below, and chosen when the module is imported. */

#include <math.h>
#include <string.h>

#include "simd_list.h"

#define INLINE static inline __attribute__((always_inline))
#define NOINLINE static __attribute__((noinline))



/* One bit for each of 64 bytes: whether it is not zero. */
INLINE uint64_t bits_of_words(const uint8_t *bytes)
{
    const uint64_t low = 0x7f7f7f7f7f7f7f7f;
    uint64_t bits = 0, word;

    for (int i = 0; i < 64; i += 8) {
        memcpy(&word, bytes + i, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
#endif
        word = (((word & low) + low) | word) & ~low;                  /* the highest bit of each byte */
        bits |= ((word >> 7) * 0x0102040810204080 >> 56) << i;        /* those eight bits, side by side */
    }
    return bits;
}


/* Write the positions of those of n bytes that are not zero, and the bytes themselves, and return their
   number. There is room for 64 more than n, and eight are written at a time, needed or not: a loop that hardly
   varies costs less than one that the processor must guess. */
INLINE int find_nonzero_by(uint64_t (*bits_of)(const uint8_t *), const uint8_t *bytes, int n, int32_t *positions,
                           uint8_t *nonzero)
{
    uint8_t rest[64] = {0};
    ptrdiff_t count = 0;

    for (ptrdiff_t begin = 0; begin < n; begin += 64) {
        const uint8_t *block = bytes + begin;
        uint64_t bits;
        int in_block;

        if (n - begin < 64)
            block = memcpy(rest, block, n - begin);
        bits = bits_of(block);
        in_block = __builtin_popcountll(bits);
        for (ptrdiff_t i = count; i < count + in_block; i += 8)
            for (ptrdiff_t j = i; j < i + 8; j++) {
                int position = __builtin_ctzll(bits | (uint64_t) 1 << 63);
                positions[j] = (int32_t) begin + position;
                nonzero[j] = block[position];
                bits &= bits - 1;
            }
        count += in_block;
    }
    return (int) count;
}


static int find_nonzero_baseline(const uint8_t *bytes, int n, int32_t *positions, uint8_t *nonzero)
{
    return find_nonzero_by(bits_of_words, bytes, n, positions, nonzero);
}


#define WIDTH 16
#define TARGET
#define PATH(x) x##_baseline
#include "simd_types.h"

#if defined(__x86_64__)
#  include <immintrin.h>

#  include "simd_detection.h"

#  define AVX2 __attribute__((target("avx2,fma,bmi,popcnt")))
#  define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,fma,bmi,popcnt")))

AVX2 INLINE uint64_t bits_of_vectors(const uint8_t *bytes)
{
    const __m256i *vectors = (const __m256i *) bytes, zero = _mm256_setzero_si256();
    uint32_t low = _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_loadu_si256(vectors), zero));
    uint32_t high = _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_loadu_si256(vectors + 1), zero));

    return ~(low | (uint64_t) high << 32);
}


AVX2 static int find_nonzero_avx2(const uint8_t *bytes, int n, int32_t *positions, uint8_t *nonzero)
{
    return find_nonzero_by(bits_of_vectors, bytes, n, positions, nonzero);
}


AVX512 INLINE void store_positions(int32_t *positions, __m512i base, __m128i within)
{
    _mm512_storeu_si512(positions, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(within)));
}


AVX512 static int find_nonzero_avx512(const uint8_t *bytes, int n, int32_t *positions, uint8_t *nonzero)
{
    static const uint8_t order[64] = {
        0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
        22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
        44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    int count = 0;

    for (ptrdiff_t begin = 0; begin < n; begin += 64) {
        __mmask64 inside = n - begin < 64 ? ((__mmask64) 1 << (n - begin)) - 1 : ~(__mmask64) 0;
        __m512i block = _mm512_maskz_loadu_epi8(inside, bytes + begin);
        __mmask64 bits = _mm512_test_epi8_mask(block, block);
        __m512i within = _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(order));
        __m512i base = _mm512_set1_epi32((int32_t) begin);

        _mm512_storeu_si512(nonzero + count, _mm512_maskz_compress_epi8(bits, block));
        store_positions(positions + count, base, _mm512_castsi512_si128(within));
        store_positions(positions + count + 16, base, _mm512_extracti32x4_epi32(within, 1));
        if (_mm_popcnt_u64(bits) > 32) {  /* rare in images that are mostly zero */
            store_positions(positions + count + 32, base, _mm512_extracti32x4_epi32(within, 2));
            store_positions(positions + count + 48, base, _mm512_extracti32x4_epi32(within, 3));
        }
        count += (int) _mm_popcnt_u64(bits);
    }
    return count;
}


#  undef WIDTH
#  undef TARGET
#  undef PATH
#  define WIDTH 32
#  define TARGET AVX2
#  define PATH(x) x##_avx2
#  define NARROWER(x) x##_baseline
#  include "simd_types.h"

#  undef WIDTH
#  undef TARGET
#  undef PATH
#  undef NARROWER
#  define WIDTH 64
#  define TARGET AVX512
#  define PATH(x) x##_avx512
#  define NARROWER(x) x##_avx2
#  include "simd_types.h"
#endif


/* The paths of this machine, the best first. */
static const Kernels **simd_paths(void)
{
    static const Kernels *paths[4];
    int n = 0;

#if defined(__x86_64__)
    unsigned found = instruction_sets();

    if (found & HAS_AVX512)
        paths[n++] = &kernels_avx512;
    if (found & HAS_AVX2)
        paths[n++] = &kernels_avx2;
#endif
    paths[n++] = &kernels_baseline;
    return paths;
}
