// Sums in double over rows, against plain loops.
#include "check.h"

namespace elman::test {
namespace {

// The rows of these runs in so many columns, by plain loops.
template <class F>
std::vector<long double> by_rows(int n, const std::vector<Run>& runs, F term) {
  std::vector<long double> sum(n);
  for (const Run& run : runs)
    for (int64_t row = run.first; row < run.first + run.count; ++row)
      for (int j = 0; j < n; ++j) sum[j] += term(size_t(row) * n + j, j);
  return sum;
}

bool close(const std::vector<double>& got, const std::vector<long double>& sum, long double size) {
  for (size_t j = 0; j < got.size(); ++j)
    if (!(std::fabs(got[j] - sum[j]) <= 1e-13L * size)) return false;
  return true;
}

}  // namespace

template <class T>
void test_long_sums(const Kernels<T>& kernels) {
  const std::vector<Run> runs = {{2, 3}, {5, 0}, {9, 1}, {20, 180}};
  for (int n : {1, 7, 8, 9, 31, 32, 33, 64, 77}) {
    const std::vector<T> x = random_values<T>(200 * n), y = random_values<T>(200 * n);
    std::vector<double> centre(n), got(n, std::numeric_limits<double>::quiet_NaN());
    for (int j = 0; j < n; ++j) centre[j] = 0.1 * j;
    const std::string what = " n=" + std::to_string(n);
    kernels.long_sums(x.data(), n, runs.data(), int(runs.size()), got.data());
    check(close(got, by_rows(n, runs, [&](size_t at, int) { return (long double)(x[at]); }), 1e3L),
          name_of(kernels, "long sums") + what);
    const auto product = [&](size_t at, int j) { return (x[at] - (long double)(centre[j])) * (y[at] - centre[j]); };
    kernels.long_products(x.data(), y.data(), centre.data(), n, runs.data(), int(runs.size()), got.data());
    check(close(got, by_rows(n, runs, product), 1e4L), name_of(kernels, "long products") + what);
  }
}
template void test_long_sums(const Kernels<float>&);
template void test_long_sums(const Kernels<double>&);

}  // namespace elman::test
