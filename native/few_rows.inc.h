// Gradients of matrices that are summed over very few rows: those of one sequence of a few steps. Included by
// gradient.inc.h, inside the namespace of an instruction set.
//
// The rows of the wide side stay in registers while all columns of the tall side pass by, so that each value of the
// gradient is written once and nothing is packed. A value's sum is the chain that the tiles of other gradients make.
#pragma once
#include "product.inc.h"

constexpr int very_few_rows = 4;
constexpr int most_few_vectors = ELMAN_REGISTERS == 32 ? 4 : 2;

// What a sum of few rows goes through: `tall` columns from a.at on, each times the vectors from b.at on, of which the
// last has `last` columns.
template <class T>
struct FewRows {
  Rows<const T> a, b;
  int tall, last;
  Rows<T> dw;
  bool add;
};

template <class T, int R, int C>
ELMAN_ONE_COPY void sum_few_rows(const FewRows<T>& s) {
  Vec<T> wide[R][C];
  for (int r = 0; r < R; ++r)
    for (int j = 0; j < C; ++j) {
      const T* from = s.b.at + r * s.b.stride + j * lanes<T>;
      wide[r][j] = j < C - 1 ? load<T>(from) : load_first<T>(from, s.last);
    }
  const T* a = s.a.at;
  const ptrdiff_t apart = s.a.stride, ld = s.dw.stride;
  const bool add = s.add;
  const int last = s.last;
  T* to = s.dw.at;
  for (int left = s.tall; left > 0; --left, ++a, to += ld) {
    Vec<T> sum[C] = {};
    for (int r = 0; r < R; ++r) {
      const Vec<T> x = broadcast<T>(a + r * apart);
      for (int j = 0; j < C; ++j) sum[j] = multiply_add<T>(x, wide[r][j], sum[j]);
    }
    for (int j = 0; j < C; ++j) {
      T* out = to + j * lanes<T>;
      const int n = j < C - 1 ? lanes<T> : last;
      store_first<T>(out, n, add ? load_first<T>(out, n) + sum[j] : sum[j]);
    }
  }
}

template <class T>
using SumFewRows = void (*)(const FewRows<T>&);

// By rows and vectors, from 1.
template <class T>
struct SumsOfFewRows {
  SumFewRows<T> at[very_few_rows][most_few_vectors] = {};
  constexpr SumsOfFewRows() { fill<1, 1>(); }

  template <int R, int C>
  constexpr void fill() {
    at[R - 1][C - 1] = sum_few_rows<T, R, C>;
    if constexpr (C < most_few_vectors)
      fill<R, C + 1>();
    else if constexpr (R < very_few_rows)
      fill<R + 1, 1>();
  }
};
template <class T>
constexpr SumsOfFewRows<T> sums_of_few_rows;

// Columns of the wide side by so many vectors at a time.
template <class T>
void gradient_of_few_rows(FewRows<T> s, int rows, int wide) {
  constexpr int most = most_few_vectors * lanes<T>;
  for (int n; wide > 0; wide -= n, s.b.at += n, s.dw.at += n) {
    n = wide < most ? wide : most;
    const int vectors = ceil_div(n, lanes<T>);
    s.last = n - (vectors - 1) * lanes<T>;
    sums_of_few_rows<T>.at[rows - 1][vectors - 1](s);
  }
}
