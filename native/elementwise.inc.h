// The interpreter of elementwise programs. Included by kernels.inc.h, inside the namespace of an instruction set.
//
// A function for each operation, found in a table; in it one loop over all values of the tile. A constant is a vector
// that is read again and again (stride 0). The values that do not fill a vector go through the same loop, padded.
#pragma once
#include "powers.inc.h"
#include "rows.inc.h"
#include "waves.inc.h"

template <class T, class F>
ELMAN_INLINE Vec<T> one_or_zero(F truth) {
  return truth ? splat<T>(1) : Vec<T>{};
}

// The value of every operation that acts on each value alone. `first` and `second` are the instruction's numbers.
#define ELMAN_VALUE(name, ...)                                                                                     \
  struct name##_value {                                                                                            \
    template <class T>                                                                                             \
    ELMAN_INLINE static Vec<T> of([[maybe_unused]] Vec<T> a, [[maybe_unused]] Vec<T> b, [[maybe_unused]] Vec<T> c, \
                                  [[maybe_unused]] T first, [[maybe_unused]] T second) {                           \
      return __VA_ARGS__;                                                                                          \
    }                                                                                                              \
  };
// clang-format off
#define ELMAN_POINTWISE(X)                                         \
  X(copy, a)                                                       \
  X(neg, -a)                                                       \
  X(abs, abs_<T>(a))                                               \
  X(sign, a > T(0) ? splat<T>(1) : (a < T(0) ? splat<T>(-1) : a))  \
  X(square, a * a)                                                 \
  X(sqrt, sqrt_<T>(a))                                             \
  X(reciprocal, T(1) / a)                                          \
  X(exp, exp_<T>(a))                                               \
  X(log, log_<T>(a))                                               \
  X(log1p, log1p_<T>(a))                                           \
  X(erf, erf_<T>(a))                                               \
  X(lgamma, lgamma_<T>(a))                                         \
  X(digamma, digamma_<T>(a))                                       \
  X(sigmoid, sigmoid_<T>(a))                                       \
  X(tanh, tanh_<T>(a))                                             \
  X(relu, at_least<T>(a, T(0)))                                    \
  X(leaky_relu, a < T(0) ? a * first : a)                          \
  X(elu, elu_<T>(a, first))    \
  X(softplus, softplus_<T>(a))                                     \
  X(silu, silu_<T>(a))                                             \
  X(gelu, gelu_<T>(a))                                             \
  X(clip, at_most<T>(at_least<T>(a, first), second))               \
  X(sin, sin_<T>(a))                                               \
  X(cos, cos_<T>(a))                                               \
  X(floor, floor_<T>(a))                                           \
  X(spike, a != a ? a : one_or_zero<T>(a > T(0)))                  \
  X(add, a + b)                                                    \
  X(sub, a - b)                                                    \
  X(mul, a * b)                                                    \
  X(div, a / b)                                                    \
  X(pow, pow_<T>(a, b))                                            \
  X(maximum, a != a ? a : larger(a, b))                        \
  X(minimum, a != a ? a : smaller(a, b))                        \
  X(lt, one_or_zero<T>(a < b))                                     \
  X(le, one_or_zero<T>(a <= b))                                    \
  X(eq, one_or_zero<T>(a == b))                                    \
  X(sigmoid_grad, a * b * (T(1) - b))                              \
  X(tanh_grad, a * (T(1) - b * b))                                 \
  X(relu_grad, b > T(0) ? a : Vec<T>{})                            \
  X(where, a != T(0) ? b : c)                                      \
  X(fma, a * b + c)                                                \
  X(blend, a * b + (T(1) - a) * c)
// clang-format on
ELMAN_POINTWISE(ELMAN_VALUE)
#undef ELMAN_VALUE

// An operand of a loop; stride 0 for a constant.
template <class T>
struct Stream {
  const T* at;
  ptrdiff_t stride;
};

template <class T>
ELMAN_INLINE Stream<T> stream_of(const Tile<T>& tile, int operand) {
  return {tile.operand[operand], tile.width[operand] ? lanes<T> : 0};
}

// Compiled once, so that the inside of a tile and its last values run the very same instructions.
template <class T, class F, int arity>
ELMAN_ONE_COPY void pointwise(const Instruction<T>& in, const Tile<T>& tile) {
  T* out = tile.operand[in.out];
  Stream<T> a = stream_of<T>(tile, in.a);
  Stream<T> b = arity > 1 ? stream_of<T>(tile, in.b) : a, c = arity > 2 ? stream_of<T>(tile, in.c) : a;
  const T first = in.first, second = in.second;
  const ptrdiff_t n = ptrdiff_t(tile.rows) * tile.width[in.out];
  const int rest = int(n % lanes<T>);
  T *const last = out + (n - rest), *end = last;
  alignas(ELMAN_VECTOR_BYTES) T padded[4][lanes<T>];
  for (;;) {
    for (; out < end; out += lanes<T>) {
      store<T>(out, F::template of<T>(load<T>(a.at), load<T>(b.at), load<T>(c.at), first, second));
      a.at += a.stride, b.at += b.stride, c.at += c.stride;
    }
    asm volatile("");  // one loop, not one for each turn
    if (!rest) return;
    if (end != last) break;
    auto pad = [&](Stream<T>& from, T* to) {
      if (from.stride) store<T>(to, load_first<T>(from.at, rest)), from.at = to;
    };
    pad(a, padded[1]);
    if constexpr (arity > 1) pad(b, padded[2]);
    if constexpr (arity > 2) pad(c, padded[3]);
    out = padded[0], end = out + lanes<T>;
  }
  store_first<T>(last, rest, load<T>(padded[0]));
}

// What sums are made of: products of two values of each row, so far apart.
template <class T>
struct Factors {
  Stream<T> a, b;
  ptrdiff_t a_row, b_row;

  ELMAN_INLINE void next_vectors(int n) { a.at += n * a.stride, b.at += n * b.stride; }
  ELMAN_INLINE void next_rows(int n) { a.at += n * a_row, b.at += n * b_row; }
};

// The sums of a unit of rows: sums + a_1 b_1 + a_2 b_2 ..., in this order wherever the rows are cut. C vectors of them.
template <class T, int C>
ELMAN_INLINE void add_rows(T* sums, Factors<T> t, int rows) {
  Vec<T> sum[C];
  for (int c = 0; c < C; ++c) sum[c] = load(sums + c * lanes<T>);
  for (; rows > 0; --rows, t.next_rows(1))
    for (int c = 0; c < C; ++c) sum[c] += load(t.a.at + c * t.a.stride) * load(t.b.at + c * t.b.stride);
  for (int c = 0; c < C; ++c) store(sums + c * lanes<T>, sum[c]);
}

template <class T>
ELMAN_INLINE void add_to_sums(T* sums, Factors<T> t, int width, int rows) {
  constexpr int most = 4;
  int left = width;
  for (; left >= most * lanes<T>; left -= most * lanes<T>, sums += most * lanes<T>, t.next_vectors(most))
    add_rows<T, most>(sums, t, rows);
  for (; left >= lanes<T>; left -= lanes<T>, sums += lanes<T>, t.next_vectors(1)) add_rows<T, 1>(sums, t, rows);
  if (!left) return;
  Vec<T> sum = load_first<T>(sums, left);
  for (; rows > 0; --rows, t.next_rows(1)) sum += load_first<T>(t.a.at, left) * load_first<T>(t.b.at, left);
  store_first<T>(sums, left, sum);
}

template <class T>
void accumulate(const Instruction<T>& in, const Tile<T>& tile) {
  by_width<T>(tile.width[in.out], [&](auto width) {
    const Stream<T> a = stream_of<T>(tile, in.a), b = stream_of<T>(tile, in.b);
    Factors<T> t = {a, b, a.stride ? int(width) : 0, b.stride ? int(width) : 0};
    const int unit = tile.first_row / tile.unit_rows, unit_rows = tile.unit_rows;
    const ptrdiff_t unit_size = tile.unit_size;
    T* sums = tile.operand[in.out] + unit * unit_size;
    int room = (unit + 1) * unit_rows - tile.first_row;
    for (int left = tile.rows, n; left > 0; left -= n, room = unit_rows, sums += unit_size) {
      n = left < room ? left : room;
      add_to_sums<T>(sums, t, width, n);
      t.next_rows(n);
    }
  });
}

// Asks for all that a tile wants ahead, in as many equal parts as there are instructions.
struct Asking {
  const Wanted *next, *end;
  int line = 0, part = 0;

  template <class T>
  ELMAN_INLINE Asking(const Tile<T>& tile, int parts) : next(tile.ahead), end(tile.ahead + tile.n_ahead) {
    for (const Wanted* a = next; a < end; ++a) part += a->lines;
    part = (part + parts - 1) / parts;
  }

  ELMAN_INLINE void ask() {
    for (int left = part; left > 0 && next < end;) {
      const char* at = next->at + 64 * line;
      const int n = next->lines - line < left ? next->lines - line : left;
      for (int i = 0; i < n; ++i) __builtin_prefetch(at + 64 * i, 0, 2);
      left -= n, line += n;
      if (line == next->lines) ++next, line = 0;
    }
  }
};

template <class T>
using Operation = void (*)(const Instruction<T>&, const Tile<T>&);

// The functions of all operations, by their numbers.
template <class T>
struct Operations {
  Operation<T> at[int(Op::count)] = {};
  constexpr Operations() {
#define ELMAN_ROW(name) at[int(Op::name##_)] = name##_of_rows<T>;
    ELMAN_ON_ROWS(ELMAN_ROW)
#undef ELMAN_ROW
#define ELMAN_VALUE(name, ...) at[int(Op::name##_)] = pointwise<T, name##_value, kArity[int(Op::name##_)]>;
    ELMAN_POINTWISE(ELMAN_VALUE)
#undef ELMAN_VALUE
    at[int(Op::dropout_)] = at[int(Op::dropout_once_)] = dropout<T>;
    at[int(Op::accumulate_)] = accumulate<T>;
  }
};
template <class T>
constexpr Operations<T> operations;

constexpr bool has_all_operations() {
  for (Operation<float> operation : operations<float>.at)
    if (!operation) return false;
  return true;
}
static_assert(has_all_operations(), "an operation without a function");

template <class T>
void elementwise(const Instruction<T>* code, int n, const Tile<T>& tile) {
  if (!tile.n_ahead) {
    for (const Instruction<T>* in = code; in < code + n; ++in) operations<T>.at[int(in->op)](*in, tile);
    return;
  }
  Asking asking(tile, n);
  for (const Instruction<T>* in = code; in < code + n; ++in) {
    asking.ask();
    operations<T>.at[int(in->op)](*in, tile);
  }
}
