// Packed weights and products with them. Included by kernels.inc.h, inside the namespace of an instruction set.
//
// A panel is two vectors of columns (the last panel one, where that is enough), all K rows below one another, padded
// with zeros. The microkernel keeps a tile of up to `tile_rows` rows x one panel in registers and adds one rank-one
// update for each k. A value of the result is thus one chain of multiply-adds in the order of k, wherever it lies.
#pragma once
#include "vector_math.inc.h"

#if ELMAN_REGISTERS == 32
constexpr int tile_rows = 14, rows_of_two_panels = 5;
#else
constexpr int tile_rows = 6, rows_of_two_panels = 3;
#endif
constexpr int panel_vectors = 2;
template <class T>
constexpr int panel_columns = panel_vectors * lanes<T>;

ELMAN_INLINE int ceil_div(int a, int b) { return (a + b - 1) / b; }

// The part `i` of n things cut into parts as equal as can be starts here.
ELMAN_INLINE int even_start(int n, int parts, int i) { return int(int64_t(n) * i / parts); }

template <class T>
ELMAN_INLINE int vectors_of_panel(int columns) {
  return columns > lanes<T> ? panel_vectors : 1;
}

template <class T>
size_t panels_size(int n, int k) {
  return size_t(ceil_div(n, lanes<T>)) * lanes<T> * k;
}

// Columns `first` .. `end` of the whole matrix, all in one panel; row by row where a row's columns lie side by side.
template <class T>
ELMAN_INLINE void pack_columns(const T* w, ptrdiff_t column_stride, ptrdiff_t row_stride, int columns, int k, T* packed,
                               int width) {
  if (column_stride == 1)
    for (int i = 0; i < k; ++i)
      for (int j = 0; j < columns; ++j) packed[size_t(i) * width + j] = w[i * row_stride + j];
  else
    for (int j = 0; j < columns; ++j)
      for (int i = 0; i < k; ++i) packed[size_t(i) * width + j] = w[i * row_stride + j * column_stride];
}

// f(first column, columns, their place in the panel, the panel, its width) for the panels that columns first .. first+n
// of n_all meet; then pads the last panel.
template <class T, class F>
ELMAN_INLINE void for_each_panel(int n, int k, int first, int n_all, T* packed, F f) {
  for (int j = first; j < first + n;) {
    const int panel = j / panel_columns<T> * panel_columns<T>;
    const int width = vectors_of_panel<T>(n_all - panel) * lanes<T>;
    const int end = first + n < panel + width ? first + n : panel + width;
    T* to = packed + size_t(panel) * k;
    f(j - first, end - j, j - panel, to, width);
    if (end == n_all)
      for (int i = 0; i < k; ++i)
        for (int pad = end - panel; pad < width; ++pad) to[size_t(i) * width + pad] = T(0);
    j = end;
  }
}

// Where the rows of a tile begin in memory, and how far apart they are; 0 where all of them are one row.
template <class T>
struct Rows {
  T* at;
  ptrdiff_t stride;
};

// Few rows make few chains of multiply-adds, too few to keep the processor busy: they take several panels at once.
constexpr int most_panels = 4;
ELMAN_INLINE constexpr int panels_for(int rows) { return rows == 1 ? most_panels : rows <= rows_of_two_panels ? 2 : 1; }

// c (R x C vectors) = start + a (R x k) @ b (k x C vectors, in one panel or several). k is at least 1.
template <class T, int R, int C>
ELMAN_ONE_COPY void tile(Rows<const T> a, const T* b, int k, Rows<const T> start, Rows<T> c) {
  constexpr int step = (C < panel_vectors ? C : panel_vectors) * lanes<T>;
  const ptrdiff_t panel = ptrdiff_t(k) * step;
  Vec<T> sum[R][C];
  for (int r = 0; r < R; ++r)
    for (int j = 0; j < C; ++j) sum[r][j] = load<T>(start.at + r * start.stride + j * lanes<T>);
  do {
    Vec<T> row[C];
    for (int j = 0; j < C; ++j) row[j] = load<T>(b + j / panel_vectors * panel + j % panel_vectors * lanes<T>);
    for (int r = 0; r < R; ++r) {
      const Vec<T> x = broadcast<T>(a.at + r * a.stride);
      for (int j = 0; j < C; ++j) sum[r][j] = multiply_add<T>(x, row[j], sum[r][j]);
    }
    ++a.at, b += step;
  } while (--k);
  for (int r = 0; r < R; ++r)
    for (int j = 0; j < C; ++j) store<T>(c.at + r * c.stride + j * lanes<T>, sum[r][j]);
}

template <class T>
using TileFunction = void (*)(Rows<const T>, const T*, int, Rows<const T>, Rows<T>);

template <class T, int R = tile_rows>
TileFunction<T> tile_function(int rows, int vectors) {
  if constexpr (R == 0)
    return nullptr;
  else if (rows == R)
    return vectors == 1               ? tile<T, R, 1>
           : vectors == panel_vectors ? tile<T, R, panel_vectors>
                                      : tile<T, R, panels_for(R) * panel_vectors>;
  else
    return tile_function<T, R - 1>(rows, vectors);
}

// Columns first .. first+n of the result, seen through its segments.
template <class T>
struct Window {
  const Segment<T>* segment;  // the one that holds column `first`
  int start, first, n;        // start: the column of the result where the segment starts
  bool inside() const { return first + n <= start + segment->n; }
};

// f(part of segment's row, offset in the panel, columns) for each segment that the window meets.
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
  for (int i = 0; i < n; ++i) to[i] = from[i];
}

// A tile whose columns lie in several segments or do not fill its vectors goes through a buffer.
template <class T>
void scattered_tile(TileFunction<T> run, Rows<const T> a, const T* b, int k, const T* bias, const Window<T>& w, int row,
                    int rows) {
  alignas(ELMAN_VECTOR_BYTES) T buffer[tile_rows * panel_columns<T>];
  constexpr int ld = panel_columns<T>;
  if (!bias)
    for_each_part<T>(w, [&](const Segment<T>& s, int from, int to, int n) {
      for (int r = 0; r < rows; ++r) copy_values(buffer + r * ld + to, s.out + ptrdiff_t(row + r) * s.n + from, n);
    });
  run(a, b, k, bias ? Rows<const T>{bias, 0} : Rows<const T>{buffer, ld}, Rows<T>{buffer, ld});
  for_each_part<T>(w, [&](const Segment<T>& s, int to, int from, int n) {
    for (int r = 0; r < rows; ++r) copy_values(s.out + ptrdiff_t(row + r) * s.n + to, buffer + r * ld + from, n);
  });
}

// All rows against one panel, or several whole ones that lie in one segment.
template <class T>
void panel_product(const T* a, ptrdiff_t lda, int first_row, int m, const T* b, int k, const Window<T>& w, bool add) {
  alignas(ELMAN_VECTOR_BYTES) T bias[most_panels * panel_columns<T>] = {};
  if (!add)
    for_each_part<T>(w, [&](const Segment<T>& s, int from, int to, int n) {
      if (s.bias) copy_values(bias + to, s.bias + from, n);
    });
  const int vectors = ceil_div(w.n, lanes<T>), tiles = ceil_div(m, tile_rows);
  const bool direct = w.inside() && w.n == vectors * lanes<T>;
  for (int t = 0; t < tiles; ++t) {
    const int start = even_start(m, tiles, t), rows = even_start(m, tiles, t + 1) - start, row = first_row + start;
    const TileFunction<T> run = tile_function<T>(rows, vectors);
    const Rows<const T> operand = {a + start * lda, lda};
    if (direct) {
      const ptrdiff_t n = w.segment->n;
      const Rows<T> out = {w.segment->out + row * n + (w.first - w.start), n};
      run(operand, b, k, add ? Rows<const T>{out.at, n} : Rows<const T>{bias, 0}, out);
    } else {
      scattered_tile<T>(run, operand, b, k, add ? nullptr : bias, w, row, rows);
    }
  }
}

template <class T>
ELMAN_INLINE int columns_of(const Segment<T>* segments, int n) {
  int columns = 0;
  for (int s = 0; s < n; ++s) columns += segments[s].n;
  return columns;
}

// Rows first_row .. first_row+m of the first columns of a product; the operand begins with the first of them.
template <class T>
void product_rows(const T* a, ptrdiff_t lda, int first_row, int m, const T* packed, int k, const Segment<T>* segments,
                  int columns, bool add) {
  const int most = panels_for(m) * panel_columns<T>;
  Window<T> w = {segments, 0, 0, 0};
  for (int first = 0; first < columns; first += w.n) {
    while (first >= w.start + w.segment->n) w.start += (w.segment++)->n;
    w.first = first;
    w.n = most;
    if (!w.inside() || first + most > columns) {
      const int left = columns - first;
      w.n = left < panel_columns<T> ? left : panel_columns<T>;
    }
    panel_product<T>(a, lda, first_row, m, packed + size_t(first) * k, k, w, add);
  }
}
