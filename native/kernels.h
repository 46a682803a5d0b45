// The hot loops, one copy for each instruction set.
//
// Goals: everything the plan runner (run.h) spends its time in: packing of weights, products with packed weights,
//   gradients of matrices, elementwise programs. One source (kernels.inc.h), compiled once for each instruction set.
// Non-goals: it knows no plan, no slot, no thread, no Python. It allocates nothing.
//
// Letters: M rows of an operand (batch rows, or steps x batch rows), N columns of a result, K the summed dimension.
//
// The same numbers: a value of a result depends on its own row of the operand only, never on where in the batch,
// in a tile or in a vector that row lies: every edge runs the same vector code as the inside, and the order of
// every sum is a function of the sizes alone.
//
// Memory: any alignment works; operands, packed weights and scratch that begin at multiples of 64 bytes are faster.
#pragma once
#include <cstddef>
#include <cstdint>

namespace elman {

// Every elementwise operation: X(name, number of operands). The names are those of the op table in Python, which
// asks for the numbers; adding an op is adding a row here and its value in elementwise.inc.h.
// clang-format off
#define ELMAN_OPS(X)                                                                                              \
  X(copy, 1) X(neg, 1) X(abs, 1) X(sign, 1) X(square, 1) X(sqrt, 1) X(reciprocal, 1)                              \
  X(exp, 1) X(log, 1) X(log1p, 1) X(erf, 1) X(sigmoid, 1) X(tanh, 1) X(relu, 1) X(leaky_relu, 1) X(elu, 1)        \
  X(softplus, 1) X(silu, 1) X(gelu, 1) X(clip, 1) X(sin, 1) X(cos, 1) X(floor, 1) X(spike, 1)                     \
  X(lgamma, 1) X(digamma, 1)                                                                                      \
  X(add, 2) X(sub, 2) X(mul, 2) X(div, 2) X(pow, 2) X(maximum, 2) X(minimum, 2)                                   \
  X(lt, 2) X(le, 2) X(eq, 2) X(sigmoid_grad, 2) X(tanh_grad, 2) X(relu_grad, 2)                                   \
  X(where, 3) X(fma, 3) X(blend, 3)                                                                               \
  X(sum, 1) X(mean, 1) X(max, 1) X(expand, 1) X(pick, 2) X(place, 2) X(dropout, 1) X(dropout_once, 1)   \
  X(accumulate, 2)                                                                                                \
  X(inverse_deviation, 1) X(normalise, 2) X(normalise_grad, 3) X(concat, 2) X(slice, 1) X(pad, 1)     \
  X(outer, 2) X(matvec, 2) X(vecmat, 2) X(outer_add, 3) X(scale, 2) X(dot, 2)
// clang-format on

enum class Op : uint16_t {
#define ELMAN_OP_NAME(name, arity) name##_,
  ELMAN_OPS(ELMAN_OP_NAME)
#undef ELMAN_OP_NAME
      count
};

// The number of operands of each.
constexpr int kArity[] = {
#define ELMAN_OP_ARITY(name, arity) arity,
    ELMAN_OPS(ELMAN_OP_ARITY)
#undef ELMAN_OP_ARITY
};

// One elementwise instruction: out = op(a, b, c; first, second). The operands are numbers into Tile::operand.
//   clip: first <= x <= second.  leaky_relu, elu: first is the slope / alpha.  dropout: first is the rate (as a T),
//   second the number of the dropout in the network; that of dropout_once does not depend on the step.  sigmoid_grad(g,
//   s) = g s (1-s); tanh_grad(g, y) = g (1-y^2); relu_grad(g, y) = y > 0 ? g : 0; fma(a, b, c) = a b + c; blend(z, a,
//   b) = z a + (1-z) b; lt, le, eq give 1 or 0; where(c, a, b) = c != 0 ? a : b; spike(x) = x > 0 ? 1 : 0. sum, mean,
//   max: width n -> 1. expand: 1 -> n. pick(x, i): (n, 1) -> 1. place(g, i): (1, 1) -> n, g at i and else 0. These take
//   no constant of width n. An index outside 0 .. n-1, a fraction or NaN picks NaN and places nothing; where first is
//   not 0 the index is a whole number, of as many bits as a T, else a value of type T. concat(a, b): the values of a,
//   then those of b. slice(x; first): as many values as the result has, from number `first` on. pad(x; first): x from
//   number `first` on, and else 0. Like the next three they take no constants. outer(a, b) = a_i b_j, row by row: (n,
//   m) -> n m. Of such a matrix x, matvec(x, b) = sum over j of x_ij b_j and vecmat(a, x) = sum over i of a_i x_ij;
//   their result is not the memory of an operand. outer_add(a, b, x) = x + outer(a, b). scale(x, s) = x s and dot(a, b)
//   = sum over i of a_i b_i, with no constants: (n, 1) -> n and (n, n) -> 1. inverse_deviation(x; first) = 1 /
//   sqrt(variance of x + first): n -> 1. normalise(x, r) = (x - mean of x) r, and normalise_grad(g, y, r) = (g - mean
//   of g - y (mean of g y)) r: r of width 1. accumulate(a, b) adds a b of each row to the sums of the row's unit (see
//   Tile), in the order of the rows. NaN stays NaN, in maximum, minimum, clip, relu and max too.
template <class T>
struct Instruction {
  Op op;
  uint16_t out, a, b, c;
  T first, second;
};

// Memory that is wanted soon: `lines` cache lines from `at` on.
struct Wanted {
  const char* at;
  int lines;
};

constexpr int kConstantBytes = 64;  // the widest vector

// What one run of a program sees: a few rows of every operand. An operand of width w is rows x w contiguous values;
// width 0 marks a constant, a value that serves every row and fills kConstantBytes. An output may be the same memory as
// an input of the same instruction, but never overlaps one otherwise.
template <class T>
struct Tile {
  T* const* operand;
  const int* width;
  int rows;
  uint64_t key;        // of the dropout: seed and update, already mixed
  int64_t step;        // of the dropout: the time step
  const int64_t* row;  // of the dropout: the number of each row of the tile
  // Of accumulate: `unit_rows` rows after one another share their sums; the tile's first row is number `first_row`, and
  // the sums of the next unit lie `unit_size` values further on.
  int first_row = 0, unit_rows = 1;
  ptrdiff_t unit_size = 0;
  // What the program asks the cache for meanwhile, a little before each instruction.
  const Wanted* ahead = nullptr;
  int n_ahead = 0;
};

// A column range of a product's result, a matrix of its own: M x n, contiguous rows of n values.
template <class T>
struct Segment {
  T* out;
  const T* bias;  // n values added to every row, or null; not looked at when the product adds to what is there
  int n;
};

// A run of consecutive rows: of the rows that a gradient sums over, only some are in use (ragged batches).
struct Run {
  int64_t first, count;
};

// What a row attends to: keys and values of n steps, one step's so many values after the last one's. The score of a
// step is scale * key . query or, where there is a vector, vector . tanh(query + key).
template <class T>
struct Attended {
  const T *keys, *values;
  ptrdiff_t keys_apart, values_apart;
  int n, key_width, value_width;
  T scale;
  const T* vector;
};

// Where the gradients of attention go; null where they are not wanted. That of the query is written, all else added to.
template <class T>
struct AttentionGradients {
  T *query = nullptr, *keys = nullptr, *values = nullptr, *vector = nullptr;
  ptrdiff_t keys_apart = 0, values_apart = 0;
};

// What a kernel that may take long asks now and then: whether to end at once, its results of no use.
struct Stop {
  bool (*ask)(void*) = nullptr;
  void* whom = nullptr;
  bool operator()() const { return ask && ask(whom); }
};

// Exponential smoothing of R problems with C candidates of their parameters each. With q = level + phi trend, the
// forecast f of a step is q, plus the season's index of its phase, or times it; of several seasons, plus their sum.
// From its error e = y - f, which is 0 where y is NaN, states learn: level' = q + alpha e', trend' = phi trend + beta
// e' and index' = index + gamma e''; e' is e, or e / index where a season is multiplied, and e'' is e, or e / q there.
// With `fading` the trend is what is left of errors: level' = level + alpha e.
constexpr int kMostSeasons = 4, kMostCandidates = 64;

template <class T>
struct Smoothing {
  int64_t steps, series, problems;  // T, S, R
  int candidates, seasons;          // C; so many seasons
  bool multiplied, fading;
  bool one_season;                              // all candidates begin with the same indices
  const int* periods;                           // steps of each season
  const T* y;                                   // T x S; NaN where there is no value
  const int64_t* which;                         // R: whose values
  const T* relative;                            // R: not 0 where errors are e g / f, g the geometric mean of all f
  const T *alpha, *beta, *phi, *level, *trend;  // C x R
  const T *gamma, *indices;                     // seasons x C x R; all phases of all seasons x (C or 1) x R
  const T* sizes;                               // C - 1 x R: how far a candidate is from the first; or null
  T* out;  // of no sizes, squares of the errors, C x R. Else R x C x C, products over steps of the first candidate's
           // errors and of the slopes of the others', (e_c - e_0) / size; 0 of a candidate whose size is 0
  Stop stop = {};
};

// The theta method for S series of T steps with C rates: `base`, `u` and `drift` are the parts of the level, and what
// the line through the values before a step adds to its forecast is `line`; elman/forecast/rivals/theta.py has them.
template <class T>
struct Theta {
  int64_t steps, series, candidates, skipped;  // the first values, so many of them, do not count
  const T *y, *start, *slope;                  // S x T each: values, NaN where there is none, and lines after each step
  const T* alpha;                              // C x S
  const T *level, *share;                      // S each, or null
  T* out;  // of no level, six sums of products, 6 x C x S; else the level after each step, S x T, for the one rate
  Stop stop = {};
};

// Bytes of the cache that a core has to itself, its second one as a rule. How products and gradients are cut follows
// it, which changes no bit of their results. Tests set it, before they ask for the size of scratch. (near_cache.cpp)
extern int near_cache;

template <class T>
struct Kernels {
  const char* isa;  // "generic", "avx2", "avx512", "avx512bf16", "amx", "neon"
  int mr, nr;       // rows and columns of the microkernel's tile, and columns of a packed panel

  // Packed weights of N columns and K rows (one at least) take this many values.
  size_t (*packed_size)(int n, int k);
  // Packs columns first .. first+n of a matrix of n_all columns; of those, column j, row i is
  // w[j * column_stride + i * row_stride]; one of the strides is 1.
  void (*pack)(const T* w, ptrdiff_t column_stride, ptrdiff_t row_stride, int n, int k, int first, int n_all,
               T* packed);
  // [out_0 | out_1 | ...] (M x N) = a (M x K, rows lda apart) @ packed + bias, or += a @ packed; of the N columns only
  // first .. end, where `first` is a multiple of nr. Scratch holds product_scratch(N, K) values.
  size_t (*product_scratch)(int n, int k);
  void (*product)(const T* a, ptrdiff_t lda, int m, const T* packed, int k, const Segment<T>* segments, int n_segments,
                  bool add, int first, int end, T* scratch);

  // dw (m x k) = sum over the rows of the runs of delta[row]' source[row], or dw +=; rows m and k values apart.
  // Cut into tasks by columns or rows of dw, never by the sum; scratch holds gradient_scratch(m, k) values.
  int (*gradient_tasks)(int m, int k);
  size_t (*gradient_scratch)(int m, int k);
  void (*gradient)(int task, const T* delta, int m, const T* source, int k, const Run* runs, int n_runs, T* dw,
                   bool add, T* scratch, Stop stop);
  // out (n) = sum over the rows of the runs of delta[row] (rows n apart), or out +=.
  void (*column_sums)(const T* delta, int n, const Run* runs, int n_runs, T* out, bool add);

  // out (n) = sum over the rows of the runs of x[row], in double.
  void (*long_sums)(const T* x, int n, const Run* runs, int n_runs, double* out);
  // The same of (x[row] - centre) (y[row] - centre), value by value.
  void (*long_products)(const T* x, const T* y, const double* centre, int n, const Run* runs, int n_runs, double* out);

  void (*elementwise)(const Instruction<T>* code, int n, const Tile<T>& tile);
  double (*sum_of_squares)(const T* x, size_t n);  // in double, in a fixed order
  bool (*all_finite)(const T* x, size_t n);

  // out = the values of all steps, in the shares that softmax makes of their scores; scratch for n values.
  void (*attend)(const T* query, const Attended<T>& attended, T* scratch, T* out);
  // From dL/d out; scratch for 2 n values.
  void (*attend_back)(const T* query, const Attended<T>& attended, const T* gradient, T* scratch,
                      const AttentionGradients<T>& out);

  // Problems first .. first + lanes - 1 of a smoothing; scratch at a multiple of 64 bytes, for so many values.
  int lanes;
  size_t (*smoothing_scratch)(const Smoothing<T>& smoothing);
  void (*smooth)(const Smoothing<T>& smoothing, int64_t first, T* scratch);
  void (*theta)(const Theta<T>& theta, int64_t series);  // of one of the series
};

// The best table that this processor runs and, if `wanted` (from ELMAN_ISA) is not null, that has this name;
// null when `wanted` names one that is unknown or that the processor lacks.
//
// With `bfloat16`, of float only, packed weights are rounded to bfloat16 numbers, and so are the operands of products
// and of gradients of matrices on the way in; sums are float32. Everything else is as without it. The names
// avx512bf16 and amx stand for fast products of such numbers; their other kernels are those of avx512.
template <class T>
const Kernels<T>* choose_kernels(const char* wanted, bool bfloat16 = false);

// The names of the tables that this processor runs, best first: number 0, 1, ..., and null after the last.
const char* runnable_isa(int number);

}  // namespace elman
