// Exponential smoothing with several candidates of its parameters at once. Included by kernels.inc.h, inside the
// namespace of an instruction set.
//
// A lane is a problem. What is summed over steps is summed in their order, and no lane looks at another, so that the
// numbers of a problem depend on nothing else, nor on steps without values behind its end.
#pragma once
#include "vector_math.inc.h"

constexpr int kLookSteps = 4096;  // after so many, it is asked whether to stop
constexpr int kSmoothed = 16;     // steps whose errors are kept for their products

template <class T>
struct Smoother {
  // Of each candidate: what it learns by, its states, and the errors of `kSmoothed` steps; C stands for a multiple
  // of 4.
  Vec<T>*alpha, *beta, *phi, *gamma, *level, *trend, *season, *mean, *mantissa, *exponent, *errors, *sums;
  int candidates, rows;  // C, rounded up to a multiple of 4
};

template <class T>
ELMAN_INLINE size_t seasons_sum(const Smoothing<T>& s) {
  size_t sum = 0;
  for (int k = 0; k < s.seasons; ++k) sum += s.periods[k];
  return sum;
}

template <class T>
size_t smoothing_scratch(const Smoothing<T>& s) {
  const size_t rows = (s.candidates + 3) / 4 * 4;
  return lanes<T> * rows * (8 + s.seasons + seasons_sum(s) + kSmoothed + rows);
}

template <class T>
ELMAN_INLINE Smoother<T> smoother(const Smoothing<T>& s, T* scratch) {
  const size_t rows = (s.candidates + 3) / 4 * 4;
  Vec<T>* at = reinterpret_cast<Vec<T>*>(scratch);
  auto take = [&](size_t count) { return (at += count * rows) - count * rows; };
  Smoother<T> m{};
  m.alpha = take(1), m.beta = take(1), m.phi = take(1), m.gamma = take(s.seasons);
  m.level = take(1), m.trend = take(1), m.season = take(seasons_sum(s));
  m.mean = take(1), m.mantissa = take(1), m.exponent = take(1), m.errors = take(kSmoothed), m.sums = take(rows);
  m.rows = int(rows);
  return m;
}

// The candidates that differ from the first in some lane; the parameters of a candidate that does not are not run.
template <class T>
ELMAN_INLINE bool differs(const Smoothing<T>& s, int c, int64_t first, int n) {
  if (!s.sizes || c == 0) return true;
  for (int i = 0; i < n; ++i)
    if (s.sizes[(c - 1) * s.problems + first + i] != 0) return true;
  return false;
}

// States as they are before the first step.
template <class T>
ELMAN_INLINE void begin_smoothing(const Smoothing<T>& s, Smoother<T>& m, const int* number, int64_t first, int n) {
  const size_t phases = seasons_sum(s);
  auto from = [&](const T* x, size_t row) { return load_first<T>(x + row * s.problems + first, n); };
  for (int c = 0; c < m.candidates; ++c) {
    m.level[c] = from(s.level, number[c]), m.trend[c] = from(s.trend, number[c]);
    for (size_t p = 0; p < phases; ++p)
      m.season[p * m.rows + c] = from(s.indices, s.one_season ? p : p * s.candidates + number[c]);
  }
}

// All steps: each(t, c, forecast, error, seen) of every candidate, and after(t) of every step.
template <class T, bool multiplied, bool fading, class Each, class After>
ELMAN_INLINE void all_steps(const Smoothing<T>& s, Smoother<T>& m, const int64_t* series, Each each, After after) {
  int phase[kMostSeasons] = {};
  for (int64_t t = 0; t < s.steps; ++t) {
    if (t % kLookSteps == kLookSteps - 1 && s.stop()) return;
    Vec<T> y;
    for (int i = 0; i < lanes<T>; ++i) y[i] = s.y[t * s.series + series[i]];
    const auto seen = y == y;
    Vec<T>* index[kMostSeasons] = {};
    size_t before = 0;
    for (int k = 0; k < s.seasons; ++k) index[k] = m.season + (before + phase[k]) * m.rows, before += s.periods[k];
    for (int c = 0; c < m.candidates; ++c) {
      const Vec<T> fallen = m.phi[c] * m.trend[c], q = m.level[c] + fallen;
      Vec<T> season = s.seasons ? index[0][c] : splat<T>(multiplied ? 1 : 0);
      for (int k = 1; k < s.seasons; ++k) season += index[k][c];
      const Vec<T> forecast = multiplied ? q * season : q + season;
      const Vec<T> error = seen ? y - forecast : Vec<T>{};
      const Vec<T> lesson = multiplied ? error / season : error;
      m.level[c] = (fading ? m.level[c] : q) + m.alpha[c] * lesson;
      m.trend[c] = fallen + m.beta[c] * lesson;
      for (int k = 0; k < s.seasons; ++k) index[k][c] += m.gamma[k * m.rows + c] * (multiplied ? error / q : error);
      each(t, c, forecast, error, seen);
    }
    for (int k = 0; k < s.seasons; ++k) phase[k] = phase[k] + 1 == s.periods[k] ? 0 : phase[k] + 1;
    after(t);
  }
}

// The geometric means of forecasts where there is a value: NaN where one is not above 0.
template <class T, bool multiplied, bool fading>
ELMAN_INLINE void mean_forecasts(const Smoothing<T>& s, Smoother<T>& m, const int64_t* series) {
  using R = Real<T>;
  constexpr auto exponent_bits = ((typename R::Word(1) << (8 * sizeof(T) - 1 - R::mantissa)) - 1) << R::mantissa;
  constexpr T whole = T(typename R::Word(1) << R::mantissa);
  constexpr int often = 64;  // numbers from 1 to 2 whose product is one
  Vec<T> count{};
  for (int c = 0; c < m.candidates; ++c) m.mantissa[c] = splat<T>(1), m.exponent[c] = Vec<T>{}, m.mean[c] = Vec<T>{};
  auto take_logs = [&] {
    for (int c = 0; c < m.candidates; ++c) {
      m.mean[c] += log_<T>(m.mantissa[c]) + m.exponent[c] * T(0.69314718055994530942);
      m.mantissa[c] = splat<T>(1), m.exponent[c] = Vec<T>{};
    }
  };
  all_steps<T, multiplied, fading>(
      s, m, series,
      [&](int64_t, int c, Vec<T> forecast, Vec<T>, auto seen) {
        if (c == 0) count += seen ? splat<T>(1) : Vec<T>{};
        const Vec<T> f = seen ? forecast : splat<T>(1);
        const Bits<T> bits = bits_of<T>(f), whole_bits = bits_of<T>(splat<T>(whole));
        const Vec<T> exponent = real_of<T>(((bits & exponent_bits) >> R::mantissa) | whole_bits) - (whole + T(R::bias));
        const Vec<T> fraction = real_of<T>((bits & ~exponent_bits) | bits_of<T>(splat<T>(1)));
        const auto usable = (f > T(0)) & (f < R::infinity);
        m.mantissa[c] *= usable ? fraction : splat<T>(R::nan), m.exponent[c] += exponent;
      },
      [&](int64_t t) {
        if (t % often == often - 1) take_logs();
      });
  take_logs();
  const Vec<T> counted = at_least<T>(count, T(1));
  for (int c = 0; c < m.candidates; ++c) m.mean[c] = exp_<T>(m.mean[c] / counted);
}

// sums (C x C, row by row, on and below the diagonal) += the products of the errors of n steps.
template <class T>
ELMAN_INLINE void add_products(Smoother<T>& m, int n) {
  for (int i = 0; i < m.rows; i += 4)
    for (int j = 0; j <= i; j += 4) {
      Vec<T> sum[4][4];
      for (int a = 0; a < 4; ++a)
        for (int b = 0; b < 4; ++b) sum[a][b] = m.sums[(i + a) * m.rows + j + b];
      for (int t = 0; t < n; ++t) {
        const Vec<T>* e = m.errors + t * m.rows;
#pragma GCC unroll 4
        for (int a = 0; a < 4; ++a)
#pragma GCC unroll 4
          for (int b = 0; b < 4; ++b) sum[a][b] += e[i + a] * e[j + b];
      }
      for (int a = 0; a < 4; ++a)
        for (int b = 0; b < 4; ++b) m.sums[(i + a) * m.rows + j + b] = sum[a][b];
    }
}

// Squares of all candidates, or products of the first's errors and of how the others' differ.
template <class T, bool multiplied, bool fading>
ELMAN_INLINE void sum_errors(const Smoothing<T>& s, Smoother<T>& m, const int64_t* series, Vec<T> relative,
                             bool any_relative) {
  const auto is_relative = relative != T(0);
  int kept = 0;
  Vec<T> first_error{};
  all_steps<T, multiplied, fading>(
      s, m, series,
      [&](int64_t, int c, Vec<T> forecast, Vec<T> error, auto seen) {
        if (any_relative) error = is_relative & seen ? error * (m.mean[c] / forecast) : error;
        if (!s.sizes) {
          m.sums[c] += error * error;
        } else {
          if (c == 0) first_error = error;
          m.errors[kept * m.rows + c] = c ? error - first_error : error;
        }
      },
      [&](int64_t) {
        if (s.sizes && ++kept == kSmoothed) add_products<T>(m, kept), kept = 0;
      });
  if (kept) add_products<T>(m, kept);
}

template <class T>
ELMAN_INLINE void store_products(const Smoothing<T>& s, const Smoother<T>& m, const int* number, int64_t first, int n) {
  const int64_t C = s.candidates;
  for (int lane = 0; lane < n; ++lane) {
    T* out = s.out + (first + lane) * C * C;
    auto size = [&](int c) {
      const T apart = c ? s.sizes[(c - 1) * s.problems + first + lane] : T(1);
      return apart == 0 ? T(1) : apart;
    };
    for (int64_t k = 0; k < C * C; ++k) out[k] = 0;
    for (int a = 0; a < m.candidates; ++a)
      for (int b = 0; b <= a; ++b) {
        const int i = number[a], j = number[b];
        out[i * C + j] = out[j * C + i] = m.sums[a * m.rows + b][lane] / size(i) / size(j);
      }
  }
}

template <class T, bool multiplied, bool fading>
ELMAN_ONE_COPY void smooth_lanes(const Smoothing<T>& s, int64_t first, T* scratch) {
  const int n = int(s.problems - first < lanes<T> ? s.problems - first : lanes<T>);
  Smoother<T> m = smoother<T>(s, scratch);
  int number[kMostCandidates];
  for (int c = 0; c < s.candidates; ++c)
    if (differs(s, c, first, n)) number[m.candidates++] = c;
  int64_t series[lanes<T>];
  Vec<T> relative{};
  bool any_relative = false;
  for (int i = 0; i < lanes<T>; ++i) {
    series[i] = s.which[first + (i < n ? i : 0)];
    relative[i] = i < n ? s.relative[first + i] : T(0);
    any_relative |= relative[i] != 0;
  }
  auto from = [&](const T* x, size_t row) { return load_first<T>(x + row * s.problems + first, n); };
  for (int c = 0; c < m.candidates; ++c) {
    m.alpha[c] = from(s.alpha, number[c]), m.beta[c] = from(s.beta, number[c]), m.phi[c] = from(s.phi, number[c]);
    for (int k = 0; k < s.seasons; ++k) m.gamma[k * m.rows + c] = from(s.gamma, size_t(k) * s.candidates + number[c]);
  }
  for (int k = 0; k < m.rows * m.rows; ++k) m.sums[k] = Vec<T>{};
  for (int k = 0; k < m.rows * kSmoothed; ++k) m.errors[k] = Vec<T>{};
  if (any_relative) {
    begin_smoothing<T>(s, m, number, first, n);
    mean_forecasts<T, multiplied, fading>(s, m, series);
  }
  begin_smoothing<T>(s, m, number, first, n);
  sum_errors<T, multiplied, fading>(s, m, series, relative, any_relative);
  if (s.sizes) return store_products<T>(s, m, number, first, n);
  for (int c = 0; c < m.candidates; ++c) store_first<T>(s.out + c * s.problems + first, n, m.sums[c]);
}

template <class T>
void smooth(const Smoothing<T>& s, int64_t first, T* scratch) {
  if (s.multiplied) return smooth_lanes<T, true, false>(s, first, scratch);
  if (s.fading) return smooth_lanes<T, false, true>(s, first, scratch);
  smooth_lanes<T, false, false>(s, first, scratch);
}
