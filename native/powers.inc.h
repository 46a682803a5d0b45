// pow. Included by kernels.inc.h's parts, inside the namespace of an instruction set.
//
// Goals: at most 2 units in the last place, denormal results too; zeros, infinities and NaN as the standard library's.
// How: log2 is a sum of two numbers, with half as many digits again as one has, as its error times its size is that of
//   the result. Every product whose rounding would count is of two heads, and so exact, whether or not the processor
//   multiplies and adds in one step.
#pragma once
#include "vector_math.inc.h"

template <class T>
struct Power;

template <>
struct Power<float> {
  // (3 atanh(s) / s - 3 - s^2) / s^4, in s^2
  static constexpr float atanh_[] = {0.6000023f, 0.42820635f, 0.35129452f};
  static constexpr float factor = 0.9617967f, factor_head = 0.961669921875f,
                         factor_rest = 0.00012677205f;  // 2/(3 ln 2)
};

template <>
struct Power<double> {
  static constexpr double atanh_[] = {0.6000000000000338,  0.42857142855149355, 0.3333333377989079, 0.27272676549821784,
                                      0.23080136046782077, 0.19885225265135284, 0.19794507160512187};
  static constexpr double factor = 0.9617966939259756, factor_head = 0.9617966860532761,
                          factor_rest = 7.872699542894897e-09;
};

// The sum of both; `high` is a head.
template <class T>
struct Pair {
  Vec<T> high, low;
};

// high + low, where high is the larger by far and exact, or has been made of heads.
template <class T>
ELMAN_INLINE Pair<T> pair_of(Vec<T> high, Vec<T> low) {
  const Vec<T> sum = head<T>(high + low);
  return {sum, low - (sum - high)};
}

// log2(2^n (1 + f)) = n + 2 / (3 ln 2) s (3 + s^2 + ...) with s = f / (2 + f).
template <class T>
ELMAN_INLINE Pair<T> log2_pair(Scaled<T> a) {
  const Vec<T> sum = a.f + T(2), inverse = T(1) / sum, s = a.f * inverse;
  const Vec<T> s_high = head<T>(s), sum_high = head<T>(sum), sum_low = a.f - (sum_high - T(2));
  const Vec<T> s_low = ((a.f - s_high * sum_high) - s_high * sum_low) * inverse;
  const Vec<T> z = s * s, square = s_high * s_high;
  const Vec<T> rest = z * z * polynomial<T>(z, Power<T>::atanh_) + s_low * (s_high + s);
  const Vec<T> series = head<T>(T(3) + square + rest), series_low = rest - ((series - T(3)) - square);
  const Pair<T> product = pair_of<T>(s_high * series, s_low * series + series_low * s);
  const Vec<T> high = product.high * Power<T>::factor_head;
  const Vec<T> low = product.high * Power<T>::factor_rest + product.low * Power<T>::factor;
  const Vec<T> all = head<T>((high + low) + a.n);
  return {all, low - ((all - a.n) - high)};
}

// 2^(y log2 x) of a finite x > 0. Beyond `last` the power of every x but 1 is 0 or infinite.
template <class T>
ELMAN_INLINE Vec<T> power_of_positive(Vec<T> x, Vec<T> y) {
  using R = Real<T>;
  constexpr T last = T(typename R::Word(1) << R::mantissa) * 65536;
  constexpr T lowest = -(R::bias + R::mantissa + 10), highest = R::bias + 2;
  const Pair<T> a = log2_pair<T>(scaled_any<T>(x));
  const Vec<T> bounded = at_most<T>(at_least<T>(y, -last), last), head_of_y = head<T>(bounded);
  const Vec<T> high = head_of_y * a.high, low = (bounded - head_of_y) * a.high + bounded * a.low;
  const Vec<T> shifted = at_most<T>(at_least<T>(high + low, lowest), highest) + magic<T>, n = shifted - magic<T>;
  const Vec<T> rest = at_most<T>(at_least<T>((high - n) + low, T(-1)), T(1));
  const Reduced<T> exponent = {rest * T(0.69314718055994530942), n,
                               bits_of<T>(shifted) - bits_of<T>(splat<T>(magic<T>))};
  return scale<T>(expm1_reduced<T>(exponent.r) + T(1), exponent);
}

// What a negative x makes of the power of |x|: an odd whole y turns the sign, and one that is not whole has no power.
template <class T>
ELMAN_INLINE Vec<T> power_of_negative(Vec<T> x, Vec<T> y, Vec<T> size) {
  using R = Real<T>;
  const Vec<T> half = y * T(0.5);
  const auto whole = floor_<T>(y) == y, odd = whole & (floor_<T>(half) != half);
  const Vec<T> turned = odd ? with_sign<T>(size, x) : size;
  return ((x < T(0)) & (x != -R::infinity) & ~whole) ? splat<T>(R::nan) : turned;
}

template <class T>
ELMAN_INLINE Vec<T> pow_at_once(Vec<T> x, Vec<T> y) {
  using R = Real<T>;
  const Vec<T> size = abs_<T>(x);
  const auto grows = (size > T(1)) == (y > T(0));
  const Vec<T> limit = grows ? splat<T>(R::infinity) : Vec<T>{};
  Vec<T> power = ((size == T(0)) | (size == R::infinity)) ? limit : power_of_positive<T>(size, y);
  if (any_negative<T>(x)) power = power_of_negative<T>(x, y, power);
  power = ((x != x) | (y != y)) ? x + y : power;
  return ((x == T(1)) | (y == T(0))) ? splat<T>(1) : power;
}

// The standard library's, one after another, is the faster one where a vector holds few.
template <class T>
ELMAN_INLINE Vec<T> pow_(Vec<T> x, Vec<T> y) {
#if ELMAN_VECTOR_BYTES > 16
  return pow_at_once<T>(x, y);
#else
  return each_lane<T>(
      x, [y](T v, int i) { return sizeof(T) == 4 ? T(__builtin_powf(v, y[i])) : T(__builtin_pow(v, y[i])); });
#endif
}
