// Numbers rounded to bfloat16, as words that a microkernel takes. Included inside the namespace of a unit.
//
// bfloat16 is the upper half of a float32. Rounding is to the nearest, ties to even; what overflows is infinite, NaN
// stays NaN, and what is too small for a normal float32 is zero: all units round alike.
//
// A unit that multiplies pairs (ELMAN_PAIRS) has words of two bfloat16 numbers that follow one another in the sum, the
// first in the lower half; the others have words of one number, rounded, in float32. Words lie in memory as floats.
#pragma once
#include "product.inc.h"

#if ELMAN_PAIRS
constexpr int word_terms = 2;  // numbers of a sum in a word
#else
constexpr int word_terms = 1;
#endif

#if ELMAN_PAIRS
// The first n values of a vector, perhaps none.
ELMAN_INLINE __m512 load_or_zeros(const float* p, int n) { return n > 0 ? (__m512)load_first<float>(p, n) : __m512{}; }

ELMAN_INLINE __m512i pairs_of(__m512 low, __m512 high) { return (__m512i)_mm512_cvtne2ps_pbh(high, low); }

// Words of n columns, each of a value of `first` and one of `second`, then zeros. A row
// that is null counts as zeros.
ELMAN_INLINE void words_of_rows(const float* first, const float* second, int n, float* words, int padded) {
  const __m512i interleave = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22,
                                              6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  for (int j = 0; j < padded; j += lanes<float>) {
    const __m512i apart = pairs_of(first ? load_or_zeros(first + j, n - j) : __m512{},
                                   second ? load_or_zeros(second + j, n - j) : __m512{});
    store_first<float>(words + j, padded - j, (Vec<float>)_mm512_permutexvar_epi16(interleave, apart));
  }
}

// Words of n values that follow one another, then zeros.
ELMAN_INLINE void words_of_row(const float* from, int n, float* words, int padded) {
  for (int j = 0; j < padded; j += lanes<float>) {
    const float* at = from + 2 * j;
    const int left = n - 2 * j;
    const __m512i pairs = pairs_of(load_or_zeros(at, left), load_or_zeros(at + lanes<float>, left - lanes<float>));
    store_first<float>(words + j, padded - j, (Vec<float>)pairs);
  }
}
#else
ELMAN_INLINE uint32_t rounded(uint32_t bits) {
  constexpr uint32_t exponent = 0x7f800000, sign = 0x80000000, upper = 0xffff0000, quiet = 0x00400000;
  const uint32_t nearest = (bits + 0x7fff + (bits >> 16 & 1)) & upper;
  if ((bits & ~sign) > exponent) return (bits | quiet) & upper;  // NaN
  return bits & exponent ? nearest : bits & sign;
}

ELMAN_INLINE void words_of_row(const float* from, int n, float* words, int padded) {
  typedef uint32_t Word __attribute__((may_alias));
  const Word* bits = reinterpret_cast<const Word*>(from);
  Word* out = reinterpret_cast<Word*>(words);
  for (int i = 0; i < n; ++i) out[i] = rounded(bits[i]);
  for (int i = n; i < padded; ++i) out[i] = 0;
}

ELMAN_INLINE void words_of_rows(const float* first, const float*, int n, float* words, int padded) {
  words_of_row(first, n, words, padded);
}
#endif
