// Packed weights. Included by product.inc.h, inside the namespace of an instruction set.
//
// A panel is two vectors of columns (the last panel one, where that is enough), all K rows below one another, padded
// with zeros.
#pragma once
#include "vector_math.inc.h"

#if ELMAN_TILES
constexpr int tile_rows = 32;
#elif ELMAN_REGISTERS == 32
constexpr int tile_rows = 14, rows_of_two_panels = 5;
#else
constexpr int tile_rows = 6, rows_of_two_panels = 3;
#endif
constexpr int panel_vectors = 2;
template <class T>
constexpr int panel_columns = panel_vectors * lanes<T>;

template <class T>
constexpr int line_values = 64 / sizeof(T);  // of a cache line

ELMAN_INLINE constexpr int ceil_div(int a, int b) { return (a + b - 1) / b; }

template <class T>
ELMAN_INLINE T* aligned(T* p) {
  constexpr uintptr_t rest = ELMAN_VECTOR_BYTES - 1;
  return reinterpret_cast<T*>((reinterpret_cast<uintptr_t>(p) + rest) & ~rest);
}

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

// f(first column, columns, their place in the panel, the panel, its width) for the panels that columns first .. first+n
// of n_all meet; then pads the last panel, unless f does that.
template <bool pads = true, class T, class F>
ELMAN_INLINE void for_each_panel(int n, int k, int first, int n_all, T* packed, F f) {
  for (int j = first; j < first + n;) {
    const int panel = j / panel_columns<T> * panel_columns<T>;
    const int width = vectors_of_panel<T>(n_all - panel) * lanes<T>;
    const int end = first + n < panel + width ? first + n : panel + width;
    T* to = packed + size_t(panel) * k;
    f(j - first, end - j, j - panel, to, width);
    if (pads && end == n_all)
      for (int i = 0; i < k; ++i)
        for (int pad = end - panel; pad < width; ++pad) to[size_t(i) * width + pad] = T(0);
    j = end;
  }
}

// Some columns of one panel, and where they go: `room` is their number and that of the zeros behind them.
template <class T>
struct PanelPart {
  const T* w;
  ptrdiff_t column_stride, row_stride;
  int columns, room, rows;
  T* to;
  int width;  // of the panel

  // Columns lie side by side.
  ELMAN_INLINE void copy() const {
    if (columns == panel_columns<T>) {
      for (int i = 0; i < rows; ++i)
        for (int j = 0; j < panel_columns<T>; j += lanes<T>)
          store<T>(to + ptrdiff_t(i) * width + j, load<T>(w + i * row_stride + j));
      return;
    }
    for (int j = 0; j < room; j += lanes<T>) {
      const int given = columns - j, taken = room - j;
      for (int i = 0; i < rows; ++i) {
        const Vec<T> x = given > 0 ? load_first<T>(w + i * row_stride + j, given) : Vec<T>{};
        store_first<T>(to + ptrdiff_t(i) * width + j, taken, x);
      }
    }
  }

  // Rows lie side by side.
  ELMAN_INLINE void turn() const {
    for (int j = 0; j < room; j += lanes<T>)
      for (int i = 0; i < rows; i += lanes<T>) {
        const T* from = w + j * column_stride + i;
        Vec<T> block[lanes<T>];
        for (int c = 0; c < lanes<T>; ++c)
          block[c] = j + c < columns ? load_first<T>(from + c * column_stride, rows - i) : Vec<T>{};
        transpose<T>(block);
        for (int r = 0; r < lanes<T> && i + r < rows; ++r)
          store_first<T>(to + ptrdiff_t(i + r) * width + j, room - j, block[r]);
      }
  }
};

// Columns first .. first+n of the n_all columns of some panels.
template <class T>
void pack_panels(const T* w, ptrdiff_t column_stride, ptrdiff_t row_stride, int n, int k, int first, int n_all,
                 T* packed) {
  for_each_panel<false>(n, k, first, n_all, packed, [&](int column, int columns, int place, T* panel, int width) {
    const int room = first + column + columns == n_all ? width - place : columns;
    const T* from = w + column * column_stride;
    const PanelPart<T> part = {from, column_stride, row_stride, columns, room, k, panel + place, width};
    if (column_stride == 1)
      part.copy();
    else
      part.turn();
  });
}
