// exp, log, tanh and their like. Included by kernels.inc.h's parts, inside the namespace of an instruction set.
//
// Goals: at most 4 units in the last place (lgamma and digamma 5), for every argument: zeros, denormals, infinities (by
//   their limit) and NaN (which stays NaN).
// Non-goals: correct rounding; errno and floating-point flags.
#pragma once
#include "vectors.inc.h"

// Where each function begins and ends, and polynomials: minimax fits (Remez) of what the comment beside them says.
template <class T>
struct Fit;

template <>
struct Fit<float> {
  static constexpr float smallest_normal = 1.17549435e-38f;
  static constexpr float ln2_high = 0.69314575f, ln2_low = 1.4286068e-06f;  // n * ln2_high is exact
  static constexpr float exp_first = -110, exp_last = 89;                   // exp is 0 before and infinite after
  static constexpr float tanh_last = 20;                                    // tanh is 1 from here on
  static constexpr float gelu_last = 14.5f, erf_last = 10, erf_split = 0.75f;
  // (e^r - 1 - r) / r^2
  static constexpr float expm1_[] = {0.5f, 0.16666573f, 0.041666362f, 0.008363772f, 0.001394215f};
  // (log(1 + f) - f + f^2/2) / f^3
  static constexpr float log_[] = {0.3333331f,   -0.24999985f, 0.20002247f,   -0.16669309f, 0.14218225f,
                                   -0.12383018f, 0.118751444f, -0.117990695f, 0.06921515f};
  // erf(x) / x, in x^2
  static constexpr float erf_[] = {1.1283791f, -0.3761262f, 0.112833925f, -0.02683542f, 0.005115947f, -6.7608187e-04f};
  // log Gamma(1 + f) / (f (f - 1)) and digamma(1 + f) / (f - root), in f - 1/2 for f in [0, 1]
  static constexpr float lgamma_[] = {0.48312895f,    -0.145959902f,   0.0629114142f,  -0.0313079979f,
                                      0.0167964974f,  -0.00943639658f, 0.00545647611f, -0.00311640206f,
                                      0.00184830963f, -0.00152552012f, 0.000959919322f};
  static constexpr float digamma_[] = {0.951055876f,  -0.423627499f,  0.240542616f,  -0.148398786f,
                                       0.0949820803f, -0.0620570735f, 0.0408793696f, -0.0257810259f,
                                       0.0169802652f, -0.0163840716f, 0.0111188804f};
  static constexpr float root_high = 0.461632133f, root_low = 1.24381499e-08f;
  // Stirling's series of both for x from 8 on, in 1 / x^2
  static constexpr float stirling_[] = {1.f / 12, -1.f / 360, 1.f / 1260};
  static constexpr float digamma_far_[] = {1.f / 12, -1.f / 120, 1.f / 252};
  // e^(t^2 / 2) Phi(-t) (t + pole), in (t - pole) / (t + pole)
  static constexpr float pole = 3;
  static constexpr float tail_[] = {0.7290837f,      -0.509332f,     0.2300177f,    -0.047262687f,
                                    -0.01046252f,    0.0069693034f,  0.0010247801f, -0.00103253f,
                                    -2.4475122e-04f, 1.3126322e-04f, 5.4459113e-05f};
};

template <>
struct Fit<double> {
  static constexpr double smallest_normal = 2.2250738585072014e-308;
  static constexpr double ln2_high = 0.6931471805598903, ln2_low = 5.497923018708371e-14;
  static constexpr double exp_first = -760, exp_last = 710;
  static constexpr double tanh_last = 40;
  static constexpr double gelu_last = 38.8, erf_last = 27, erf_split = 0.75;
  static constexpr double expm1_[] = {0.5,
                                      0.1666666666666667,
                                      0.041666666666666685,
                                      0.008333333333325551,
                                      0.0013888888888873225,
                                      0.00019841269876843994,
                                      2.4801587350093727e-05,
                                      2.755725285940701e-06,
                                      2.7557250276730094e-07,
                                      2.510626398774428e-08,
                                      2.0922471991883162e-09};
  // (2 atanh(s) / s - 2) / s^2, in s^2
  static constexpr double log_[] = {0.6666666666666728,  0.39999999999439845, 0.2857142873869598, 0.22222198809825824,
                                    0.18183557837235426, 0.1531409365572897,  0.14796571557078836};
  static constexpr double erf_[] = {1.1283791670955126,      -0.37612638903183715,    0.11283791670952628,
                                    -0.02686617064443583,    0.005223977615504435,    -0.0008548326194264617,
                                    0.00012055289787432122,  -1.4924201741622234e-05, 1.6430765387717393e-06,
                                    -1.5940738462761394e-07, 1.1474860158502705e-08};
  static constexpr double lgamma_[] = {
      0.48312895054098089,      -0.145959895914306087,     0.0629114010745643782,   -0.0313084875010093846,
      0.0167970986312759979,    -0.00942562244863536209,   0.00544645783903168063,  -0.00321207406936065599,
      0.00192291631525126519,   -0.00116441467982270807,   0.000711519030679830015, -0.000437991827030426683,
      0.000271314074187622645,  -0.000168928080715852235,  0.000105353233269328904, -0.000066088111312148458,
      0.000043034123440677873,  -0.0000273710903774674432, 0.000013173875201345971, -8.05345283900651361e-6,
      0.0000121497360288503638, -7.99076833193315636e-6};
  static constexpr double digamma_[] = {
      0.951055876031832893,    -0.423627421281460569,    0.240542484240773982,    -0.148404923053890056,
      0.0949887244549725195,   -0.0619221332746965043,   0.0407608338108116206,   -0.0269757966912282807,
      0.0179072524814291426,   -0.0119082194199001818,   0.00792694401769292313,  -0.00527994625204987206,
      0.00351901213175622503,  -0.00234542081093805877,  0.00155659943384909894,  -0.00103684201431429549,
      0.000723436714679138275, -0.000484730664613716508, 0.000227025573498290322, -0.000146977146351341141,
      0.000259851161273540727, -0.000176563393031359006};
  static constexpr double root_high = 0.46163214496836236, root_low = -1.5522348162858677e-17;
  static constexpr double stirling_[] = {1. / 12,        -1. / 360, 1. / 1260,       -1. / 1680,     1. / 1188,
                                         -691. / 360360, 1. / 156,  -3617. / 122400, 43867. / 244188};
  static constexpr double digamma_far_[] = {1. / 12,       -1. / 120, 1. / 252,      -1. / 240,     1. / 132,
                                            -691. / 32760, 1. / 12,   -3617. / 8160, 43867. / 14364};
  static constexpr double pole = 4.5;
  static constexpr double tail_[] = {
      0.7632305289702032,     -0.6402577602526177,    0.44645251705567773,    -0.25314179995090397,
      0.11138259657021633,    -0.033871326179150354,  0.004223613380687418,   0.0017488305959860344,
      -0.000917746510866341,  6.3809338256734415e-06, 0.0001120427565610595,  -1.5932071104450154e-05,
      -1.42360206493603e-05,  3.1872369410090533e-06, 2.1426526081941796e-06, -4.94758349898102e-07,
      -3.777414086581145e-07, 5.566274789639872e-08,  6.736590734781622e-08,  6.306174845716513e-10,
      -8.293313684941952e-09, -1.6623685144706752e-09};
};

template <class T, int n>
ELMAN_INLINE Vec<T> polynomial(Vec<T> x, const T (&c)[n]) {
  Vec<T> y = splat<T>(c[n - 1]);
#pragma GCC unroll 32
  for (int i = n - 2; i >= 0; --i) y = y * x + c[i];
  return y;
}

// x = n ln 2 + r with |r| <= ln 2 / 2.
template <class T>
struct Reduced {
  Vec<T> r, n;
  Bits<T> bits;  // n as an integer
};

// A float whose last bits count in ones: x + magic has the nearest integer to x in its bits.
template <class T>
constexpr T magic = T(typename Real<T>::Word(3) << (Real<T>::mantissa - 1));

// Of an x between exp_first and exp_last.
template <class T>
ELMAN_INLINE Reduced<T> reduce(Vec<T> x) {
  Vec<T> shifted = x * T(1.44269504088896340736) + magic<T>;
  Vec<T> n = shifted - magic<T>;
  return {(x - n * Fit<T>::ln2_high) - n * Fit<T>::ln2_low, n, bits_of<T>(shifted) - bits_of<T>(splat<T>(magic<T>))};
}

// x 2^n, rounded once only where it is denormal: in one instruction or in two factors.
template <class T>
ELMAN_INLINE Vec<T> scale(Vec<T> x, const Reduced<T>& a) {
  using R = Real<T>;
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) return __builtin_ia32_scalefps512_mask(x, a.n, x, -1, 4);
  if constexpr (sizeof(T) == 8) return __builtin_ia32_scalefpd512_mask(x, a.n, x, -1, 4);
#endif
  Bits<T> both = a.bits + typename R::Word(2 * R::bias);
  Bits<T> half = both >> 1;
  return x * real_of<T>(half << R::mantissa) * real_of<T>((both - half) << R::mantissa);
}

// e^r - 1 of a reduced argument.
template <class T>
ELMAN_INLINE Vec<T> expm1_reduced(Vec<T> r) {
  return r * r * polynomial<T>(r, Fit<T>::expm1_) + r;
}

// e^x for x up to exp_last.
template <class T>
ELMAN_INLINE Vec<T> exp_bounded(Vec<T> x) {
  Reduced<T> a = reduce<T>(at_least<T>(x, Fit<T>::exp_first));
  return scale<T>(expm1_reduced<T>(a.r) + T(1), a);
}

template <class T>
ELMAN_INLINE Vec<T> exp_(Vec<T> x) {
  return exp_bounded<T>(at_most<T>(x, Fit<T>::exp_last));
}

// e^x - 1 for |x| up to 2 tanh_last: 2^n (e^r - 1) + (2^n - 1).
template <class T>
ELMAN_INLINE Vec<T> expm1_bounded(Vec<T> x) {
  using R = Real<T>;
  Reduced<T> a = reduce<T>(x);
  Vec<T> power = real_of<T>((a.bits + typename R::Word(R::bias)) << R::mantissa);
  return power * expm1_reduced<T>(a.r) + (power - T(1));
}

// From 2^mantissa on every number is whole; below it adding that much rounds to a whole number.
template <class T>
ELMAN_INLINE Vec<T> floor_(Vec<T> x) {
  constexpr T whole = T(uint64_t(1) << Real<T>::mantissa);
  const Vec<T> size = abs_<T>(x), nearest = with_sign<T>((size + whole) - whole, x);
  return size < whole ? (nearest > x ? nearest - T(1) : nearest) : x;
}

template <class T>
ELMAN_INLINE Vec<T> tanh_(Vec<T> x) {
  Vec<T> e = expm1_bounded<T>(at_most<T>(abs_<T>(x), Fit<T>::tanh_last) * T(2));
  return with_sign<T>(e / (e + T(2)), x);
}

template <class T>
ELMAN_INLINE Vec<T> elu_(Vec<T> x, T alpha) {
  return x < T(0) ? expm1_bounded<T>(at_most<T>(at_least<T>(x, -Fit<T>::tanh_last * 2), T(0))) * alpha : x;
}

// e^-|x| stays finite and keeps its last bits, and one of 1 and it is the numerator.
template <class T>
ELMAN_INLINE Vec<T> sigmoid_(Vec<T> x) {
  Vec<T> e = exp_bounded<T>(-abs_<T>(x));
  return (x < T(0) ? e : splat<T>(1)) / (e + T(1));
}

// x e^x / (1 + e^x) for x < 0: x is multiplied in before e^x can become denormal.
template <class T>
ELMAN_INLINE Vec<T> silu_(Vec<T> x) {
  Vec<T> bounded = at_least<T>(x, Fit<T>::exp_first);
  Reduced<T> a = reduce<T>(at_least<T>(-abs_<T>(x), Fit<T>::exp_first));
  Vec<T> e = expm1_reduced<T>(a.r) + T(1);
  Vec<T> sum = scale<T>(e, a) + T(1);
  return x < T(0) ? scale<T>(bounded * e / sum, a) : x / sum;
}

// x = 2^n (1 + f) of a positive normal x, with 1 + f in [sqrt(1/2), sqrt(2)).
template <class T>
struct Scaled {
  Vec<T> n, f;
};

template <class T>
ELMAN_INLINE Scaled<T> scaled(Vec<T> x) {
  using R = Real<T>;
  using W = typename R::Word;
  const Bits<T> root_half = bits_of<T>(splat<T>(T(0.70710678118654752440)));
  const Bits<T> one = bits_of<T>(splat<T>(T(1)));
  const Bits<T> exponent_zero = bits_of<T>(splat<T>(T(W(1) << R::mantissa)));
  Bits<T> biased = (bits_of<T>(x) - root_half + one) >> R::mantissa;  // n + bias
  Vec<T> n = real_of<T>(biased | exponent_zero) - (T(W(1) << R::mantissa) + R::bias);
  return {n, real_of<T>(bits_of<T>(x) - (biased << R::mantissa) + one) - T(1)};
}

// The same of a denormal x too.
template <class T>
ELMAN_INLINE Scaled<T> scaled_any(Vec<T> x) {
  using R = Real<T>;
  constexpr T up = T(typename R::Word(1) << R::mantissa);
  auto denormal = x < Fit<T>::smallest_normal;
  Scaled<T> a = scaled<T>(denormal ? x * up : x);
  a.n += denormal ? splat<T>(-R::mantissa) : Vec<T>{};
  return a;
}

// The logarithm of 2^n (1 + f), plus `rest`, which is small beside it.
template <class T>
ELMAN_INLINE Vec<T> log_scaled(Scaled<T> a, Vec<T> rest) {
  const Vec<T> f = a.f;
  Vec<T> half_square = f * f * T(0.5);
  Vec<T> low = a.n * Fit<T>::ln2_low + rest;
  if constexpr (sizeof(T) == 4) {
    low = f * f * f * polynomial<T>(f, Fit<T>::log_) + low;
  } else {
    Vec<T> s = f / (f + T(2)), z = s * s;
    low = s * (half_square + z * polynomial<T>(z, Fit<T>::log_)) + low;
  }
  return a.n * Fit<T>::ln2_high + (f - (half_square - low));
}

template <class T>
ELMAN_INLINE Vec<T> log_(Vec<T> x) {
  using R = Real<T>;
  Vec<T> y = log_scaled<T>(scaled_any<T>(x), Vec<T>{});
  Vec<T> outside = x == T(0) ? splat<T>(-R::infinity) : splat<T>(R::nan);
  y = x > T(0) ? y : outside;
  return x == R::infinity ? x : y;
}

// log u + (x - (u - 1)) / u with u = 1 + x rounded: the second part is what the rounding lost.
template <class T>
ELMAN_INLINE Vec<T> log1p_finite(Vec<T> x) {
  Vec<T> u = x + T(1);
  return log_scaled<T>(scaled<T>(u), (x - (u - T(1))) / u);
}

template <class T>
ELMAN_INLINE Vec<T> log1p_(Vec<T> x) {
  using R = Real<T>;
  Vec<T> y = log1p_finite<T>(x);
  Vec<T> outside = x == T(-1) ? splat<T>(-R::infinity) : splat<T>(R::nan);
  y = x > T(-1) ? y : outside;
  y = abs_<T>(x) < Fit<T>::smallest_normal ? x : y;
  return x == R::infinity ? x : y;
}

template <class T>
ELMAN_INLINE Vec<T> softplus_(Vec<T> x) {
  return at_least<T>(x, T(0)) + log1p_finite<T>(exp_bounded<T>(-abs_<T>(x)));
}

// The first half of a number's digits: products of two such are exact.
template <class T>
ELMAN_INLINE Vec<T> head(Vec<T> x) {
  return real_of<T>(bits_of<T>(x) & (~typename Real<T>::Word(0) << (Real<T>::mantissa / 2 + 1)));
}

// amount * e^(-factor t^2): t^2 is cut in a part that is exact and a small rest.
template <class T>
ELMAN_INLINE Vec<T> times_exp_minus_square(Vec<T> amount, Vec<T> t, T factor) {
  Vec<T> high = head<T>(t);
  Vec<T> x = at_least<T>(high * high * -factor, Fit<T>::exp_first), rest = (t - high) * (t + high) * factor;
  Reduced<T> a = reduce<T>(x);
  a.r = (x - a.n * Fit<T>::ln2_high) - (a.n * Fit<T>::ln2_low + rest);
  return scale<T>(amount * expm1_reduced<T>(a.r) + amount, a);
}

// factor * Phi(-t) / e^(-t^2 / 2) with the normal distribution function Phi, for t >= 0.
template <class T>
ELMAN_INLINE Vec<T> scaled_tail(Vec<T> t, Vec<T> factor) {
  Vec<T> sum = t + Fit<T>::pole;
  return factor / sum * polynomial<T>((t - Fit<T>::pole) / sum, Fit<T>::tail_);
}

template <class T>
ELMAN_INLINE Vec<T> erf_(Vec<T> x) {
  Vec<T> t = at_most<T>(abs_<T>(x), Fit<T>::erf_last);
  Vec<T> tail = scaled_tail<T>(t * T(1.41421356237309504880), splat<T>(2));
  Vec<T> outer = T(1) - times_exp_minus_square<T>(tail, t, T(1));
  Vec<T> inner = t * polynomial<T>(t * t, Fit<T>::erf_);
  return with_sign<T>(t < Fit<T>::erf_split ? inner : outer, x);
}

// x Phi(x) = max(x, 0) - |x| Phi(-|x|), and near 0 x (1 + erf(x / sqrt(2))) / 2.
template <class T>
ELMAN_INLINE Vec<T> gelu_(Vec<T> x) {
  constexpr T root_half = T(0.70710678118654752440);
  Vec<T> t = at_most<T>(abs_<T>(x), Fit<T>::gelu_last);
  Vec<T> outer = at_least<T>(x, T(0)) - times_exp_minus_square<T>(scaled_tail<T>(t, t), t, T(0.5));
  Vec<T> inner = x * (x * (root_half / 2) * polynomial<T>(x * x * T(0.5), Fit<T>::erf_) + T(0.5));
  return t < T(0.5) ? inner : outer;
}

// What leads from 1 <= x < 8 down to 1 <= x - n < 2: the product of x - 1, ..., x - n, and the sum of their reciprocals
// as a fraction over it.
template <class T>
struct Descent {
  Vec<T> product, numerator;
};

template <class T>
ELMAN_INLINE Descent<T> descend(Vec<T> x) {
  Vec<T> product = splat<T>(1), numerator = Vec<T>{};
#pragma GCC unroll 6
  for (int n = 1; n <= 6; ++n) {
    const Vec<T> t = x - T(n);
    numerator = t < T(1) ? numerator : numerator * t + product;
    product = t < T(1) ? product : product * t;
  }
  return {product, numerator};
}

// log Gamma(x) of x > 0; NaN below 0. Its zeros at 1 and 2 are factors of what is computed there.
template <class T>
ELMAN_INLINE Vec<T> lgamma_(Vec<T> x) {
  const auto far = x >= T(8), small = x < T(1);
  const Vec<T> below = far ? splat<T>(1) : x, f = below - floor_<T>(below);
  const Vec<T> logarithm = log_<T>(far | small ? x : descend<T>(below).product);
  const Vec<T> near = f * (f - T(1)) * polynomial<T>(f - T(0.5), Fit<T>::lgamma_);
  const Vec<T> inverse = T(1) / x;
  const Vec<T> rest = inverse * polynomial<T>(inverse * inverse, Fit<T>::stirling_) + T(0.41893853320467274178);
  const Vec<T> outer = (x - T(0.5)) * (logarithm - T(1)) + rest;
  return far ? outer : near + (small ? -logarithm : logarithm);
}

// The derivative of log Gamma(x) of x > 0; NaN below 0. Its zero is a factor of what is computed there.
template <class T>
ELMAN_INLINE Vec<T> digamma_(Vec<T> x) {
  using R = Real<T>;
  const auto far = x >= T(8), small = x < T(1);
  const Vec<T> below = far ? splat<T>(1) : x, f = below - floor_<T>(below);
  const Descent<T> down = descend<T>(below);
  const Vec<T> sum = (small ? splat<T>(-1) : down.numerator) / (small ? below : down.product);
  const Vec<T> near = ((f - Fit<T>::root_high) - Fit<T>::root_low) * polynomial<T>(f - T(0.5), Fit<T>::digamma_);
  const Vec<T> inverse = T(1) / x, square = inverse * inverse;
  const Vec<T> outer = log_<T>(x) - (inverse * T(0.5) + square * polynomial<T>(square, Fit<T>::digamma_far_));
  const Vec<T> y = far ? outer : near + sum;
  return x < T(0) ? splat<T>(R::nan) : (x == T(0) ? splat<T>(-R::infinity) : y);
}
