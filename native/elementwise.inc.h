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

// The sums of a unit of rows: sums + a_1 b_1 + a_2 b_2 ..., in this order wherever the rows are cut. C vectors of them.
template <class T, int C>
ELMAN_INLINE void add_rows(T* sums, Stream<T> a, Stream<T> b, ptrdiff_t width, int rows) {
  Vec<T> sum[C];
  for (int c = 0; c < C; ++c) sum[c] = load(sums + c * lanes<T>);
  for (int r = 0; r < rows; ++r, a.at += a.stride ? width : 0, b.at += b.stride ? width : 0)
    for (int c = 0; c < C; ++c) sum[c] += load(a.at + c * a.stride) * load(b.at + c * b.stride);
  for (int c = 0; c < C; ++c) store(sums + c * lanes<T>, sum[c]);
}

template <class T>
ELMAN_ONE_COPY void add_to_sums(T* sums, Stream<T> a, Stream<T> b, ptrdiff_t width, int rows) {
  constexpr int most = 4;
  ptrdiff_t left = width;
  for (; left >= most * lanes<T>; left -= most * lanes<T>) {
    add_rows<T, most>(sums, a, b, width, rows);
    sums += most * lanes<T>, a.at += most * a.stride, b.at += most * b.stride;
  }
  for (; left >= lanes<T>; left -= lanes<T>) {
    add_rows<T, 1>(sums, a, b, width, rows);
    sums += lanes<T>, a.at += a.stride, b.at += b.stride;
  }
  if (!left) return;
  Vec<T> sum = load_first<T>(sums, int(left));
  for (int r = 0; r < rows; ++r, a.at += a.stride ? width : 0, b.at += b.stride ? width : 0)
    sum += load_first<T>(a.at, int(left)) * load_first<T>(b.at, int(left));
  store_first<T>(sums, int(left), sum);
}

template <class T>
void accumulate(const Instruction<T>& in, const Tile<T>& tile) {
  Stream<T> a = stream_of<T>(tile, in.a), b = stream_of<T>(tile, in.b);
  const int width = tile.width[in.out];
  for (int row = 0, n; row < tile.rows; row += n) {
    const int unit = (tile.first_row + row) / tile.unit_rows, left = (unit + 1) * tile.unit_rows - tile.first_row - row;
    n = left < tile.rows - row ? left : tile.rows - row;
    add_to_sums<T>(tile.operand[in.out] + unit * tile.unit_size, a, b, width, n);
    if (a.stride) a.at += ptrdiff_t(n) * width;
    if (b.stride) b.at += ptrdiff_t(n) * width;
  }
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
    for (int i = 0; i < part && next < end; ++i) {
      __builtin_prefetch(next->at + 64 * line, 0, 2);
      if (++line == next->lines) ++next, line = 0;
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
