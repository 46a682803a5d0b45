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
  if constexpr (lanes<T> == 2) return Lane<T>{0, 1};
  if constexpr (lanes<T> == 4) return Lane<T>{0, 1, 2, 3};
  if constexpr (lanes<T> == 8) return Lane<T>{0, 1, 2, 3, 4, 5, 6, 7};
  if constexpr (lanes<T> == 16) return Lane<T>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
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

// Two vectors half joined: in the lanes without the bit `half` what `fold` makes of a, in those with it the same of b.
template <class T, class J>
ELMAN_INLINE Vec<T> fold_two(Vec<T> a, Vec<T> b, int half, J join) {
  const Lane<T> number = lane_numbers<T>(), of_b = number & half ? Lane<T>{} + lanes<T> : Lane<T>{};
  return join(shuffle<T>(a, b, (number & ~half) + of_b), shuffle<T>(a, b, (number | half) + of_b));
}

// How many rows are taken at once, so that their folds end in one vector, a row a lane.
template <class T>
constexpr int rows_at_once = lanes<T> >= 4 ? lanes<T> : 1;

// `fold` of R vectors, as many as a vector has lanes, or one: the same bits for each.
template <class T, int R, class J>
ELMAN_INLINE void fold_all(Vec<T>* x, T* out, J join) {
  if constexpr (R == lanes<T>) {
#pragma GCC unroll 8
    for (int half = R / 2; half; half /= 2)
#pragma GCC unroll 16
      for (int r = 0; r < half; ++r) x[r] = fold_two<T>(x[r], x[r + half], half, join);
    store<T>(out, x[0]);
  } else {
    for (int r = 0; r < R; ++r) out[r] = fold<T>(x[r], join);
  }
}

// A number that is known when the kernels are compiled.
template <int N>
struct Count {
  constexpr operator int() const { return N; }
};

// f(width), which knows it where a row is one vector: then nothing is left of the loop over its vectors.
template <class T, class F>
ELMAN_INLINE void by_width(int width, F f) {
  if (width == lanes<T>)
    f(Count<lanes<T>>{});
  else
    f(width);
}

// The sums of the lanes of what a function says of rows 0 .. R-1.
template <class T, int R, class F>
ELMAN_INLINE void fold_sums(T* out, F row) {
  Vec<T> x[R];
  for (int r = 0; r < R; ++r) x[r] = row(r);
  fold_all<T, R>(x, out, [](Vec<T> a, Vec<T> b) { return a + b; });
}

template <class T>
ELMAN_INLINE T fold_sum(Vec<T> x) {
  return fold<T>(x, [](Vec<T> a, Vec<T> b) { return a + b; });
}

constexpr int kStrip = 4096;  // values that are summed before they are added to the sum of all

template <class T>
ELMAN_INLINE Vec<T> short_lane_sums(const T* x, int width) {
  Vec<T> sum{};
  each_vector<T>(width, [&](int i, int n) { sum += load_first<T>(x + i, n); });
  return sum;
}

// Long sums are sums of shorter ones, so that they lose less by rounding.
template <class T>
ELMAN_INLINE Vec<T> lane_sums(const T* x, int width) {
  if (width <= kStrip) return short_lane_sums<T>(x, width);
  Vec<T> total{};
  for (int first = 0; first < width; first += kStrip) {
    const int strip = width - first < kStrip ? width - first : kStrip;
    total += short_lane_sums<T>(x + first, strip);
  }
  return total;
}

template <class T>
ELMAN_INLINE T row_sum(const T* x, int width) {
  return fold_sum<T>(lane_sums<T>(x, width));
}

template <class T, int R>
ELMAN_INLINE void row_sums(T* out, const T* x, int width) {
  fold_sums<T, R>(out, [=](int r) { return lane_sums<T>(x + ptrdiff_t(r) * width, width); });
}

template <class T, int R>
ELMAN_INLINE void row_means(T* out, const T* x, int width) {
  row_sums<T, R>(out, x, width);
  for (int r = 0; r < R; ++r) out[r] /= T(width);
}

// The larger of two, or the one that is NaN.
template <class T>
ELMAN_INLINE Vec<T> larger_or_nan(Vec<T> a, Vec<T> b) {
  return a != a ? a : larger(a, b);
}

template <class T>
ELMAN_INLINE Vec<T> lane_maxima(const T* x, int width) {
  const Vec<T> first = splat<T>(x[0]);
  Vec<T> most = first;
  each_vector<T>(
      width, [&](int i, int n) { most = larger_or_nan<T>(first_lanes<T>(load_first<T>(x + i, n), n, first), most); });
  return most;
}

template <class T>
ELMAN_INLINE T row_max(const T* x, int width) {
  return fold<T>(lane_maxima<T>(x, width), larger_or_nan<T>);
}

template <class T, int R>
ELMAN_INLINE void row_maxima(T* out, const T* x, int width) {
  Vec<T> most[R];
  for (int r = 0; r < R; ++r) most[r] = lane_maxima<T>(x + ptrdiff_t(r) * width, width);
  fold_all<T, R>(most, out, larger_or_nan<T>);
}

// 1 / sqrt(variance + epsilon).
template <class T, int R>
ELMAN_INLINE void inverse_deviations(T* out, const T* x, int width, T epsilon) {
  T mean[R], sum[R];
  row_means<T, R>(mean, x, width);
  fold_sums<T, R>(sum, [&](int row) {
    Vec<T> squares{};
    each_vector<T>(width, [&](int i, int n) {
      const Vec<T> centred = first_lanes<T>(load_first<T>(x + ptrdiff_t(row) * width + i, n) - mean[row], n, Vec<T>{});
      squares += centred * centred;
    });
    return squares;
  });
  for (int r = 0; r < R; ++r) {
    const T variance = sum[r] / T(width) + epsilon;
    out[r] = T(1) / (sizeof(T) == 4 ? T(__builtin_sqrtf(variance)) : T(__builtin_sqrt(variance)));
  }
}

template <class T, int R>
ELMAN_INLINE void normalise_rows(T* out, const T* x, const T* inverse_deviation, int width) {
  T mean[R];
  row_means<T, R>(mean, x, width);
  for (int r = 0; r < R; ++r, out += width, x += width)
    each_vector<T>(width, [&](int i, int n) {
      store_first<T>(out + i, n, (load_first<T>(x + i, n) - mean[r]) * inverse_deviation[r]);
    });
}

// What is left of g when its parts along a row of ones and along y are taken away, over the deviation.
template <class T, int R>
ELMAN_INLINE void normalise_grad_rows(T* out, const T* g, const T* y, const T* inverse_deviation, int width) {
  T mean[R], share[R];
  row_means<T, R>(mean, g, width);
  fold_sums<T, R>(share, [=](int row) {
    const ptrdiff_t from = ptrdiff_t(row) * width;
    Vec<T> along{};
    each_vector<T>(width,
                   [&](int i, int n) { along += load_first<T>(g + from + i, n) * load_first<T>(y + from + i, n); });
    return along;
  });
  for (int r = 0; r < R; ++r, out += width, g += width, y += width) {
    const T along = share[r] / T(width);
    each_vector<T>(width, [&](int i, int n) {
      const Vec<T> rest = load_first<T>(g + i, n) - mean[r] - load_first<T>(y + i, n) * along;
      store_first<T>(out + i, n, rest * inverse_deviation[r]);
    });
  }
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

template <class T, int R>
ELMAN_INLINE void matvec_rows(T* out, const T* x, const T* b, int columns) {
  fold_sums<T, R>(out, [=](int row) {
    const T* from = x + ptrdiff_t(row) * columns;
    Vec<T> sum{};
    each_vector<T>(columns, [&](int i, int n) { sum += load_first<T>(from + i, n) * load_first<T>(b + i, n); });
    return sum;
  });
}

template <class T>
ELMAN_INLINE void matvec_row(T* out, const T* x, const T* b, int rows, int columns) {
  int r = 0;
  for (; r + rows_at_once<T> <= rows; r += rows_at_once<T>)
    matvec_rows<T, rows_at_once<T>>(out + r, x + ptrdiff_t(r) * columns, b, columns);
  for (; r < rows; ++r) matvec_rows<T, 1>(out + r, x + ptrdiff_t(r) * columns, b, columns);
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

// Several sums at once.
template <class T>
ELMAN_INLINE Vec<T> lane_dots(const T* a, const T* b, int width) {
  constexpr int most = 4;
  Vec<T> sum[most] = {};
  int i = 0;
  for (; i + most * lanes<T> <= width; i += most * lanes<T>)
    for (int c = 0; c < most; ++c) sum[c] += load<T>(a + i + c * lanes<T>) * load<T>(b + i + c * lanes<T>);
  each_vector<T>(width - i, [&](int j, int n) { sum[0] += load_first<T>(a + i + j, n) * load_first<T>(b + i + j, n); });
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

template <class T, int R>
ELMAN_INLINE void row_dots(T* out, const T* a, const T* b, int width) {
  fold_sums<T, R>(out, [=](int r) { return lane_dots<T>(a + ptrdiff_t(r) * width, b + ptrdiff_t(r) * width, width); });
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

// The operands of an instruction as its rows are gone through, each at its first value.
template <class T>
struct RowsOf {
  T* out;
  const T *a, *b, *c;
  int left;                              // rows
  int width, a_width, b_width, c_width;  // copies: what is stored might be the tile's, for all that the compiler knows

  ELMAN_INLINE RowsOf(const Instruction<T>& in, const Tile<T>& tile)
      : out(tile.operand[in.out]),
        a(tile.operand[in.a]),
        b(tile.operand[in.b]),
        c(tile.operand[in.c]),
        left(tile.rows),
        width(tile.width[in.out]),
        a_width(tile.width[in.a]),
        b_width(tile.width[in.b]),
        c_width(tile.width[in.c]) {}

  ELMAN_INLINE void next(int rows) {
    out += rows * width, a += rows * a_width, b += rows * b_width, c += rows * c_width, left -= rows;
  }
};

// f(rows) for each row.
template <class T, class F>
ELMAN_INLINE void each_row(const Instruction<T>& in, const Tile<T>& tile, F f) {
  for (RowsOf<T> r(in, tile); r.left > 0; r.next(1)) f(r);
}

// f(R, rows) for groups of R rows.
template <class T, class F>
ELMAN_INLINE void each_group(const Instruction<T>& in, const Tile<T>& tile, F f) {
  RowsOf<T> r(in, tile);
  for (; r.left >= rows_at_once<T>; r.next(rows_at_once<T>)) f(Count<rows_at_once<T>>{}, r);
  for (; r.left > 0; r.next(1)) f(Count<1>{}, r);
}

// What ELMAN_ON_ROWS names: the functions of operations on rows. W is the width of a row that is gone through.
// clang-format off
#define ELMAN_ON_ROWS(X)                                                                               \
  X(sum) X(mean) X(max) X(pick) X(place) X(inverse_deviation) X(normalise) X(normalise_grad) X(concat) \
  X(slice) X(pad) X(outer) X(matvec) X(vecmat) X(outer_add) X(scale) X(dot) X(expand)
// clang-format on

#define ELMAN_ROWS_OF(name) \
  template <class T>        \
  void name##_of_rows([[maybe_unused]] const Instruction<T>& in, const Tile<T>& tile)

ELMAN_ROWS_OF(sum) {
  by_width<T>(tile.width[in.a], [&](auto W) {
    each_group<T>(in, tile, [=](auto R, const RowsOf<T>& r) { row_sums<T, R>(r.out, r.a, W); });
  });
}
ELMAN_ROWS_OF(mean) {
  by_width<T>(tile.width[in.a], [&](auto W) {
    each_group<T>(in, tile, [=](auto R, const RowsOf<T>& r) { row_means<T, R>(r.out, r.a, W); });
  });
}
ELMAN_ROWS_OF(max) {
  by_width<T>(tile.width[in.a], [&](auto W) {
    each_group<T>(in, tile, [=](auto R, const RowsOf<T>& r) { row_maxima<T, R>(r.out, r.a, W); });
  });
}
ELMAN_ROWS_OF(pick) {
  const bool whole = in.first != T(0);
  each_row<T>(in, tile, [=](const RowsOf<T>& r) { *r.out = pick_of_row<T>(r.a, index_of<T>(r.b, whole, r.a_width)); });
}
ELMAN_ROWS_OF(place) {
  const bool whole = in.first != T(0);
  each_row<T>(in, tile,
              [=](const RowsOf<T>& r) { place_in_row<T>(r.out, *r.a, index_of<T>(r.b, whole, r.width), r.width); });
}
ELMAN_ROWS_OF(inverse_deviation) {
  const T epsilon = in.first;
  by_width<T>(tile.width[in.a], [&](auto W) {
    each_group<T>(in, tile, [=](auto R, const RowsOf<T>& r) { inverse_deviations<T, R>(r.out, r.a, W, epsilon); });
  });
}
ELMAN_ROWS_OF(normalise) {
  by_width<T>(tile.width[in.out], [&](auto W) {
    each_group<T>(in, tile, [=](auto R, const RowsOf<T>& r) { normalise_rows<T, R>(r.out, r.a, r.b, W); });
  });
}
ELMAN_ROWS_OF(normalise_grad) {
  by_width<T>(tile.width[in.out], [&](auto W) {
    each_group<T>(in, tile, [=](auto R, const RowsOf<T>& r) { normalise_grad_rows<T, R>(r.out, r.a, r.b, r.c, W); });
  });
}
ELMAN_ROWS_OF(concat) {
  by_width<T>(tile.width[in.a],
              [&](auto W) { each_row<T>(in, tile, [=](const RowsOf<T>& r) { copy_row<T>(r.out, r.a, W); }); });
  by_width<T>(tile.width[in.b], [&](auto W) {
    each_row<T>(in, tile, [=](const RowsOf<T>& r) { copy_row<T>(r.out + r.a_width, r.b, W); });
  });
}
ELMAN_ROWS_OF(slice) {
  const int first = int(in.first);
  by_width<T>(tile.width[in.out],
              [&](auto W) { each_row<T>(in, tile, [=](const RowsOf<T>& r) { copy_row<T>(r.out, r.a + first, W); }); });
}
ELMAN_ROWS_OF(pad) {
  const int first = int(in.first);
  each_row<T>(in, tile, [=](const RowsOf<T>& r) { pad_row<T>(r.out, r.a, first, r.a_width, r.width); });
}
ELMAN_ROWS_OF(outer) {
  by_width<T>(tile.width[in.b], [&](auto W) {
    each_row<T>(in, tile, [=](const RowsOf<T>& r) { outer_row<T>(r.out, r.a, r.b, r.a_width, W); });
  });
}
ELMAN_ROWS_OF(matvec) {
  by_width<T>(tile.width[in.b], [&](auto W) {
    each_row<T>(in, tile, [=](const RowsOf<T>& r) { matvec_row<T>(r.out, r.a, r.b, r.width, W); });
  });
}
ELMAN_ROWS_OF(vecmat) {
  each_row<T>(in, tile, [=](const RowsOf<T>& r) { vecmat_row<T>(r.out, r.a, r.b, r.a_width, r.width); });
}
ELMAN_ROWS_OF(outer_add) {
  by_width<T>(tile.width[in.b], [&](auto W) {
    each_row<T>(in, tile, [=](const RowsOf<T>& r) { outer_add_row<T>(r.out, r.a, r.b, r.c, r.a_width, W); });
  });
}
ELMAN_ROWS_OF(scale) {
  by_width<T>(tile.width[in.out],
              [&](auto W) { each_row<T>(in, tile, [=](const RowsOf<T>& r) { scale_row<T>(r.out, r.a, *r.b, W); }); });
}
ELMAN_ROWS_OF(dot) {
  by_width<T>(tile.width[in.a], [&](auto W) {
    each_group<T>(in, tile, [=](auto R, const RowsOf<T>& r) { row_dots<T, R>(r.out, r.a, r.b, W); });
  });
}
ELMAN_ROWS_OF(expand) {
  by_width<T>(tile.width[in.out],
              [&](auto W) { each_row<T>(in, tile, [=](const RowsOf<T>& r) { fill_row<T>(r.out, *r.a, W); }); });
}
#undef ELMAN_ROWS_OF
