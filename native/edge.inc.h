// Products with packed weights whose last columns fill only a small part of a vector. Included by kernels.inc.h, inside
// the namespace of an instruction set.
//
// One column in a vector of 16 costs as much as 16. Where the last columns are few they are packed apart, each along
// its K values, and a value of the result is the inner product of two vectors: partial sums in the lanes, added up
// by halves. Which columns these are depends on N and K alone, so a row's values do not depend on the other rows.
#pragma once
#include "product.inc.h"

// Instructions that adding up the lanes of a sum costs, roughly.
constexpr int folding = 4;

template <class T>
ELMAN_INLINE int edge_columns(int n, int k) {
  const int edge = n % lanes<T>;
  const bool worth = k >= lanes<T> && 3 * edge * (ceil_div(k, lanes<T>) + folding) < 2 * k;
  return worth ? edge : 0;
}

template <class T>
ELMAN_INLINE int padded(int k) {
  return ceil_div(k, lanes<T>) * lanes<T>;
}

// Panels, then the columns of the edge.
template <class T>
size_t packed_size(int n, int k) {
  const int edge = edge_columns<T>(n, k);
  return panels_size<T>(n - edge, k) + size_t(edge) * padded<T>(k);
}

// The last vector overlaps the one before, so that nothing is read behind a row: there its weights are zero.
template <class T>
ELMAN_INLINE void pack_edge_column(const T* w, ptrdiff_t row_stride, int k, T* to) {
  const int whole = k / lanes<T> * lanes<T>;
  for (int i = 0; i < whole; ++i) to[i] = w[i * row_stride];
  for (int i = whole; i < padded<T>(k); ++i) {
    const int row = i + k - padded<T>(k);
    to[i] = row < whole ? T(0) : w[row * row_stride];
  }
}

template <class T>
void pack(const T* w, ptrdiff_t column_stride, ptrdiff_t row_stride, int n, int k, int first, int n_all, T* packed) {
  const int main = n_all - edge_columns<T>(n_all, k);
  const int in_panels = first + n < main ? n : first < main ? main - first : 0;
  for_each_panel(in_panels, k, first, main, packed, [&](int column, int columns, int place, T* panel, int width) {
    pack_columns(w + column * column_stride, column_stride, row_stride, columns, k, panel + place, width);
  });
  T* edge = packed + panels_size<T>(main, k);
  for (int j = in_panels; j < n; ++j)
    pack_edge_column(w + j * column_stride, row_stride, k, edge + size_t(first + j - main) * padded<T>(k));
}

// The sums of neighbouring lanes: those of a, then those of b.
template <class T>
ELMAN_INLINE Vec<T> add_neighbours(Vec<T> a, Vec<T> b) {
#if defined(__clang__)  // whose shuffle wants the numbers of the lanes written out
  constexpr int half = lanes<T> / 2;
  Vec<T> sums;
  for (int i = 0; i < half; ++i) sums[i] = a[2 * i] + a[2 * i + 1], sums[half + i] = b[2 * i] + b[2 * i + 1];
  return sums;
#else
  Bits<T> even, odd;
  for (int i = 0; i < lanes<T>; ++i) even[i] = 2 * i, odd[i] = 2 * i + 1;
  return __builtin_shuffle(a, b, even) + __builtin_shuffle(a, b, odd);
#endif
}

// Lane i becomes the sum of the lanes of x[i].
template <class T>
ELMAN_INLINE Vec<T> lane_sums(Vec<T>* x) {
  for (int n = lanes<T>; n > 1; n /= 2)
    for (int i = 0; i < n / 2; ++i) x[i] = add_neighbours<T>(x[2 * i], x[2 * i + 1]);
  return x[0];
}

// out (R x E, one row after the other) = the inner products of R rows of a with E columns.
template <class T, int R, int E>
ELMAN_ONE_COPY void inner_products(Rows<const T> a, const T* columns, int k, T* out) {
  const int end = padded<T>(k);
  Vec<T> sum[lanes<T>] = {};
  for (int i = 0; i < end; i += lanes<T>) {
    const int at = i + lanes<T> <= k ? i : k - lanes<T>;
    Vec<T> column[E];
    for (int j = 0; j < E; ++j) column[j] = load<T>(columns + j * end + i);
    for (int r = 0; r < R; ++r) {
      const Vec<T> row = load<T>(a.at + r * a.stride + at);
      for (int j = 0; j < E; ++j) sum[r * E + j] = row * column[j] + sum[r * E + j];
    }
  }
  store<T>(out, lane_sums<T>(sum));
}

// Rows that the lanes of a vector have room for, and one.
template <class T, int E>
void rows_with_edge(Rows<const T> a, int m, const T* columns, int k, const Window<T>& w, bool add) {
  constexpr int most = lanes<T> / E;
  alignas(ELMAN_VECTOR_BYTES) T out[lanes<T>];
  for (int row = 0, rows; row < m; row += rows) {
    rows = m - row < most ? 1 : most;
    const Rows<const T> from = {a.at + row * a.stride, a.stride};
    if (rows == 1)
      inner_products<T, 1, E>(from, columns, k, out);
    else
      inner_products<T, most, E>(from, columns, k, out);
    for_each_part<T>(w, [&](const Segment<T>& s, int to, int first, int n) {
      for (int r = 0; r < rows; ++r)
        for (int j = 0; j < n; ++j) {
          T& value = s.out[ptrdiff_t(row + r) * s.n + to + j];
          value = out[r * E + first + j] + (add ? value : s.bias ? s.bias[to + j] : T(0));
        }
    });
  }
}

// The columns by fours, twos and ones.
template <class T>
void edge_product(const T* a, ptrdiff_t lda, int m, const T* columns, int k, Window<T> w, int edge, bool add) {
  for (; edge > 0; edge -= w.n, w.first += w.n) {
    while (w.first >= w.start + w.segment->n) w.start += (w.segment++)->n;
    w.n = edge >= 4 ? 4 : edge >= 2 ? 2 : 1;
    if (w.n > lanes<T>) w.n = lanes<T>;
    if (w.n == 4) {
      if constexpr (lanes<T> >= 4) rows_with_edge<T, 4>({a, lda}, m, columns, k, w, add);
    } else if (w.n == 2) {
      rows_with_edge<T, 2>({a, lda}, m, columns, k, w, add);
    } else {
      rows_with_edge<T, 1>({a, lda}, m, columns, k, w, add);
    }
    columns += size_t(w.n) * padded<T>(k);
  }
}

template <class T>
void product(const T* a, ptrdiff_t lda, int m, const T* packed, int k, const Segment<T>* segments, int n_segments,
             bool add) {
  const int columns = columns_of(segments, n_segments), edge = edge_columns<T>(columns, k), main = columns - edge;
  if (main > 0) product_rows<T>(a, lda, 0, m, packed, k, segments, main, add);
  if (edge > 0) edge_product<T>(a, lda, m, packed + panels_size<T>(main, k), k, {segments, 0, main, 0}, edge, add);
}
