// Operations on whole rows: sums and what rests on them, indices, dropout. Included by elementwise.inc.h, inside the
// namespace of an instruction set.
//
// A row is taken vector by vector, the last one filled with what does not count; its lanes are then joined by halves.
// So a row's result depends on the row and its width alone.
#pragma once
#include "vector_math.inc.h"

// f(first, n) for the vectors of a row: n values from `first` on, fewer than a vector only at the end.
template <class T, class F>
ELMAN_INLINE void each_vector(int width, F f) {
  int first = 0;
  for (; first + lanes<T> <= width; first += lanes<T>) f(first, lanes<T>);
  if (first < width) f(first, width - first);
}

template <class T>
using Lane = decltype(Bits<T>{} == Bits<T>{});

template <class T>
ELMAN_INLINE Lane<T> lane_numbers() {
  Lane<T> number;
  for (int i = 0; i < lanes<T>; ++i) number[i] = i;
  return number;
}

// The first n lanes of x, the others from `rest`.
template <class T>
ELMAN_INLINE Vec<T> first_lanes(Vec<T> x, int n, Vec<T> rest) {
  return n >= lanes<T> ? x : lane_numbers<T>() < n ? x : rest;
}

// All lanes joined, each with the one half the lanes away, then a quarter ...
template <class T, class J>
ELMAN_INLINE T fold(Vec<T> x, J join) {
#pragma GCC unroll 8
  for (int half = lanes<T> / 2; half; half /= 2) x = join(x, shuffle<T>(x, x, lane_numbers<T>() ^ half));
  return x[0];
}

template <class T>
ELMAN_INLINE T fold_sum(Vec<T> x) {
  return fold<T>(x, [](Vec<T> a, Vec<T> b) { return a + b; });
}

constexpr int kStrip = 4096;  // values that are summed before they are added to the sum of all

// Long sums are sums of shorter ones, so that they lose less by rounding.
template <class T>
ELMAN_INLINE T row_sum(const T* x, int width) {
  Vec<T> total{};
  for (int first = 0; first < width; first += kStrip) {
    Vec<T> sum{};
    const int strip = width - first < kStrip ? width - first : kStrip;
    each_vector<T>(strip, [&](int i, int n) { sum += load_first<T>(x + first + i, n); });
    total += sum;
  }
  return fold_sum<T>(total);
}

// The larger of two, or the one that is NaN.
template <class T>
ELMAN_INLINE Vec<T> larger_or_nan(Vec<T> a, Vec<T> b) {
  return a != a ? a : larger(a, b);
}

template <class T>
ELMAN_INLINE T row_max(const T* x, int width) {
  const Vec<T> first = splat<T>(x[0]);
  Vec<T> most = first;
  each_vector<T>(
      width, [&](int i, int n) { most = larger_or_nan<T>(first_lanes<T>(load_first<T>(x + i, n), n, first), most); });
  return fold<T>(most, larger_or_nan<T>);
}

// 1 / sqrt(variance + epsilon).
template <class T>
ELMAN_INLINE T row_inverse_deviation(const T* x, int width, T epsilon) {
  const Vec<T> mean = splat<T>(row_sum<T>(x, width) / T(width));
  Vec<T> sum{};
  each_vector<T>(width, [&](int i, int n) {
    const Vec<T> centred = first_lanes<T>(load_first<T>(x + i, n) - mean, n, Vec<T>{});
    sum += centred * centred;
  });
  const T variance = fold_sum<T>(sum) / T(width) + epsilon;
  return T(1) / (sizeof(T) == 4 ? T(__builtin_sqrtf(variance)) : T(__builtin_sqrt(variance)));
}

template <class T>
ELMAN_INLINE void normalise_row(T* out, const T* x, T inverse_deviation, int width) {
  const T mean = row_sum<T>(x, width) / T(width);
  each_vector<T>(
      width, [&](int i, int n) { store_first<T>(out + i, n, (load_first<T>(x + i, n) - mean) * inverse_deviation); });
}

// What is left of g when its parts along a row of ones and along y are taken away, over the deviation.
template <class T>
ELMAN_INLINE void normalise_grad_row(T* out, const T* g, const T* y, T inverse_deviation, int width) {
  Vec<T> sum{}, along{};
  each_vector<T>(width, [&](int i, int n) {
    const Vec<T> v = load_first<T>(g + i, n);
    sum += v, along += v * load_first<T>(y + i, n);
  });
  const T mean = fold_sum<T>(sum) / T(width), share = fold_sum<T>(along) / T(width);
  each_vector<T>(width, [&](int i, int n) {
    const Vec<T> rest = load_first<T>(g + i, n) - mean - load_first<T>(y + i, n) * share;
    store_first<T>(out + i, n, rest * inverse_deviation);
  });
}

// An index, which is a whole number or itself a value of the network; -1 for one that is no index of n values.
template <class T>
ELMAN_INLINE int index_of(const T* at, bool whole, int n) {
  if (!whole) return *at >= T(0) && *at < T(n) && *at == T(int(*at)) ? int(*at) : -1;
  typename Real<T>::Word index;
  __builtin_memcpy(&index, at, sizeof index);
  return index < typename Real<T>::Word(n) ? int(index) : -1;
}

template <class T>
ELMAN_INLINE T pick_of_row(const T* x, int i) {
  return i < 0 ? Real<T>::nan : x[i];
}

template <class T>
ELMAN_INLINE void fill_row(T* out, T value, int width) {
  each_vector<T>(width, [&](int i, int n) { store_first<T>(out + i, n, splat<T>(value)); });
}

template <class T>
ELMAN_INLINE void copy_row(T* out, const T* x, int width) {
  each_vector<T>(width, [&](int i, int n) { store_first<T>(out + i, n, load_first<T>(x + i, n)); });
}

template <class T>
ELMAN_INLINE void pad_row(T* out, const T* x, int first, int n, int width) {
  fill_row<T>(out, T(0), first);
  copy_row<T>(out + first, x, n);
  fill_row<T>(out + first + n, T(0), width - first - n);
}

template <class T>
ELMAN_INLINE void place_in_row(T* out, T value, int i, int width) {
  fill_row<T>(out, T(0), width);
  if (i >= 0) out[i] = value;
}

// A matrix of rows and columns is one vector, row after row.
template <class T>
ELMAN_INLINE void outer_row(T* out, const T* a, const T* b, int rows, int columns) {
  for (int r = 0; r < rows; ++r, out += columns) {
    const T factor = a[r];
    each_vector<T>(columns, [&](int i, int n) { store_first<T>(out + i, n, load_first<T>(b + i, n) * factor); });
  }
}

template <class T>
ELMAN_INLINE void matvec_row(T* out, const T* x, const T* b, int rows, int columns) {
  for (int r = 0; r < rows; ++r, x += columns) {
    Vec<T> sum{};
    each_vector<T>(columns, [&](int i, int n) { sum += load_first<T>(x + i, n) * load_first<T>(b + i, n); });
    out[r] = fold_sum<T>(sum);
  }
}

template <class T>
ELMAN_INLINE void outer_add_row(T* out, const T* a, const T* b, const T* x, int rows, int columns) {
  for (int r = 0; r < rows; ++r, out += columns, x += columns) {
    const T factor = a[r];
    each_vector<T>(columns, [&](int i, int n) {
      store_first<T>(out + i, n, load_first<T>(b + i, n) * factor + load_first<T>(x + i, n));
    });
  }
}

// Of C vectors of columns, of which the last is filled by n.
template <class T, int C>
ELMAN_INLINE void vecmat_columns(T* out, const T* a, const T* x, int rows, int columns, int n) {
  Vec<T> sum[C] = {};
  for (int r = 0; r < rows; ++r, x += columns) {
    for (int c = 0; c < C - 1; ++c) sum[c] += load<T>(x + c * lanes<T>) * a[r];
    sum[C - 1] += load_first<T>(x + (C - 1) * lanes<T>, n) * a[r];
  }
  for (int c = 0; c < C - 1; ++c) store<T>(out + c * lanes<T>, sum[c]);
  store_first<T>(out + (C - 1) * lanes<T>, n, sum[C - 1]);
}

// Several sums at once, as each waits for its last addition.
template <class T>
ELMAN_INLINE void vecmat_row(T* out, const T* a, const T* x, int rows, int columns) {
  constexpr int most = 4;
  int i = 0;
  for (; i + most * lanes<T> <= columns; i += most * lanes<T>)
    vecmat_columns<T, most>(out + i, a, x + i, rows, columns, lanes<T>);
  for (; i < columns; i += lanes<T>)
    vecmat_columns<T, 1>(out + i, a, x + i, rows, columns, columns - i < lanes<T> ? columns - i : lanes<T>);
}

template <class T>
ELMAN_INLINE void scale_row(T* out, const T* x, T factor, int width) {
  each_vector<T>(width, [&](int i, int n) { store_first<T>(out + i, n, load_first<T>(x + i, n) * factor); });
}

// As `row_sum`, and several sums at once.
template <class T>
ELMAN_INLINE T row_dot(const T* a, const T* b, int width) {
  constexpr int most = 4;
  Vec<T> sum[most] = {};
  int i = 0;
  for (; i + most * lanes<T> <= width; i += most * lanes<T>)
    for (int c = 0; c < most; ++c) sum[c] += load<T>(a + i + c * lanes<T>) * load<T>(b + i + c * lanes<T>);
  each_vector<T>(width - i, [&](int j, int n) { sum[0] += load_first<T>(a + i + j, n) * load_first<T>(b + i + j, n); });
  return fold_sum<T>((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

ELMAN_INLINE uint64_t mix(uint64_t z) {
  z ^= z >> 30;
  z *= 0xbf58476d1ce4e5b9u;
  z ^= z >> 27;
  z *= 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

// Whether a unit is kept depends on key, dropout, step (unless one mask serves the whole sequence), row and unit alone:
// 24 bits of a hash against the rate.
template <class T>
void dropout(const Instruction<T>& in, const Tile<T>& tile) {
  constexpr uint64_t golden = 0x9e3779b97f4a7c15u;
  const T *a = tile.operand[in.a], kept = T(1.0 / (1.0 - double(in.first)));
  const double limit = double(in.first) * 16777216.0;
  const int width = tile.width[in.out], a_width = tile.width[in.a];
  T* out = tile.operand[in.out];
  for (int r = 0; r < tile.rows; ++r, a += a_width, out += width) {
    uint64_t k = mix(tile.key + golden * (uint64_t(in.second) + 1));
    if (in.op == Op::dropout_) k = mix(k + uint64_t(tile.step) * golden);
    k = mix(k + uint64_t(tile.row[r]) * golden);
    for (int i = 0; i < width; ++i) {
      const T x = a_width ? a[i] : a[0];
      out[i] = double(mix(k + uint64_t(i) * golden) >> 40) >= limit ? x * kept : T(0);
    }
  }
}

// f(out, a, b, c) for the rows of a tile, each at its first value.
template <class T, class F>
ELMAN_INLINE void each_row(const Instruction<T>& in, const Tile<T>& tile, F f) {
  T* out = tile.operand[in.out];
  const T *a = tile.operand[in.a], *b = tile.operand[in.b], *c = tile.operand[in.c];
  for (int r = 0; r < tile.rows; ++r) {
    f(out, a, b, c);
    out += tile.width[in.out], a += tile.width[in.a], b += tile.width[in.b], c += tile.width[in.c];
  }
}

template <class T>
void on_rows(const Instruction<T>& in, const Tile<T>& tile) {
  const int width = tile.width[in.out], n = tile.width[in.a], m = tile.width[in.b];
  const bool whole = in.first != T(0);
  switch (in.op) {
    case Op::sum_:
      return each_row<T>(in, tile, [=](T* out, const T* a, auto...) { *out = row_sum<T>(a, n); });
    case Op::mean_:
      return each_row<T>(in, tile, [=](T* out, const T* a, auto...) { *out = row_sum<T>(a, n) / T(n); });
    case Op::max_:
      return each_row<T>(in, tile, [=](T* out, const T* a, auto...) { *out = row_max<T>(a, n); });
    case Op::pick_:
      return each_row<T>(
          in, tile, [=](T* out, const T* a, const T* b, auto) { *out = pick_of_row<T>(a, index_of<T>(b, whole, n)); });
    case Op::place_:
      return each_row<T>(in, tile, [=](T* out, const T* a, const T* b, auto) {
        place_in_row<T>(out, *a, index_of<T>(b, whole, width), width);
      });
    case Op::inverse_deviation_: {
      const T epsilon = in.first;
      return each_row<T>(in, tile,
                         [=](T* out, const T* a, auto...) { *out = row_inverse_deviation<T>(a, n, epsilon); });
    }
    case Op::normalise_:
      return each_row<T>(in, tile, [=](T* out, const T* a, const T* b, auto) { normalise_row<T>(out, a, *b, width); });
    case Op::normalise_grad_:
      return each_row<T>(
          in, tile, [=](T* out, const T* a, const T* b, const T* c) { normalise_grad_row<T>(out, a, b, *c, width); });
    case Op::concat_:
      return each_row<T>(
          in, tile, [=](T* out, const T* a, const T* b, auto) { copy_row<T>(out, a, n), copy_row<T>(out + n, b, m); });
    case Op::slice_: {
      const int first = int(in.first);
      return each_row<T>(in, tile, [=](T* out, const T* a, auto...) { copy_row<T>(out, a + first, width); });
    }
    case Op::pad_: {
      const int first = int(in.first);
      return each_row<T>(in, tile, [=](T* out, const T* a, auto...) { pad_row<T>(out, a, first, n, width); });
    }
    case Op::outer_:
      return each_row<T>(in, tile, [=](T* out, const T* a, const T* b, auto) { outer_row<T>(out, a, b, n, m); });
    case Op::matvec_:
      return each_row<T>(in, tile, [=](T* out, const T* a, const T* b, auto) { matvec_row<T>(out, a, b, width, m); });
    case Op::vecmat_:
      return each_row<T>(in, tile, [=](T* out, const T* a, const T* b, auto) { vecmat_row<T>(out, a, b, n, width); });
    case Op::outer_add_:
      return each_row<T>(in, tile, [=](T* out, const T* a, const T* b, const T* c) {
        outer_add_row<T>(out, a, b, c, n, m);
      });
    case Op::scale_:
      return each_row<T>(in, tile, [=](T* out, const T* a, const T* b, auto) { scale_row<T>(out, a, *b, width); });
    case Op::dot_:
      return each_row<T>(in, tile, [=](T* out, const T* a, const T* b, auto) { *out = row_dot<T>(a, b, n); });
    default:  // expand
      return each_row<T>(in, tile, [=](T* out, const T* a, auto...) { fill_row<T>(out, *a, width); });
  }
}
