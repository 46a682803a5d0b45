// Gradients of matrices and vectors: sums over many rows. Included by kernels.inc.h, inside the namespace of an
// instruction set.
//
// dw = delta' source. One of the two lies along the vectors (`wide`), the other is broadcast (`tall`): whichever way
// wastes fewer lanes. Rows are taken in blocks of `block_rows`, all runs one after the other; the sums of the blocks
// are added up in scratch, those of the last one on the way to dw. A row is read once for each tile, from the second
// cache, while the multiply-adds of the rows before it go on. Rows far apart are copied first where a tile needs little
// of the lines that it brings, and where the second cache has room for it: such rows often lie a power of two apart,
// where they push one another out of every cache. Tasks that copy are larger, so that each row is copied less often.
#pragma once
#include "few_rows.inc.h"
#include "product.inc.h"

constexpr int block_rows = 256;
constexpr int task_wide = 64;  // columns of a task, at most; twice as many where tasks are many, as they read less then
constexpr int task_tall = 140;
constexpr int edge_wide = 512;
constexpr int worth_sharing = 4096;  // values of dw
constexpr int rows_ahead = 16;       // the row that comes to the nearest cache while another is multiplied
constexpr int many_tasks = 64;
constexpr bool narrow_tiles = panel_vectors * ELMAN_VECTOR_BYTES <= 64;
constexpr int far_bytes = narrow_tiles ? 1024 : 2048;  // rows so far apart are copied, if they are read
constexpr int worth_copying = 4;                       // so often
constexpr int room_for_copies = 3 << 19;               // bytes of a second cache where tiles are wide
constexpr int copied_wide = 256, copied_tall = 280;    // columns of a task there, at most
constexpr int few_tasks = 16;                          // which stay as they are
constexpr int look_pieces = 64;                        // after so many, a sum asks whether to stop
constexpr int few_rows = 32;  // so few that columns which fill no vector are not worth a task of their own

// Whether rows of so many values are copied.
template <class T>
ELMAN_INLINE bool are_far(int width) {
  return width * int(sizeof(T)) >= far_bytes && (narrow_tiles || near_cache >= room_for_copies);
}

// How dw is cut into tasks: a function of its sizes, and of a processor's second cache.
struct Cut {
  bool delta_wide;
  int wide, tall;              // columns of each side
  int main;                    // columns of the wide side that lie along the vectors
  int wide_tasks, tall_tasks;  // parts of each side
  int edge_tasks;              // of the columns after those
};

template <class T>
ELMAN_INLINE Cut cut_of(int m, int k, int most_wide = task_wide) {
  const int64_t source_wide_cost = int64_t(ceil_div(k, lanes<T>)) * m;
  const int64_t delta_wide_cost = int64_t(ceil_div(m, lanes<T>)) * k;
  Cut cut{delta_wide_cost < source_wide_cost, k, m, k, 1, 1, 0};
  if (cut.delta_wide) cut.wide = m, cut.tall = k;
  cut.main = cut.wide;
  cut.wide_tasks = ceil_div(cut.wide, most_wide);
  cut.tall_tasks = ceil_div(cut.tall, task_tall);
  return cut;
}

// Columns of the wide side that do not fill a vector change sides where that is much cheaper. What remains is cut so
// that two threads have alike parts.
template <class T>
ELMAN_INLINE Cut cut_with_edge(int m, int k) {
  Cut cut = cut_of<T>(m, k);
  const int edge = cut.wide % lanes<T>;
  if (edge < cut.wide && 2 * edge * ceil_div(cut.tall, lanes<T>) < cut.tall) cut.main = cut.wide - edge;
  if (cut.main < cut.wide) cut.edge_tasks = ceil_div(cut.tall, edge_wide);
  cut.wide_tasks = ceil_div(cut.main, task_wide);
  const int tasks = cut.wide_tasks * cut.tall_tasks;
  if (tasks >= many_tasks) cut.wide_tasks = ceil_div(cut.main, 2 * task_wide);
  if (!narrow_tiles && tasks >= few_tasks && (are_far<T>(m) || are_far<T>(k))) {
    cut.wide_tasks = ceil_div(cut.main, copied_wide), cut.tall_tasks = ceil_div(cut.tall, copied_tall);
    cut.tall_tasks += cut.wide_tasks * cut.tall_tasks % 2;
  }
  if (cut.wide_tasks * cut.tall_tasks > 2 || cut.main * cut.tall < worth_sharing) return cut;
  if (cut.wide_tasks == 1 || ceil_div(cut.main, panel_columns<T>) % 2) cut.wide_tasks = 1, cut.tall_tasks = 2;
  return cut;
}

template <class T>
int gradient_tasks(int m, int k) {
  const Cut cut = cut_with_edge<T>(m, k);
  return cut.wide_tasks * cut.tall_tasks + cut.edge_tasks;
}

// A row of a copy is never a power of two from the next one.
template <class T>
ELMAN_INLINE int copy_stride(int n) {
  return (ceil_div(n, line_values<T>) + 1) * line_values<T>;
}

// A packed panel, copies, the sums of a block and of all blocks, and room to align them.
template <class T>
size_t gradient_scratch(int m, int k) {
  const Cut cut = cut_with_edge<T>(m, k);
  const int panels = ceil_div(ceil_div(cut.main, panel_columns<T>), cut.wide_tasks);
  const int wide = panels * panel_columns<T>, tall = ceil_div(cut.tall, cut.tall_tasks);
  const size_t main = size_t(wide) * tall, edge = cut.edge_tasks ? size_t(edge_wide) * lanes<T> : 0;
  const int columns = copy_stride<T>(cut.edge_tasks && edge_wide > wide ? edge_wide : wide) +
                      copy_stride<T>(tall > lanes<T> ? tall : lanes<T>);
  const bool copies = are_far<T>(m) || are_far<T>(k);
  return (panel_columns<T> + (copies ? columns : 0)) * size_t(block_rows) + 2 * (main > edge ? main : edge) + lanes<T>;
}

// What a multiplication asks the cache for meanwhile: some lines of each row of the next block.
struct Ahead {
  const char* line;
  ptrdiff_t stride;
  int lines;
};

// Where the products of some rows of a block go: on top of `start`, and then into `partial`; when the block is
// complete, added to `sums`, if there are any. Those of the last block then go on, where dw has them in this order,
// into or onto `columns` columns of it.
template <class T>
struct Target {
  Rows<const T> start;
  T *partial, *sums;
  ptrdiff_t ld;
  bool completes;
  Rows<T> dw = {nullptr, 0};
  int columns = 0;
  bool add = false;
};

// The sums of a block, on their way to dw.
template <class T, int R, int C>
ELMAN_INLINE void write_sums(const Vec<T> (&sum)[R][C], const Target<T>& to) {
  for (int r = 0; r < R; ++r)
    for (int j = 0; j < C; ++j) {
      const int at = j * lanes<T>, n = to.columns - at;
      const Vec<T> all = to.sums ? load<T>(to.sums + r * to.ld + at) + sum[r][j] : sum[r][j];
      T* out = to.dw.at + r * to.dw.stride + at;
      store_first<T>(out, n, to.add ? load_first<T>(out, n) + all : all);
    }
}

// R columns of a, times C vectors of b, for at least one row.
template <class T, int R, int C>
ELMAN_ONE_COPY void add_outer_products(Rows<const T> a, Rows<const T> b, int rows, const Target<T>& to, Ahead ahead) {
  Vec<T> sum[R][C];
  for (int r = 0; r < R; ++r)
    for (int j = 0; j < C; ++j) sum[r][j] = load<T>(to.start.at + r * to.start.stride + j * lanes<T>);
  if (to.dw.at)
    for (int r = 0; r < R; ++r)
      for (int j = 0; j < C; ++j) __builtin_prefetch(to.dw.at + r * to.dw.stride + j * lanes<T>, 1, 3);
  do {
    for (int j = 0; j < ahead.lines; ++j) __builtin_prefetch(ahead.line + 64 * j, 0, 2);
    if constexpr (!narrow_tiles) {
      for (int j = 0; j < C; ++j) __builtin_prefetch(b.at + rows_ahead * b.stride + j * lanes<T>, 0, 3);
      __builtin_prefetch(a.at + rows_ahead * a.stride, 0, 3);
      __builtin_prefetch(a.at + rows_ahead * a.stride + R - 1, 0, 3);
    }
    Vec<T> wide[C];
    for (int j = 0; j < C; ++j) wide[j] = load<T>(b.at + j * lanes<T>);
    for (int r = 0; r < R; ++r) {
      const Vec<T> x = broadcast<T>(a.at + r);
      for (int j = 0; j < C; ++j) sum[r][j] = multiply_add<T>(x, wide[j], sum[r][j]);
    }
    a.at += a.stride, b.at += b.stride, ahead.line += ahead.stride;
  } while (--rows);
  if (to.dw.at) return write_sums<T, R, C>(sum, to);
  for (int r = 0; r < R; ++r)
    for (int j = 0; j < C; ++j) {
      const ptrdiff_t at = r * to.ld + j * lanes<T>;
      if (to.completes)
        store<T>(to.sums + at, load<T>(to.sums + at) + sum[r][j]);
      else
        store<T>(to.partial + at, sum[r][j]);
    }
}

template <class T>
using Multiply = void (*)(Rows<const T>, Rows<const T>, int, const Target<T>&, Ahead);

// The microkernels by their columns and vectors, from 1.
template <class T>
struct Multiplies {
  Multiply<T> at[tile_rows][panel_vectors] = {};
  constexpr Multiplies() { fill<1>(); }

  template <int R>
  constexpr void fill() {
    at[R - 1][0] = add_outer_products<T, R, 1>, at[R - 1][1] = add_outer_products<T, R, 2>;
    if constexpr (R < tile_rows) fill<R + 1>();
  }
};
template <class T>
constexpr Multiplies<T> multiplies_of;

template <class T>
ELMAN_INLINE Multiply<T> multiply_function(int columns, int vectors) {
  return multiplies_of<T>.at[columns - 1][vectors - 1];
}

// A range of the columns of one side.
template <class T>
struct Side {
  const T* rows;
  int width, first, n;  // width: columns of the whole side

  const T* row(int64_t number) const { return rows + number * width + first; }
};

// What one task sums.
template <class T>
struct Part {
  Side<T> wide, tall;
  ptrdiff_t tall_stride, wide_stride;  // in dw

  int lines() const { return ceil_div(wide.n, line_values<T>) + ceil_div(tall.n, line_values<T>); }

  // The lines `first` to `last` of both sides, of the rows from `row` on, so many rows apart.
  Ahead ahead(int64_t row, int first, int last, int apart = 1) const {
    const int wide_lines = ceil_div(wide.n, line_values<T>);
    const bool of_wide = first < wide_lines;
    const Side<T>& side = of_wide ? wide : tall;
    if (of_wide && last > wide_lines) last = wide_lines;
    const T* from = side.row(row) + (of_wide ? first : first - wide_lines) * line_values<T>;
    return {reinterpret_cast<const char*>(from), ptrdiff_t(apart * side.width * sizeof(T)), last - first};
  }

  void write(const T* sums, int ld, T* dw, bool add) const {
    dw += tall.first * tall_stride + wide.first * wide_stride;
    for (int i = 0; i < tall.n; ++i)
      for (int j = 0; j < wide.n; ++j) {
        T& to = dw[i * tall_stride + j * wide_stride];
        to = add ? to + sums[i * ld + j] : sums[i * ld + j];
      }
  }
};

template <class T>
ELMAN_INLINE Part<T> part_of(const Cut& cut, int task, const T* delta, const T* source, int k) {
  Part<T> part = {{source, cut.wide, 0, 0}, {delta, cut.tall, 0, 0}, k, 1};
  if (cut.delta_wide) part.wide.rows = delta, part.tall.rows = source, part.tall_stride = 1, part.wide_stride = k;
  const int edge_task = task - cut.wide_tasks * cut.tall_tasks;
  if (edge_task >= 0) {
    const Part<T> whole = part;
    part = {whole.tall, whole.wide, whole.wide_stride, whole.tall_stride};
    part.tall.first = cut.main, part.tall.n = cut.wide - cut.main;
    part.wide.first = edge_task * edge_wide;
    part.wide.n = cut.tall - part.wide.first < edge_wide ? cut.tall - part.wide.first : edge_wide;
    return part;
  }
  const int w = task % cut.wide_tasks, t = task / cut.wide_tasks;
  const int panels = ceil_div(cut.main, panel_columns<T>);  // whole ones for each task
  const int wide_last = even_start(panels, cut.wide_tasks, w + 1) * panel_columns<T>;
  part.wide.first = even_start(panels, cut.wide_tasks, w) * panel_columns<T>;
  part.wide.n = (wide_last < cut.main ? wide_last : cut.main) - part.wide.first;
  part.tall.first = even_start(cut.tall, cut.tall_tasks, t);
  part.tall.n = even_start(cut.tall, cut.tall_tasks, t + 1) - part.tall.first;
  return part;
}

// The sum over the rows of one task's part of dw.
template <class T>
struct Accumulator : Part<T> {
  using Part<T>::wide, Part<T>::tall;
  int tiles, ld;  // of the tall side; of the sums
  T *packed, *wide_copy, *tall_copy, *partial, *sums;
  Rows<T> dw = {nullptr, 0};  // where sums go at last, if in this order
  bool adds = false;          // to what is there

  Accumulator(const Part<T>& part, T* scratch) : Part<T>(part) {
    tiles = ceil_div(tall.n, tile_rows);
    ld = ceil_div(wide.n, lanes<T>) * lanes<T>;
    packed = aligned(scratch);
    wide_copy = packed + panel_columns<T> * block_rows;
    const bool copies = are_far<T>(wide.width) || are_far<T>(tall.width);
    tall_copy = wide_copy + (copies ? copy_stride<T>(wide.n) * block_rows : 0);
    partial = tall_copy + (copies ? copy_stride<T>(tall.n) * block_rows : 0);
    sums = partial + size_t(ld) * tall.n;
  }

  // Pads columns `first` and on. Whole vectors are moved where the memory of the rows goes on for so long: what they
  // bring along is summed too, and not looked at.
  void pack_edge(int64_t row, int rows, int first) const {
    const T* from = wide.rows + row * wide.width + wide.first + first;
    const int n = wide.n - first, padded = vectors_of_panel<T>(n) * lanes<T>;
    const ptrdiff_t last_whole = ptrdiff_t(rows - 1) * wide.width + n - padded;
    for (int i = 0; i < rows; ++i, from += wide.width) {
      T* to = packed + i * padded;
      if (ptrdiff_t(i) * wide.width <= last_whole)
        for (int j = 0; j < padded; j += lanes<T>) store<T>(to + j, load<T>(from + j));
      else
        for (int j = 0; j < padded; ++j) to[j] = j < n ? from[j] : T(0);
    }
  }

  // The rows of a side, or a copy of them if they are read so many times that it is worth it.
  static Rows<const T> near_rows(const Side<T>& side, int64_t row, int rows, int times, T* copy) {
    if (!are_far<T>(side.width) || times < worth_copying) return {side.row(row), side.width};
    const int stride = copy_stride<T>(side.n);
    for (int i = 0; i < rows; ++i) copy_values(copy + i * stride, side.row(row + i), side.n);
    return {copy, stride};
  }

  // `ends`: these are the last rows of all. Until then the lines of the next block come nearer, spread evenly over the
  // time that there is.
  void add(int64_t row, int rows, bool begins, bool completes, bool ends) const {
    const int whole = wide.n / lanes<T> * lanes<T>;  // columns that fill vectors
    const int edge = wide.n == whole ? wide.n : whole / panel_columns<T> * panel_columns<T>;
    if (edge < wide.n) pack_edge(row, rows, edge);
    const int panels = ceil_div(wide.n, panel_columns<T>), calls = tiles * panels, lines = ends ? 0 : this->lines();
    // Of the wide side a tile has whole lines, of the tall side a part of one, for which another tile comes again.
    const Rows<const T> of_wide = near_rows(wide, row, rows, tiles / 2, wide_copy);
    const Rows<const T> of_tall = near_rows(tall, row, rows, panels, tall_copy);
    for (int t = 0, call = 0, column = 0, columns; t < tiles; ++t, column += columns) {
      columns = ceil_div(tall.n - column, tiles - t);
      const Rows<const T> a = {of_tall.at + column, of_tall.stride};
      for (int first = 0; first < wide.n; first += panel_columns<T>, ++call) {
        const int vectors = vectors_of_panel<T>(wide.n - first);
        Rows<const T> b = {of_wide.at + first, of_wide.stride};
        if (first == edge) b = {packed, vectors * lanes<T>};
        const ptrdiff_t at = column * ld + first;
        const Rows<const T> start = begins ? Rows<const T>{zero_columns<T>, 0} : Rows<const T>{partial + at, ld};
        Target<T> to = {start, partial + at, sums ? sums + at : nullptr, ld, completes};
        if (dw.at && ends)
          to.dw = {dw.at + column * dw.stride + first, dw.stride}, to.columns = wide.n - first, to.add = adds;
        Ahead next = {nullptr, 0, 0};
        if (lines) next = this->ahead(row + rows, even_start(lines, calls, call), even_start(lines, calls, call + 1));
        multiply_function<T>(columns, vectors)(a, b, rows, to, next);
      }
    }
  }
};

// f(first row, rows, begins a block, completes it) for the pieces of runs that blocks consist of; whether it came to
// the last one.
template <class F>
ELMAN_INLINE bool for_each_piece(const Run* runs, int n_runs, F f, Stop stop = {}) {
  while (n_runs > 0 && !runs[n_runs - 1].count) --n_runs;
  int filled = 0, until_look = look_pieces;
  for (const Run* run = runs; run < runs + n_runs; ++run)
    for (int64_t done = 0; done < run->count;) {
      if (--until_look == 0) {
        if (stop()) return false;
        until_look = look_pieces;
      }
      const int64_t left = run->count - done;
      const int rows = left < block_rows - filled ? int(left) : block_rows - filled;
      const bool completes = filled + rows == block_rows || (run == runs + n_runs - 1 && rows == left);
      f(run->first + done, rows, !filled, completes);
      done += rows;
      filled = completes ? 0 : filled + rows;
    }
  return true;
}

ELMAN_INLINE int64_t rows_of(const Run* runs, int n_runs) {
  int64_t rows = 0;
  for (int i = 0; i < n_runs; ++i) rows += runs[i].count;
  return rows;
}

template <class T>
void gradient(int task, const T* delta, int m, const T* source, int k, const Run* runs, int n_runs, T* dw, bool add,
              T* scratch, Stop stop) {
  const Cut cut = cut_with_edge<T>(m, k);
  Part<T> part = part_of<T>(cut, task, delta, source, k);
  const int64_t rows = rows_of(runs, n_runs);
  if (rows > 0 && rows <= few_rows && !cut.delta_wide && cut.edge_tasks) {
    if (task >= cut.wide_tasks * cut.tall_tasks) return;
    if (part.wide.first + part.wide.n == cut.main) part.wide.n = cut.wide - part.wide.first;
  }
  if (part.wide_stride == 1 && n_runs == 1 && rows > 0 && rows <= very_few_rows) {
    const Rows<const T> tall = {part.tall.row(runs->first), part.tall.width};
    const Rows<const T> wide = {part.wide.row(runs->first), part.wide.width};
    T* to = dw + part.tall.first * part.tall_stride + part.wide.first;
    return gradient_of_few_rows<T>({tall, wide, part.tall.n, 0, {to, part.tall_stride}, add}, int(rows), part.wide.n);
  }
  Accumulator<T> a(part, scratch);
  const bool direct = part.wide_stride == 1 && rows > 0;
  if (direct) a.dw = {dw + part.tall.first * part.tall_stride + part.wide.first, part.tall_stride}, a.adds = add;
  if (direct && rows <= block_rows)
    a.sums = nullptr;  // one block, whose sums are not added up
  else
    __builtin_memset(a.sums, 0, sizeof(T) * a.ld * a.tall.n);
  int64_t left = rows;
  const auto add_piece = [&](int64_t row, int rows, bool begins, bool completes) {
    left -= rows;
    a.add(row, rows, begins, completes, left == 0);
  };
  const bool all = for_each_piece(runs, n_runs, add_piece, stop);
  if (all && !direct) part.write(a.sums, a.ld, dw, add);
}

// Columns first .. first+n of the sums; the same sums whichever columns go together.
template <class T, int n>
void sum_columns(const T* delta, int width, int first, const Run* runs, int n_runs, T* out, bool add) {
  T total[n] = {}, block[n] = {};
  for_each_piece(runs, n_runs, [&](int64_t row, int rows, bool, bool completes) {
    const T* from = delta + row * width + first;
    for (int i = 0; i < rows; ++i, from += width)
      for (int j = 0; j < n; ++j) block[j] += from[j];
    if (completes)
      for (int j = 0; j < n; ++j) total[j] += block[j], block[j] = T(0);
  });
  for (int j = 0; j < n; ++j) out[first + j] = add ? out[first + j] + total[j] : total[j];
}

// As many columns at once as there are, then the rest by halves.
template <class T, int n>
void sum_columns_from(const T* delta, int width, int first, const Run* runs, int n_runs, T* out, bool add) {
  for (; first + n <= width; first += n) sum_columns<T, n>(delta, width, first, runs, n_runs, out, add);
  if constexpr (n > 1) sum_columns_from<T, n / 2>(delta, width, first, runs, n_runs, out, add);
}

template <class T>
void column_sums(const T* delta, int n, const Run* runs, int n_runs, T* out, bool add) {
  sum_columns_from<T, 4 * lanes<T>>(delta, n, 0, runs, n_runs, out, add);
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

// Zero times a number is zero, or NaN if it is not finite.
template <class T>
bool all_finite(const T* x, size_t n) {
  constexpr int ways = 8;
  Vec<T> sum[ways] = {};
  for (; n >= ways * lanes<T>; n -= ways * lanes<T>, x += ways * lanes<T>)
    for (int j = 0; j < ways; ++j) sum[j] += load<T>(x + j * lanes<T>) * T(0);
  for (; n >= lanes<T>; n -= lanes<T>, x += lanes<T>) sum[0] += load<T>(x) * T(0);
  if (n > 0) sum[1] += load_first<T>(x, int(n)) * T(0);
  for (int j = 1; j < ways; ++j) sum[0] += sum[j];
  for (int i = 0; i < lanes<T>; ++i)
    if (sum[0][i] != T(0)) return false;
  return true;
}
