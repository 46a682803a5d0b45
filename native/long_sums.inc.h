// Sums over rows in double. Included by kernels.inc.h, inside the namespace of an instruction set.
//
// A column is summed row by row, so that its sum depends on nothing but the rows and their order.
#pragma once

// out[j] = sum over the rows of term(row, j), for n columns from `first` on.
template <int n, class F>
ELMAN_INLINE void long_columns(int first, const Run* runs, int n_runs, double* out, F term) {
  double sum[n] = {};
  for (const Run* run = runs; run != runs + n_runs; ++run)
    for (int64_t row = run->first; row < run->first + run->count; ++row)
      for (int j = 0; j < n; ++j) sum[j] += term(row, first + j);
  for (int j = 0; j < n; ++j) out[first + j] = sum[j];
}

constexpr int kLongColumns = 32;  // that are summed at once, as long as there are as many

template <class F>
ELMAN_INLINE void every_long_column(int width, const Run* runs, int n_runs, double* out, F term) {
  int first = 0;
  for (; first + kLongColumns <= width; first += kLongColumns)
    long_columns<kLongColumns>(first, runs, n_runs, out, term);
  for (; first + 8 <= width; first += 8) long_columns<8>(first, runs, n_runs, out, term);
  for (; first < width; ++first) long_columns<1>(first, runs, n_runs, out, term);
}

template <class T>
void long_sums(const T* x, int width, const Run* runs, int n_runs, double* out) {
  every_long_column(width, runs, n_runs, out, [=](int64_t row, int j) { return double(x[row * width + j]); });
}

template <class T>
void long_products(const T* x, const T* y, const double* centre, int width, const Run* runs, int n_runs, double* out) {
  every_long_column(width, runs, n_runs, out, [=](int64_t row, int j) {
    return (double(x[row * width + j]) - centre[j]) * (double(y[row * width + j]) - centre[j]);
  });
}
