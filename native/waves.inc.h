// sin and cos. Included by kernels.inc.h's parts, inside the namespace of an instruction set.
//
// Goals: at most 2 units in the last place, for every argument; -0, infinities and NaN as the standard library's.
// How: the nearest multiple of pi/2 is taken off in parts of so few digits that the products are exact, which serves
//   up to `last`: there every number is so far from such a multiple that what is left has all its digits. A lane beyond
//   that, and no other, is given to the standard library.
#pragma once
#include "vector_math.inc.h"

template <class T>
struct Wave;

template <>
struct Wave<float> {
  static constexpr float last = 1600;  // fewer than 2^10 quarters
  static constexpr float quarter[] = {0x1.9218p+0f, 0x1.ed5p-14f, 0x1.10bp-30f, 0x1.184698p-44f};  // pi / 2
  // (sin(r) - r) / r^3 and (cos(r) - 1) / r^2, in r^2, for r up to pi / 4
  static constexpr float sin_[] = {-0.16666655f, 0.008332189f, -0.00019518279f};
  static constexpr float cos_[] = {-0.5f, 0.041666646f, -0.001388731f, 2.4432327e-05f};
};

template <>
struct Wave<double> {
  static constexpr double last = 2e5;  // fewer than 2^17 quarters
  static constexpr double quarter[] = {0x1.921fb54440000p+0, 0x1.68c234c4c0000p-39, 0x1.98a2e03707345p-77};
  static constexpr double sin_[] = {-0.1666666666666663,    0.00833333333332184,     -0.00019841269829358517,
                                    2.7557313538507072e-06, -2.5050734387646364e-08, 1.5895433166667307e-10};
  static constexpr double cos_[] = {-0.5,
                                    0.041666666666666595,
                                    -0.0013888888888873335,
                                    2.4801587288995123e-05,
                                    -2.755731421438984e-07,
                                    2.0875704966001618e-09,
                                    -1.135872395057659e-11};
};

// x = n pi/2 + r of an x from 0 to `last`, with |r| <= pi/4; the last bits are those of n. What is left of the second
// part is rounded to the digits of r, and in float the third is large enough to be rounded with it.
template <class T>
ELMAN_INLINE Reduced<T> reduce_quarters(Vec<T> x) {
  constexpr auto& quarter = Wave<T>::quarter;
  const Vec<T> shifted = x * T(0.63661977236758134308) + magic<T>, n = shifted - magic<T>;
  const Vec<T> first = x - n * quarter[0];
  Vec<T> r = first - n * quarter[1];
  if constexpr (sizeof(T) == 4) r += ((first - r) - n * quarter[1]) - n * quarter[2];
  return {r - n * quarter[sizeof(T) == 4 ? 3 : 2], n, bits_of<T>(shifted)};
}

// What lies beyond `last`, by the standard library.
template <class T, bool cosine>
[[gnu::noinline, gnu::cold]] Vec<T> far_wave(Vec<T> x, Vec<T> y) {
  for (int i = 0; i < lanes<T>; ++i) {
    if (!(__builtin_fabs(x[i]) > Wave<T>::last)) continue;
    if constexpr (sizeof(T) == 4) y[i] = cosine ? __builtin_cosf(x[i]) : __builtin_sinf(x[i]);
    if constexpr (sizeof(T) == 8) y[i] = cosine ? __builtin_cos(x[i]) : __builtin_sin(x[i]);
  }
  return y;
}

// sin |x|, or of a quarter more, is by turns the sine and cosine of r, twice with each sign.
template <class T, bool cosine>
ELMAN_INLINE Vec<T> wave(Vec<T> x) {
  using W = typename Real<T>::Word;
  constexpr int word = 8 * sizeof(T);
  constexpr W sign = W(1) << (word - 1);
  const Vec<T> size = abs_<T>(x);
  const Reduced<T> a = reduce_quarters<T>(size);
  const Bits<T> quarter = a.bits + W(cosine);
  const Vec<T> z = a.r * a.r;
  const Vec<T> even = z * polynomial<T>(z, Wave<T>::cos_) + T(1), odd = a.r * z * polynomial<T>(z, Wave<T>::sin_) + a.r;
  const Bits<T> flip = (quarter << (word - 2)) & sign, own = cosine ? Bits<T>{} : bits_of<T>(x) & sign;
  const Vec<T> y = real_of<T>(bits_of<T>((quarter & W(1)) == W(0) ? odd : even) ^ flip ^ own);
  return __builtin_expect(any_negative<T>(Wave<T>::last - size), 0) ? far_wave<T, cosine>(x, y) : y;
}

template <class T>
ELMAN_INLINE Vec<T> sin_(Vec<T> x) {
  return wave<T, false>(x);
}
template <class T>
ELMAN_INLINE Vec<T> cos_(Vec<T> x) {
  return wave<T, true>(x);
}
