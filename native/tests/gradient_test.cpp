// Sums over rows against plain loops, for whole and ragged batches.
#include "check.h"

namespace elman::test {
namespace {

std::vector<Run> runs_of(int rows, int kind) {
  if (kind == 0) return {{0, rows}};
  std::vector<Run> runs;
  for (int64_t at = 0, step = 0; at < rows; ++step) {
    const int64_t count = std::min<int64_t>(kind == 1 ? step % 5 : 1 + 97 * (step % 4), rows - at);
    runs.push_back({at, count});
    at += count + step % 3;
  }
  return runs;
}

template <class T>
void sums_by_rows(const std::vector<T>& delta, int m, const std::vector<T>& source, int k, const std::vector<Run>& runs,
                  std::vector<Wider<T>>& sum, std::vector<Wider<T>>& size) {
  sum.assign(size_t(m) * k, 0), size.assign(size_t(m) * k, 0);
  for (const Run& run : runs)
    for (int64_t r = run.first; r < run.first + run.count; ++r)
      for (int i = 0; i < m; ++i)
        for (int j = 0; j < k; ++j) {
          const Wider<T> term = Wider<T>(delta[r * m + i]) * source[r * k + j];
          sum[size_t(i) * k + j] += term, size[size_t(i) * k + j] += std::fabs(term);
        }
}

template <class T>
bool within(const std::vector<T>& got, const std::vector<Wider<T>>& sum, const std::vector<Wider<T>>& size,
            int64_t terms) {
  for (size_t i = 0; i < got.size(); ++i)
    if (!(std::fabs(got[i] - sum[i]) <= (terms + 1) * Wider<T>(std::numeric_limits<T>::epsilon()) * size[i]))
      return false;
  return true;
}

template <class T>
std::vector<T> gradient_of(const Kernels<T>& kernels, const std::vector<T>& delta, int m, const std::vector<T>& source,
                           int k, const std::vector<Run>& runs, const std::vector<T>* onto = nullptr) {
  std::vector<T> dw = onto ? *onto : std::vector<T>(size_t(m) * k, std::numeric_limits<T>::quiet_NaN());
  for (int task = kernels.gradient_tasks(m, k) - 1; task >= 0; --task) {
    std::vector<T> scratch(kernels.gradient_scratch(m, k), std::numeric_limits<T>::quiet_NaN());
    kernels.gradient(task, delta.data(), m, source.data(), k, runs.data(), int(runs.size()), dw.data(), onto,
                     scratch.data(), {});
  }
  return dw;
}

template <class T>
std::vector<T> doubled(std::vector<T> values) {
  for (T& v : values) v += v;
  return values;
}

template <class T>
void test_sums(const Kernels<T>& kernels, bool bfloat16) {
  const int sizes[][2] = {{1, 1},   {3, 1},     {1, 5},  {17, 1}, {100, 1}, {512, 1},  {1, 130},  {16, 16},  {14, 32},
                          {15, 33}, {100, 100}, {33, 7}, {7, 33}, {130, 3}, {300, 70}, {70, 300}, {141, 65}, {50, 530}};
  for (const auto& [m, k] : sizes)
    for (int rows : {0, 1, 4, 5, 256, 257, 700})
      for (int kind : {0, 1, 2}) {
        if (!chosen()) continue;
        std::vector<T> delta = random_values<T>(size_t(rows) * m), source = random_values<T>(size_t(rows) * k);
        if (bfloat16) delta = in_bfloat16(delta), source = in_bfloat16(source);
        const std::vector<Run> runs = runs_of(rows, kind);
        const std::string what = name_of(kernels, "gradient m=") + std::to_string(m) + " k=" + std::to_string(k) +
                                 " rows=" + std::to_string(rows) + " runs=" + std::to_string(runs.size());
        std::vector<Wider<T>> sum, size;
        sums_by_rows(delta, m, source, k, runs, sum, size);
        const std::vector<T> dw = gradient_of(kernels, delta, m, source, k, runs);
        check(within(dw, sum, size, rows), what);
        check(same_bits(gradient_of(kernels, delta, m, source, k, runs, &dw), doubled(dw)), what + ": added");

        const std::vector<T> ones(rows, T(1));
        sums_by_rows(delta, m, ones, 1, runs, sum, size);
        std::vector<T> columns(m, std::numeric_limits<T>::quiet_NaN());
        kernels.column_sums(delta.data(), m, runs.data(), int(runs.size()), columns.data(), false);
        check(within(columns, sum, size, rows), what + ": column sums");
        const std::vector<T> once = columns;
        kernels.column_sums(delta.data(), m, runs.data(), int(runs.size()), columns.data(), true);
        check(same_bits(columns, doubled(once)), what + ": column sums added");
      }
}

// Rows that are copied, and larger tasks: the same bits, however large the cache is.
template <class T>
void test_gradient_caches(const Kernels<T>& kernels) {
  const int found = near_cache;
  for (const auto& [m, k] : {std::pair{512, 64}, {1024, 70}, {300, 530}, {2050, 130}, {70, 1100}, {900, 600}})
    for (int rows : {3, 256, 600})
      for (int kind : {0, 1, 2}) {
        if (!chosen()) continue;
        const std::vector<T> delta = random_values<T>(size_t(rows) * m), source = random_values<T>(size_t(rows) * k);
        const std::vector<Run> runs = runs_of(rows, kind);
        near_cache = 1 << 19;
        const std::vector<T> dw = gradient_of(kernels, delta, m, source, k, runs);
        near_cache = 1 << 21;
        const std::string what = name_of(kernels, "gradient with a large cache, m=") + std::to_string(m) +
                                 " k=" + std::to_string(k) + " rows=" + std::to_string(rows);
        check(same_bits(gradient_of(kernels, delta, m, source, k, runs), dw), what);
        check(same_bits(gradient_of(kernels, delta, m, source, k, runs, &dw), doubled(dw)), what + ": added");
      }
  near_cache = found;
}

// A sum of very few rows has a kernel of its own where they lie side by side.
template <class T>
void test_few_rows(const Kernels<T>& kernels) {
  for (const auto& [m, k] : {std::pair{50, 50}, {1, 50}, {50, 1}, {7, 33}, {130, 70}, {64, 300}})
    for (int rows : {2, 3, 4}) {
      const std::vector<T> delta = random_values<T>(rows * m), source = random_values<T>(rows * k);
      const std::vector<Run> one = {{0, rows}}, apart = {{0, 1}, {1, rows - 1}};
      check(same_bits(gradient_of(kernels, delta, m, source, k, one), gradient_of(kernels, delta, m, source, k, apart)),
            name_of(kernels, "gradient of few rows m=") + std::to_string(m) + " k=" + std::to_string(k));
    }
}

// Runs are only a list of rows: the same rows side by side give the same bits.
template <class T>
void test_runs(const Kernels<T>& kernels) {
  const int m = 50, k = 40, rows = 900;
  const std::vector<T> delta = random_values<T>(rows * m), source = random_values<T>(rows * k);
  const std::vector<Run> runs = runs_of(rows, 2);
  std::vector<T> delta_close, source_close;
  for (const Run& run : runs) {
    delta_close.insert(delta_close.end(), &delta[run.first * m], &delta[run.first * m] + run.count * m);
    source_close.insert(source_close.end(), &source[run.first * k], &source[run.first * k] + run.count * k);
  }
  const std::vector<Run> one = {{0, int64_t(delta_close.size()) / m}};
  check(same_bits(gradient_of(kernels, delta, m, source, k, runs),
                  gradient_of(kernels, delta_close, m, source_close, k, one)),
        name_of(kernels, "gradient: runs change bits"));
  std::vector<T> a(m), b(m);
  kernels.column_sums(delta.data(), m, runs.data(), int(runs.size()), a.data(), false);
  kernels.column_sums(delta_close.data(), m, one.data(), 1, b.data(), false);
  check(same_bits(a, b), name_of(kernels, "column sums: runs change bits"));
}

template <class T>
void test_sum_of_squares(const Kernels<T>& kernels) {
  for (size_t n : {0, 1, 31, 32, 33, 1000}) {
    const std::vector<T> x = random_values<T>(n);
    long double sum = 0;
    for (T v : x) sum += (long double)v * v;
    check(std::fabs(kernels.sum_of_squares(x.data(), n) - sum) <= 1e-14L * sum, name_of(kernels, "sum of squares"));
  }
}

template <class T>
void test_all_finite(const Kernels<T>& kernels) {
  for (size_t n : {0, 1, 15, 16, 127, 128, 129, 300}) {
    std::vector<T> x(n, std::numeric_limits<T>::max());
    check(kernels.all_finite(x.data(), n), name_of(kernels, "all finite"));
    for (T wrong :
         {std::numeric_limits<T>::infinity(), -std::numeric_limits<T>::infinity(), std::numeric_limits<T>::quiet_NaN()})
      for (size_t i = 0; i < n; ++i) {
        T kept = std::exchange(x[i], wrong);
        check(!kernels.all_finite(x.data(), n), name_of(kernels, "all finite but ") + std::to_string(i));
        x[i] = kept;
      }
  }
}

}  // namespace

template <class T>
void test_gradient(const Kernels<T>& kernels, bool bfloat16) {
  test_sums(kernels, bfloat16);
  test_few_rows(kernels);
  test_gradient_caches(kernels);
  test_runs(kernels);
  test_sum_of_squares(kernels);
  test_all_finite(kernels);
}
template void test_gradient(const Kernels<float>&, bool);
template void test_gradient(const Kernels<double>&, bool);

}  // namespace elman::test
