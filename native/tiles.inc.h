// The microkernel of matrix registers: up to 32 rows x two vectors of columns. Included by product.inc.h.
//
// The number of rows is that which the registers are cut for (TilesInUse). The order of a value's sum is that of the
// words, by sixteens; they are padded with zeros to a multiple of that.
#pragma once
#include "tile_registers.inc.h"

// Words as a walk along a product meets them, in values: the rows of a register, then the register of the next words;
// and the register beside, of the next 16 rows or columns.
struct TileWalk {
  const float* at;
  ptrdiff_t row, next, beside;
};

// c (R x C registers) = start + a b; of sixteen words times `steps`, one at least.
template <int R, int C>
ELMAN_ONE_COPY void multiply_walks(TileWalk a, TileWalk b, int steps, Rows<const float> start, Rows<float> c) {
  ELMAN_LOAD_TILE(0, start.at, start.stride);
  if constexpr (C == 2) ELMAN_LOAD_TILE(1, start.at + 16, start.stride);
  if constexpr (R == 2) ELMAN_LOAD_TILE(2, start.at + 16 * start.stride, start.stride);
  if constexpr (R == 2 && C == 2) ELMAN_LOAD_TILE(3, start.at + 16 * start.stride + 16, start.stride);
  do {
    ELMAN_LOAD_TILE(4, a.at, a.row);
    ELMAN_LOAD_TILE(6, b.at, b.row);
    ELMAN_MULTIPLY_TILES(0, 4, 6);
    if constexpr (C == 2) ELMAN_LOAD_TILE(7, b.at + b.beside, b.row);
    if constexpr (C == 2) ELMAN_MULTIPLY_TILES(1, 4, 7);
    if constexpr (R == 2) ELMAN_LOAD_TILE(5, a.at + a.beside, a.row);
    if constexpr (R == 2) ELMAN_MULTIPLY_TILES(2, 5, 6);
    if constexpr (R == 2 && C == 2) ELMAN_MULTIPLY_TILES(3, 5, 7);
    a.at += a.next, b.at += b.next;
  } while (--steps);
  ELMAN_STORE_TILE(0, c.at, c.stride);
  if constexpr (C == 2) ELMAN_STORE_TILE(1, c.at + 16, c.stride);
  if constexpr (R == 2) ELMAN_STORE_TILE(2, c.at + 16 * c.stride, c.stride);
  if constexpr (R == 2 && C == 2) ELMAN_STORE_TILE(3, c.at + 16 * c.stride + 16, c.stride);
}

using WalkFunction = void (*)(TileWalk, TileWalk, int, Rows<const float>, Rows<float>);

ELMAN_INLINE WalkFunction walk_function(bool two_rows, bool two_columns) {
  if (two_rows) return two_columns ? multiply_walks<2, 2> : multiply_walks<2, 1>;
  return two_columns ? multiply_walks<1, 2> : multiply_walks<1, 1>;
}

// One panel at a time, however few the rows.
constexpr int most_panels = 1;
ELMAN_INLINE constexpr int panels_for(int) { return 1; }

// The first `columns` of some rows, to others.
ELMAN_INLINE void copy_rows(Rows<const float> from, Rows<float> to, int rows, int columns) {
  for (int r = 0; r < rows; ++r)
    for (int j = 0; j < columns; j += lanes<float>)
      store_first<float>(to.at + r * to.stride + j, columns - j,
                         load_first<float>(from.at + r * from.stride + j, columns - j));
}

// c (rows x columns) = start + a (rows x k words) @ b; through a buffer where columns do not fill registers.
inline void tile_product(int rows, int columns, Rows<const float> a, const float* b, int k, Rows<const float> start,
                         Rows<float> c) {
  alignas(ELMAN_VECTOR_BYTES) float buffer[32 * 32];
  const int width = columns > 16 ? 32 : 16;
  const bool whole = columns == width;
  if (!whole) copy_rows(start, {buffer, width}, rows, columns);
  walk_function(rows > 16, columns > 16)(
      {a.at, a.stride, tile_words, 16 * a.stride}, {b, width, tile_words * width, 16}, k / tile_words,
      whole ? start : Rows<const float>{buffer, width}, whole ? c : Rows<float>{buffer, width});
  if (!whole) copy_rows({buffer, width}, c, rows, columns);
}

template <class T, int R, int C>
void tile(Rows<const T> a, const T* b, int k, Rows<const T> start, Rows<T> c, int last, Soon<T>) {
  tile_product(R, (C - 1) * lanes<T> + last, a, b, k, start, c);
}
