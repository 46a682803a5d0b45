// Products with packed weights. Included by kernels.inc.h, inside the namespace of an instruction set.
//
// The microkernel keeps a tile of up to `tile_rows` rows x one panel (few rows: several panels) in registers and adds
// one rank-one update for each k. A value of the result is thus one chain of multiply-adds in the order of k, wherever
// it lies.
#pragma once
#include "panels.inc.h"

// Where the rows of a tile begin in memory, and how far apart they are; 0 where all of them are one row.
template <class T>
struct Rows {
  T* at;
  ptrdiff_t stride;
};

#if ELMAN_TILES
#include "tiles.inc.h"
#else
// Few rows make few chains of multiply-adds, too few to keep the processor busy: they take several panels at once.
constexpr int most_panels = 6;
ELMAN_INLINE constexpr int panels_for(int rows) {
  return rows == 1 ? most_panels : rows == 2 ? 3 : rows <= rows_of_two_panels ? 2 : 1;
}

// c (R x C vectors) = start + a (R x k) @ b (k x C vectors, in one panel or several, of which the last may have one
// vector). Of the last vector, `last` columns are read and written. k is at least 1.
template <class T, int R, int C>
ELMAN_ONE_COPY void tile(Rows<const T> a, const T* b, int k, Rows<const T> start, Rows<T> c, int last) {
  constexpr int wide = C / panel_vectors * panel_vectors;  // vectors in panels of two
  constexpr int step = panel_vectors * lanes<T>;
  const ptrdiff_t panel = ptrdiff_t(k) * step;
  const T* narrow = b + C / panel_vectors * panel;
  Vec<T> sum[R][C];
  for (int r = 0; r < R; ++r) {
    const T* from = start.at + r * start.stride;
    for (int j = 0; j < C - 1; ++j) sum[r][j] = load<T>(from + j * lanes<T>);
    sum[r][C - 1] = load_first<T>(from + (C - 1) * lanes<T>, last);
  }
  do {
    Vec<T> row[C];
    for (int j = 0; j < wide; ++j) row[j] = load<T>(b + j / panel_vectors * panel + j % panel_vectors * lanes<T>);
    if (wide < C) row[C - 1] = load<T>(narrow);
    for (int r = 0; r < R; ++r) {
      const Vec<T> x = broadcast<T>(a.at + r * a.stride);
      for (int j = 0; j < C; ++j) sum[r][j] = multiply_add<T>(x, row[j], sum[r][j]);
    }
    ++a.at, b += step, narrow += lanes<T>;
  } while (--k);
  for (int r = 0; r < R; ++r) {
    T* to = c.at + r * c.stride;
    for (int j = 0; j < C - 1; ++j) store<T>(to + j * lanes<T>, sum[r][j]);
    store_first<T>(to + (C - 1) * lanes<T>, last, sum[r][C - 1]);
  }
}
#endif

template <class T>
using TileFunction = void (*)(Rows<const T>, const T*, int, Rows<const T>, Rows<T>, int);

// The microkernels by their rows and vectors, from 1.
template <class T>
struct Tiles {
  TileFunction<T> at[tile_rows][most_panels * panel_vectors] = {};
  constexpr Tiles() { fill<1, 1>(); }

  template <int R, int C>
  constexpr void fill() {
    at[R - 1][C - 1] = tile<T, R, C>;
    if constexpr (C < panels_for(R) * panel_vectors)
      fill<R, C + 1>();
    else if constexpr (R < tile_rows)
      fill<R + 1, 1>();
  }
};
template <class T>
constexpr Tiles<T> tiles_of;

// Columns first .. first+n of the result, seen through its segments.
template <class T>
struct Window {
  const Segment<T>* segment;  // the one that holds column `first`
  int start, first, n;        // start: the column of the result where the segment starts
  bool inside() const { return first + n <= start + segment->n; }
};

// f(part of segment's row, offset in the window, columns) for each segment that the window meets.
template <class T, class F>
ELMAN_INLINE void for_each_part(const Window<T>& w, F f) {
  const Segment<T>* s = w.segment;
  for (int start = w.start, at = w.first; at < w.first + w.n; start += s->n, ++s) {
    const int end = start + s->n < w.first + w.n ? start + s->n : w.first + w.n;
    f(*s, at - start, at - w.first, end - at);
    at = end;
  }
}

template <class T>
ELMAN_INLINE void copy_values(T* to, const T* from, int n) {
  for (; n > 0; n -= lanes<T>, to += lanes<T>, from += lanes<T>) store_first<T>(to, n, load_first<T>(from, n));
}

template <class T>
alignas(ELMAN_VECTOR_BYTES) constexpr T zero_columns[most_panels * panel_columns<T>] = {};

// A tile of columns that lie in several segments goes through a buffer.
template <class T>
void scattered_tile(TileFunction<T> run, Rows<const T> a, const T* b, int k, const T* bias, const Window<T>& w, int row,
                    int rows) {
  alignas(ELMAN_VECTOR_BYTES) T buffer[tile_rows * panel_columns<T>];
  static_assert(most_panels <= tile_rows);
  const int ld = ceil_div(w.n, lanes<T>) * lanes<T>;
  if (!bias)
    for_each_part<T>(w, [&](const Segment<T>& s, int from, int to, int n) {
      for (int r = 0; r < rows; ++r) copy_values(buffer + r * ld + to, s.out + ptrdiff_t(row + r) * s.n + from, n);
    });
  run(a, b, k, bias ? Rows<const T>{bias, 0} : Rows<const T>{buffer, ld}, Rows<T>{buffer, ld}, lanes<T>);
  for_each_part<T>(w, [&](const Segment<T>& s, int to, int from, int n) {
    for (int r = 0; r < rows; ++r) copy_values(s.out + ptrdiff_t(row + r) * s.n + to, buffer + r * ld + from, n);
  });
}

// All rows against the panels of a window, inside one segment.
template <class T>
void segment_product(const T* a, ptrdiff_t lda, int first_row, int m, const T* b, int k, const Window<T>& w, bool add) {
  const Segment<T>& s = *w.segment;
  const int column = w.first - w.start, vectors = ceil_div(w.n, lanes<T>), tiles = ceil_div(m, tile_rows);
  const T* bias = s.bias ? s.bias + column : zero_columns<T>;
  for (int t = 0, done = 0, rows; t < tiles; ++t, done += rows) {
    rows = ceil_div(m - done, tiles - t);
    const Rows<T> out = {s.out + ptrdiff_t(first_row + done) * s.n + column, s.n};
    const Rows<const T> start = add ? Rows<const T>{out.at, out.stride} : Rows<const T>{bias, 0};
    tiles_of<T>.at[rows - 1][vectors - 1]({a + done * lda, lda}, b, k, start, out, w.n - (vectors - 1) * lanes<T>);
  }
}

// The same across segments.
template <class T>
void scattered_product(const T* a, ptrdiff_t lda, int first_row, int m, const T* b, int k, const Window<T>& w,
                       bool add) {
  alignas(ELMAN_VECTOR_BYTES) T bias[most_panels * panel_columns<T>];
  if (!add)
    for_each_part<T>(w, [&](const Segment<T>& s, int from, int to, int n) {
      copy_values(bias + to, s.bias ? s.bias + from : zero_columns<T>, n);
    });
  const int vectors = ceil_div(w.n, lanes<T>), tiles = ceil_div(m, tile_rows);
  for (int t = 0, done = 0, rows; t < tiles; ++t, done += rows) {
    rows = ceil_div(m - done, tiles - t);
    scattered_tile<T>(tiles_of<T>.at[rows - 1][vectors - 1], {a + done * lda, lda}, b, k, add ? nullptr : bias, w,
                      first_row + done, rows);
  }
}

// Rows first_row .. first_row+m and columns first .. end of a product; the operand begins with the first of the rows,
// and the first column with a panel.
template <class T>
void product_rows(const T* a, ptrdiff_t lda, int first_row, int m, const T* packed, int k, const Segment<T>* segments,
                  int first, int end, bool add) {
  const int panels = ceil_div(end - first, panel_columns<T>), windows = ceil_div(panels, panels_for(m));
  Window<T> w = {segments, 0, first, 0};
  for (int i = 0, done = 0; i < windows; ++i) {
    done += ceil_div(panels - done, windows - i);
    const int last = first + done * panel_columns<T> < end ? first + done * panel_columns<T> : end;
    while (w.first >= w.start + w.segment->n) w.start += (w.segment++)->n;
    w.n = last - w.first;
    (w.inside() ? segment_product<T> : scattered_product<T>)(a, lda, first_row, m, packed + size_t(w.first) * k, k, w,
                                                             add);
    w.first = last;
  }
}

template <class T>
void product(const T* a, ptrdiff_t lda, int m, const T* packed, int k, const Segment<T>* segments, int, bool add,
             int first, int end) {
  product_rows<T>(a, lda, 0, m, packed, k, segments, first, end, add);
}
