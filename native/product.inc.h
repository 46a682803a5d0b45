// Products with packed weights. Included by kernels.inc.h, inside the namespace of an instruction set.
//
// The microkernel keeps a tile of up to `tile_rows` rows x one panel (few rows: several panels) in registers and adds
// one rank-one update for each k. A value of the result is thus one chain of multiply-adds in the order of k, wherever
// it lies.
//
// Long rows go through a copy: in memory they often lie a power of two apart, where they push one another out of the
// nearest cache. So many rows and terms are taken at once as their copy and a panel of weights leave room for in the
// second one, and sums go on where those of the terms before ended, in the same order.
#pragma once
#include "panels.inc.h"

// Where the rows of a tile begin in memory, and how far apart they are; 0 where all of them are one row.
template <class T>
struct Rows {
  T* at;
  ptrdiff_t stride;
};

// What a microkernel asks the second cache for meanwhile: a line for each term, so many values apart.
template <class T>
struct Soon {
  const T* line;
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
ELMAN_ONE_COPY void tile(Rows<const T> a, const T* b, int k, Rows<const T> start, Rows<T> c, int last, Soon<T> soon) {
  constexpr int wide = C / panel_vectors * panel_vectors;  // vectors in panels of two
  constexpr int step = panel_vectors * lanes<T>;
  const ptrdiff_t panel = ptrdiff_t(k) * step;
  const T* narrow = b + C / panel_vectors * panel;
  if constexpr (R > rows_of_two_panels)  // what is written may be far away
    for (int r = 0; r < R; ++r)
      for (int j = 0; j < C; ++j) __builtin_prefetch(c.at + r * c.stride + j * lanes<T>, 1, 3);
  Vec<T> sum[R][C];
  for (int r = 0; r < R; ++r)
    for (int j = 0; j < C - 1; ++j) sum[r][j] = load<T>(start.at + r * start.stride + j * lanes<T>);
  const T* last_of_start = start.at + (C - 1) * lanes<T>;
  if (last >= lanes<T>)
    for (int r = 0; r < R; ++r) sum[r][C - 1] = load<T>(last_of_start + r * start.stride);
  else
    for (int r = 0; r < R; ++r) sum[r][C - 1] = load_first<T>(last_of_start + r * start.stride, last);
  do {
    __builtin_prefetch(soon.line, 0, 2);
    Vec<T> row[C];
    for (int j = 0; j < wide; ++j) row[j] = load<T>(b + j / panel_vectors * panel + j % panel_vectors * lanes<T>);
    if (wide < C) row[C - 1] = load<T>(narrow);
    for (int r = 0; r < R; ++r) {
      const Vec<T> x = broadcast<T>(a.at + r * a.stride);
      for (int j = 0; j < C; ++j) sum[r][j] = multiply_add<T>(x, row[j], sum[r][j]);
    }
    ++a.at, b += step, narrow += lanes<T>, soon.line += soon.stride;
  } while (--k);
  for (int r = 0; r < R; ++r)
    for (int j = 0; j < C - 1; ++j) store<T>(c.at + r * c.stride + j * lanes<T>, sum[r][j]);
  T* last_of_c = c.at + (C - 1) * lanes<T>;
  if (last >= lanes<T>)
    for (int r = 0; r < R; ++r) store<T>(last_of_c + r * c.stride, sum[r][C - 1]);
  else
    for (int r = 0; r < R; ++r) store_first<T>(last_of_c + r * c.stride, last, sum[r][C - 1]);
}
#endif

template <class T>
using TileFunction = void (*)(Rows<const T>, const T*, int, Rows<const T>, Rows<T>, int, Soon<T>);

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
                    int rows, Soon<T> soon) {
  alignas(ELMAN_VECTOR_BYTES) T buffer[tile_rows * panel_columns<T>];
  static_assert(most_panels <= tile_rows);
  const int ld = ceil_div(w.n, lanes<T>) * lanes<T>;
  if (!bias)
    for_each_part<T>(w, [&](const Segment<T>& s, int from, int to, int n) {
      for (int r = 0; r < rows; ++r) copy_values(buffer + r * ld + to, s.out + ptrdiff_t(row + r) * s.n + from, n);
    });
  run(a, b, k, bias ? Rows<const T>{bias, 0} : Rows<const T>{buffer, ld}, Rows<T>{buffer, ld}, lanes<T>, soon);
  for_each_part<T>(w, [&](const Segment<T>& s, int to, int from, int n) {
    for (int r = 0; r < rows; ++r) copy_values(s.out + ptrdiff_t(row + r) * s.n + to, buffer + r * ld + from, n);
  });
}

// Terms first .. first+n of sums; `add`: to what is there.
struct Terms {
  int first, n;
  bool add;
};

// Some rows against some panels.
template <class T>
struct Multiplication {
  const T* a;  // the first of the rows and terms
  ptrdiff_t lda;
  int first_row, m;
  Terms terms;
  const T *b, *next;  // the panels; and what is multiplied after them
  Window<T> window;

  // f(tile's microkernel, its rows of the operand, its first row and rows, what it asks for)
  template <class F>
  ELMAN_INLINE void for_each_tile(F f) const {
    const int vectors = ceil_div(window.n, lanes<T>), tiles = ceil_div(m, tile_rows);
    for (int t = 0, done = 0, rows; t < tiles; ++t, done += rows) {
      rows = ceil_div(m - done, tiles - t);
      // Two lines for each term: the first two tiles ask for one of them each, the others again for what is there.
      f(tiles_of<T>.at[rows - 1][vectors - 1], Rows<const T>{a + done * lda, lda}, first_row + done, rows,
        Soon<T>{next + t % 2 * line_values<T>, 2 * line_values<T>});
    }
  }

  // Inside one segment.
  void in_segment() const {
    const Segment<T>& s = *window.segment;
    const int column = window.first - window.start, last = window.n - (ceil_div(window.n, lanes<T>) - 1) * lanes<T>;
    const T* bias = s.bias ? s.bias + column : zero_columns<T>;
    for_each_tile([&](TileFunction<T> run, Rows<const T> from, int row, int, Soon<T> soon) {
      const Rows<T> out = {s.out + ptrdiff_t(row) * s.n + column, s.n};
      run(from, b, terms.n, terms.add ? Rows<const T>{out.at, out.stride} : Rows<const T>{bias, 0}, out, last, soon);
    });
  }

  void across_segments() const {
    alignas(ELMAN_VECTOR_BYTES) T bias[most_panels * panel_columns<T>];
    if (!terms.add)
      for_each_part<T>(window, [&](const Segment<T>& s, int from, int to, int n) {
        copy_values(bias + to, s.bias ? s.bias + from : zero_columns<T>, n);
      });
    for_each_tile([&](TileFunction<T> run, Rows<const T> from, int row, int rows, Soon<T> soon) {
      scattered_tile<T>(run, from, b, terms.n, terms.add ? nullptr : bias, window, row, rows, soon);
    });
  }
};

// Rows first_row .. first_row+m and columns first .. end of a product with some of its k terms; the operand begins with
// the first of the rows and terms, and the first column with a panel. Few rows, which take several panels at once, have
// all terms.
template <class T>
void product_rows(const T* a, ptrdiff_t lda, int first_row, int m, const T* packed, int k, Terms terms,
                  const Segment<T>* segments, int first, int end) {
  const int panels = ceil_div(end - first, panel_columns<T>), windows = ceil_div(panels, panels_for(m));
  Window<T> w = {segments, 0, first, 0};
  for (int i = 0, done = 0; i < windows; ++i) {
    done += ceil_div(panels - done, windows - i);
    const int last = first + done * panel_columns<T> < end ? first + done * panel_columns<T> : end;
    while (w.first >= w.start + w.segment->n) w.start += (w.segment++)->n;
    w.n = last - w.first;
    const int width = vectors_of_panel<T>(w.n) * lanes<T>;
    const T *panel = packed + size_t(w.first) * k + size_t(terms.first) * width, *next = panel + size_t(width) * k;
    const Multiplication<T> all = {a, lda, first_row, m, terms, panel, next, w};
    w.inside() ? all.in_segment() : all.across_segments();
    w.first = last;
  }
}

// How much of an operand is copied at once. Nothing where a copy is not worth it, as the rows are short or meet few
// columns.
template <class T>
struct Copying {
  static constexpr int pad = line_values<T>;  // rows of a copy never lie a power of two apart
  static constexpr int worth_bytes = 2048, worth_columns = 256;
  int rows = 0, terms = 0;

  Copying(int n, int k) {
    if (k * int(sizeof(T)) < worth_bytes || n < worth_columns) return;
    const int bytes_of_term = panel_columns<T> * sizeof(T);
    const int most_terms = largest(near_cache / 8 / bytes_of_term, pad);
    terms = ceil_div(k, ceil_div(k, most_terms));
    rows = largest(near_cache / 4 / int(sizeof(T)) / stride(terms), 2 * tile_rows);  // so that no part has few
  }
  static constexpr int largest(int a, int b) { return a > b ? a : b; }
  static constexpr int stride(int n) { return ceil_div(n, pad) * pad + pad; }
  size_t size() const { return size_t(rows) * stride(terms) + lanes<T>; }
};

template <class T>
size_t product_scratch(int n, int k) {
  return Copying<T>(n, k).size();
}

template <class T>
void product(const T* a, ptrdiff_t lda, int m, const T* packed, int k, const Segment<T>* segments, int n_segments,
             bool add, int first, int end, T* scratch) {
  int columns = 0;
  for (int s = 0; s < n_segments; ++s) columns += segments[s].n;
  const Copying<T> copying(columns, k);
  if (!copying.rows || panels_for(m) > 1)
    return product_rows<T>(a, lda, 0, m, packed, k, {0, k, add}, segments, first, end);
  T* copy = aligned(scratch);
  const int parts = ceil_div(m, copying.rows);
  for (int i = 0; i < parts; ++i)
    for (int term = 0; term < k; term += copying.terms) {
      const int row = even_start(m, parts, i), rows = even_start(m, parts, i + 1) - row;
      const int n = k - term < copying.terms ? k - term : copying.terms, stride = Copying<T>::stride(n);
      for (int r = 0; r < rows; ++r) copy_values(copy + r * stride, a + (row + r) * lda + term, n);
      product_rows<T>(copy, stride, row, rows, packed, k, {term, n, add || term > 0}, segments, first, end);
    }
}
