// Gradients of matrices and vectors: sums over many rows. Included by kernels.inc.h, inside the namespace of an
// instruction set.
//
// dw = delta' source. One of the two lies along the vectors (`wide`), the other is broadcast (`tall`): whichever way
// wastes fewer lanes. Rows are taken in blocks of `block_rows`, all runs one after the other; a block of both sides
// is packed, and multiplied with tiles in registers. Sums of blocks are added up in scratch.
#pragma once
#include "product.inc.h"

constexpr int block_rows = 256;
constexpr int task_tiles = 10;  // a task is up to so many tiles of tall columns ...
constexpr int task_panels = 2;  // ... by so many panels of wide columns

// How dw is cut into tasks: a function of its sizes alone.
struct Cut {
  bool delta_wide;
  int wide, tall;              // columns of each side
  int wide_tasks, tall_tasks;  // parts of each side
};

template <class T>
ELMAN_INLINE Cut cut_of(int m, int k) {
  const int64_t source_wide_cost = int64_t(ceil_div(k, lanes<T>)) * m;
  const int64_t delta_wide_cost = int64_t(ceil_div(m, lanes<T>)) * k;
  Cut cut{delta_wide_cost < source_wide_cost, k, m, 1, 1};
  if (cut.delta_wide) cut.wide = m, cut.tall = k;
  cut.wide_tasks = ceil_div(cut.wide, task_panels * panel_columns<T>);
  cut.tall_tasks = ceil_div(cut.tall, task_tiles * tile_rows);
  return cut;
}

template <class T>
int gradient_tasks(int m, int k) {
  const Cut cut = cut_of<T>(m, k);
  return cut.wide_tasks * cut.tall_tasks;
}

// A packed block of each side, the sums, and room to align them.
template <class T>
size_t gradient_scratch(int m, int k) {
  const Cut cut = cut_of<T>(m, k);
  const size_t most_wide = size_t(task_panels) * panel_columns<T>,
               wide = size_t(ceil_div(cut.wide, lanes<T>)) * lanes<T>;
  const size_t most_tall = size_t(task_tiles) * tile_rows, tall = cut.tall;
  const size_t w = wide < most_wide ? wide : most_wide, t = tall < most_tall ? tall : most_tall;
  return block_rows * (w + t) + w * t + 4 * lanes<T>;
}

template <class T>
ELMAN_INLINE T* aligned(T* p) {
  constexpr uintptr_t rest = ELMAN_VECTOR_BYTES - 1;
  return reinterpret_cast<T*>((reinterpret_cast<uintptr_t>(p) + rest) & ~rest);
}

// sums (R x C vectors) += a' b, with a packed as rows x R and b as rows x C vectors.
template <class T, int R, int C>
[[gnu::noinline]] void add_outer_products(const T* a, const T* b, int rows, T* sums, ptrdiff_t ld) {
  Vec<T> sum[R][C] = {};
  for (int i = 0; i < rows; ++i, a += R, b += C * lanes<T>) {
    Vec<T> wide[C];
    for (int j = 0; j < C; ++j) wide[j] = load<T>(b + j * lanes<T>);
    for (int r = 0; r < R; ++r) {
      const Vec<T> x = splat<T>(a[r]);
      for (int j = 0; j < C; ++j) sum[r][j] = x * wide[j] + sum[r][j];
    }
  }
  for (int r = 0; r < R; ++r)
    for (int j = 0; j < C; ++j) {
      T* to = sums + r * ld + j * lanes<T>;
      store<T>(to, load<T>(to) + sum[r][j]);
    }
}

template <class T, int R>
void pack_tall(const T* from, ptrdiff_t ld, int rows, T* to) {
  for (int i = 0; i < rows; ++i) __builtin_memcpy(to + i * R, from + i * ld, R * sizeof(T));
}

// What to do with a tile of R columns of the tall side.
template <class T>
struct TallTile {
  void (*pack)(const T*, ptrdiff_t, int, T*);
  void (*multiply[panel_vectors])(const T*, const T*, int, T*, ptrdiff_t);
};

template <class T, int R = tile_rows>
TallTile<T> tall_tile(int columns) {
  if constexpr (R == 0)
    return {};
  else if (columns == R)
    return {pack_tall<T, R>, {add_outer_products<T, R, 1>, add_outer_products<T, R, 2>}};
  else
    return tall_tile<T, R - 1>(columns);
}

// A range of the columns of one side.
template <class T>
struct Side {
  const T* rows;
  int width, first, n;  // width: columns of the whole side
};

template <class T>
void pack_wide(const Side<T>& side, int64_t row, int rows, int at, T* packed) {
  for (int first = 0; first < side.n; first += panel_columns<T>) {
    const int left = side.n - first, n = left < panel_columns<T> ? left : panel_columns<T>;
    const int padded = vectors_of_panel<T>(left) * lanes<T>;
    const T* from = side.rows + row * side.width + side.first + first;
    T* to = packed + size_t(first) * block_rows + size_t(at) * padded;
    for (int i = 0; i < rows; ++i, from += side.width, to += padded) {
      if (n == panel_columns<T>) {
        for (int j = 0; j < panel_vectors; ++j) store<T>(to + j * lanes<T>, load<T>(from + j * lanes<T>));
      } else {
        for (int j = 0; j < padded; ++j) to[j] = j < n ? from[j] : T(0);
      }
    }
  }
}

// The sum over the rows of one task's part of dw, and the blocks it is summed in.
template <class T>
struct Accumulator {
  Side<T> wide, tall;
  int tiles, ld;  // of the tall side; of the sums
  T *packed_wide, *packed_tall, *sums;

  void pack(int64_t row, int rows, int at) const {
    pack_wide<T>(wide, row, rows, at, packed_wide);
    for (int t = 0; t < tiles; ++t) {
      const int first = even_start(tall.n, tiles, t), n = even_start(tall.n, tiles, t + 1) - first;
      const T* from = tall.rows + row * tall.width + tall.first + first;
      tall_tile<T>(n).pack(from, tall.width, rows, packed_tall + size_t(first) * block_rows + size_t(at) * n);
    }
  }

  void multiply(int rows) const {
    for (int t = 0; t < tiles; ++t) {
      const int row = even_start(tall.n, tiles, t), n = even_start(tall.n, tiles, t + 1) - row;
      const TallTile<T> tile = tall_tile<T>(n);
      for (int first = 0; first < wide.n; first += panel_columns<T>)
        tile.multiply[vectors_of_panel<T>(wide.n - first) - 1](packed_tall + size_t(row) * block_rows,
                                                               packed_wide + size_t(first) * block_rows, rows,
                                                               sums + row * ld + first, ld);
    }
  }

  void write(T* dw, ptrdiff_t tall_stride, ptrdiff_t wide_stride) const {
    dw += tall.first * tall_stride + wide.first * wide_stride;
    for (int i = 0; i < tall.n; ++i)
      for (int j = 0; j < wide.n; ++j) dw[i * tall_stride + j * wide_stride] = sums[i * ld + j];
  }
};

// f(first row, rows, rows of the block so far) for pieces of runs, and end(rows) after each block.
template <class F, class G>
ELMAN_INLINE void for_each_block(const Run* runs, int n_runs, F f, G end) {
  int filled = 0;
  for (const Run* run = runs; run < runs + n_runs; ++run) {
    for (int64_t done = 0; done < run->count;) {
      const int64_t left = run->count - done;
      const int rows = left < block_rows - filled ? int(left) : block_rows - filled;
      f(run->first + done, rows, filled);
      done += rows;
      filled += rows;
      if (filled == block_rows) end(filled), filled = 0;
    }
  }
  if (filled) end(filled);
}

template <class T>
void gradient(int task, const T* delta, int m, const T* source, int k, const Run* runs, int n_runs, T* dw, T* scratch) {
  const Cut cut = cut_of<T>(m, k);
  const int w = task % cut.wide_tasks, t = task / cut.wide_tasks;
  const int panels = ceil_div(cut.wide, panel_columns<T>);
  const int wide_first = even_start(panels, cut.wide_tasks, w) * panel_columns<T>;
  const int wide_last = even_start(panels, cut.wide_tasks, w + 1) * panel_columns<T>;
  const int tall_first = even_start(cut.tall, cut.tall_tasks, t);
  const int tall_last = even_start(cut.tall, cut.tall_tasks, t + 1);
  Accumulator<T> a;
  a.wide = {cut.delta_wide ? delta : source, cut.wide, wide_first,
            (wide_last < cut.wide ? wide_last : cut.wide) - wide_first};
  a.tall = {cut.delta_wide ? source : delta, cut.tall, tall_first, tall_last - tall_first};
  a.tiles = ceil_div(a.tall.n, tile_rows);
  a.ld = ceil_div(a.wide.n, lanes<T>) * lanes<T>;
  a.packed_wide = aligned(scratch);
  a.sums = a.packed_wide + size_t(a.ld) * block_rows;
  a.packed_tall = a.sums + size_t(a.ld) * a.tall.n;
  __builtin_memset(a.sums, 0, sizeof(T) * a.ld * a.tall.n);
  for_each_block(
      runs, n_runs, [&](int64_t row, int rows, int at) { a.pack(row, rows, at); }, [&](int rows) { a.multiply(rows); });
  if (cut.delta_wide)
    a.write(dw, 1, k);
  else
    a.write(dw, k, 1);
}

// Columns first .. first+n of the sums; the same sums whichever columns go together.
template <class T, int n>
void sum_columns(const T* delta, int width, int first, const Run* runs, int n_runs, T* out) {
  T total[n] = {}, block[n] = {};
  for_each_block(
      runs, n_runs,
      [&](int64_t row, int rows, int) {
        const T* from = delta + row * width + first;
        for (int i = 0; i < rows; ++i, from += width)
          for (int j = 0; j < n; ++j) block[j] += from[j];
      },
      [&](int) {
        for (int j = 0; j < n; ++j) total[j] += block[j], block[j] = T(0);
      });
  for (int j = 0; j < n; ++j) out[first + j] = total[j];
}

template <class T>
void column_sums(const T* delta, int n, const Run* runs, int n_runs, T* out) {
  int first = 0;
  for (; first + 4 * lanes<T> <= n; first += 4 * lanes<T>)
    sum_columns<T, 4 * lanes<T>>(delta, n, first, runs, n_runs, out);
  for (; first + lanes<T> <= n; first += lanes<T>) sum_columns<T, lanes<T>>(delta, n, first, runs, n_runs, out);
  for (; first < n; ++first) sum_columns<T, 1>(delta, n, first, runs, n_runs, out);
}

// 32 interleaved sums, so that the order is the same for every instruction set.
template <class T>
double sum_of_squares(const T* x, size_t n) {
  constexpr int ways = 32;
  double sum[ways] = {};
  size_t i = 0;
  for (; i + ways <= n; i += ways)
    for (int j = 0; j < ways; ++j) sum[j] += double(x[i + j]) * double(x[i + j]);
  for (int j = 0; i + j < n; ++j) sum[j] += double(x[i + j]) * double(x[i + j]);
  for (int half = ways / 2; half; half /= 2)
    for (int j = 0; j < half; ++j) sum[j] += sum[j + half];
  return sum[0];
}
