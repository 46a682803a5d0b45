// Checks the kernels of every instruction set that this machine runs, float and double, against plain loops in long
// double. Prints "N passed, N failed"; the exit code is 0 when none failed.
//
//   g++ -std=gnu++17 -O2 native/tests/kernels_test.cpp native/kernels*.cpp   (the units with their own -m flags)
#include "../kernels.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace elman;

int passed = 0, failed = 0;

void check(bool good, const std::string& what) {
  ++(good ? passed : failed);
  if (!good && failed <= 40) std::printf("FAILED %s\n", what.c_str());
}

std::mt19937_64 generator(7);

template <class T>
std::vector<T> random_values(size_t n, double low = -1, double high = 1) {
  std::uniform_real_distribution<double> distribution(low, high);
  std::vector<T> x(n);
  for (T& v : x) v = T(distribution(generator));
  return x;
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && !std::memcmp(a.data(), b.data(), a.size() * sizeof(T));
}

template <class T>
std::string name_of(const Kernels<T>& kernels, const char* what) {
  return std::string(kernels.isa) + (sizeof(T) == 4 ? " float " : " double ") + what;
}

// --- products ---

// A product with its weights cut into segments; every second segment has a bias.
template <class T>
struct ProductCase {
  int m, k;
  std::vector<int> widths;
  std::vector<T> a, w, bias, start;  // (m, k), (n, k), (n), (m, n)
  int n = 0;

  ProductCase(int m, int k, std::vector<int> widths) : m(m), k(k), widths(std::move(widths)) {
    for (int width : this->widths) n += width;
    a = random_values<T>(size_t(m) * k);
    w = random_values<T>(size_t(n) * k);
    bias = random_values<T>(n);
    start = random_values<T>(size_t(m) * n);
  }

  std::vector<T> packed(const Kernels<T>& kernels, bool columns_contiguous) const {
    std::vector<T> out(kernels.packed_size(n, k), std::numeric_limits<T>::quiet_NaN());
    std::vector<T> turned(w.size());
    for (int j = 0; j < n; ++j)
      for (int i = 0; i < k; ++i) turned[size_t(i) * n + j] = w[size_t(j) * k + i];
    int first = 0;
    for (int width : widths) {
      if (columns_contiguous)
        kernels.pack(turned.data() + first, 1, n, width, k, first, n, out.data());
      else
        kernels.pack(w.data() + size_t(first) * k, k, 1, width, k, first, n, out.data());
      first += width;
    }
    return out;
  }

  // Rows `first` .. of the operand, with `gap` values between its rows.
  std::vector<T> run(const Kernels<T>& kernels, bool add, int first, int rows, int gap = 0, bool turned = false) const {
    const std::vector<T> weights = packed(kernels, turned);
    const int lda = k + gap;
    std::vector<T> operand(rows ? size_t(rows - 1) * lda + k : 0, std::numeric_limits<T>::quiet_NaN());
    for (int r = 0; r < rows; ++r) std::copy_n(&a[size_t(first + r) * k], k, &operand[size_t(r) * lda]);
    std::vector<std::vector<T>> out;
    std::vector<Segment<T>> segments;
    int column = 0;
    for (size_t s = 0; s < widths.size(); ++s) {
      out.emplace_back(size_t(rows) * widths[s], std::numeric_limits<T>::quiet_NaN());
      if (add)
        for (int r = 0; r < rows; ++r)
          std::copy_n(&start[size_t(first + r) * n + column], widths[s], &out[s][size_t(r) * widths[s]]);
      segments.push_back({out[s].data(), s % 2 ? nullptr : bias.data() + column, widths[s]});
      column += widths[s];
    }
    kernels.product(operand.data(), lda, rows, weights.data(), k, segments.data(), int(segments.size()), add);
    std::vector<T> joined(size_t(rows) * n);
    column = 0;
    for (size_t s = 0; s < widths.size(); column += widths[s++])
      for (int r = 0; r < rows; ++r)
        std::copy_n(&out[s][size_t(r) * widths[s]], widths[s], &joined[size_t(r) * n + column]);
    return joined;
  }

  // Within the rounding of k multiply-adds.
  bool right(const std::vector<T>& result, bool add) const {
    std::vector<T> first_value(n);
    int column = 0;
    for (size_t s = 0; s < widths.size(); column += widths[s++])
      for (int j = 0; j < widths[s]; ++j) first_value[column + j] = s % 2 ? T(0) : bias[column + j];
    for (int r = 0; r < m; ++r)
      for (int j = 0; j < n; ++j) {
        long double sum = add ? start[size_t(r) * n + j] : first_value[j], size = std::fabs(sum);
        for (int i = 0; i < k; ++i) {
          const long double term = (long double)a[size_t(r) * k + i] * w[size_t(j) * k + i];
          sum += term, size += std::fabs(term);
        }
        const long double bound = (k + 1) * (long double)std::numeric_limits<T>::epsilon() * size;
        if (!(std::fabs(result[size_t(r) * n + j] - sum) <= bound)) return false;
      }
    return true;
  }
};

std::vector<std::vector<int>> cuts_of(int n) {
  std::vector<std::vector<int>> cuts = {{n}};
  if (n >= 3) cuts.push_back({1, n - 2, 1});
  if (n >= 33) cuts.push_back({n / 4, n / 4, n / 4, n - 3 * (n / 4)});
  return cuts;
}

template <class T>
void test_product(const Kernels<T>& kernels) {
  for (int m = 1; m <= 33; ++m)
    for (int n : {1, 3, 17, 32, 33, 100, 130})
      for (int k : {1, 2, 7, 8, 33, 70}) {
        for (const std::vector<int>& widths : cuts_of(n)) {
          const ProductCase<T> c(m, k, widths);
          const std::string what = name_of(kernels, "product m=") + std::to_string(m) + " n=" + std::to_string(n) +
                                   " k=" + std::to_string(k) + " segments=" + std::to_string(widths.size());
          for (bool add : {false, true}) {
            const std::vector<T> whole = c.run(kernels, add, 0, m);
            check(c.right(whole, add), what + (add ? " add" : " bias"));
            const int row = (m * 7 + n) % m;
            const std::vector<T> alone = c.run(kernels, add, row, 1, 3, true);
            check(!std::memcmp(alone.data(), &whole[size_t(row) * n], n * sizeof(T)), what + ": a row alone");
          }
        }
      }
}

// The same row at every place of batches of every size, and the same columns whatever segments they lie in.
template <class T>
void test_product_places(const Kernels<T>& kernels) {
  const ProductCase<T> c(40, 37, {100}), cut(c.m, c.k, {3, 40, 57});
  ProductCase<T> other = cut;
  other.a = c.a, other.w = c.w, other.start = c.start;
  for (bool add : {false, true}) {
    const std::vector<T> whole = c.run(kernels, add, 0, 40);
    if (add) check(same_bits(whole, other.run(kernels, add, 0, 40)), name_of(kernels, "product: segments change bits"));
    for (int rows = 1; rows <= 40; ++rows)
      for (int first = 0; first + rows <= 40; first += 3) {
        const std::vector<T> part = c.run(kernels, add, first, rows);
        check(!std::memcmp(part.data(), &whole[size_t(first) * 100], part.size() * sizeof(T)),
              name_of(kernels, "product: rows ") + std::to_string(first) + "+" + std::to_string(rows));
      }
  }
  check(c.run(kernels, false, 0, 0).empty(), name_of(kernels, "product of no rows"));
}

// --- sums over rows ---

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
                  std::vector<long double>& sum, std::vector<long double>& size) {
  sum.assign(size_t(m) * k, 0), size.assign(size_t(m) * k, 0);
  for (const Run& run : runs)
    for (int64_t r = run.first; r < run.first + run.count; ++r)
      for (int i = 0; i < m; ++i)
        for (int j = 0; j < k; ++j) {
          const long double term = (long double)delta[r * m + i] * source[r * k + j];
          sum[size_t(i) * k + j] += term, size[size_t(i) * k + j] += std::fabs(term);
        }
}

template <class T>
bool within(const std::vector<T>& got, const std::vector<long double>& sum, const std::vector<long double>& size,
            int64_t terms) {
  for (size_t i = 0; i < got.size(); ++i)
    if (!(std::fabs(got[i] - sum[i]) <= (terms + 1) * (long double)std::numeric_limits<T>::epsilon() * size[i]))
      return false;
  return true;
}

template <class T>
std::vector<T> gradient_of(const Kernels<T>& kernels, const std::vector<T>& delta, int m, const std::vector<T>& source,
                           int k, const std::vector<Run>& runs) {
  std::vector<T> dw(size_t(m) * k, std::numeric_limits<T>::quiet_NaN());
  for (int task = kernels.gradient_tasks(m, k) - 1; task >= 0; --task) {
    std::vector<T> scratch(kernels.gradient_scratch(m, k), std::numeric_limits<T>::quiet_NaN());
    kernels.gradient(task, delta.data(), m, source.data(), k, runs.data(), int(runs.size()), dw.data(), scratch.data());
  }
  return dw;
}

template <class T>
void test_gradient(const Kernels<T>& kernels) {
  const int sizes[][2] = {{1, 1},   {3, 1},     {1, 5},  {17, 1}, {100, 1}, {512, 1},  {1, 130},  {16, 16}, {14, 32},
                          {15, 33}, {100, 100}, {33, 7}, {7, 33}, {130, 3}, {300, 70}, {70, 300}, {141, 65}};
  for (const auto& [m, k] : sizes)
    for (int rows : {0, 1, 5, 256, 257, 700})
      for (int kind : {0, 1, 2}) {
        const std::vector<T> delta = random_values<T>(size_t(rows) * m), source = random_values<T>(size_t(rows) * k);
        const std::vector<Run> runs = runs_of(rows, kind);
        const std::string what = name_of(kernels, "gradient m=") + std::to_string(m) + " k=" + std::to_string(k) +
                                 " rows=" + std::to_string(rows) + " runs=" + std::to_string(runs.size());
        std::vector<long double> sum, size;
        sums_by_rows(delta, m, source, k, runs, sum, size);
        const std::vector<T> dw = gradient_of(kernels, delta, m, source, k, runs);
        check(within(dw, sum, size, rows), what);

        const std::vector<T> ones(rows, T(1));
        sums_by_rows(delta, m, ones, 1, runs, sum, size);
        std::vector<T> columns(m, std::numeric_limits<T>::quiet_NaN());
        kernels.column_sums(delta.data(), m, runs.data(), int(runs.size()), columns.data());
        check(within(columns, sum, size, rows), what + ": column sums");
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
  kernels.column_sums(delta.data(), m, runs.data(), int(runs.size()), a.data());
  kernels.column_sums(delta_close.data(), m, one.data(), 1, b.data());
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

// --- elementwise ---

constexpr double huge = 1e300;

struct Function {
  const char* name;
  Op op;
  int operands;
  double ulps;  // 0: exact
  std::function<long double(long double, long double, long double)> value;
};

template <class T>
struct Numbers {
  static constexpr T first = T(0.3), second = T(1.7);
};

using L = long double;
const L infinity = std::numeric_limits<L>::infinity();

L sigmoid(L x) { return 1 / (1 + std::exp(-x)); }
L silu(L x) { return x == -infinity ? 0 : x * sigmoid(x); }
L gelu(L x) { return std::fabs(x) == infinity ? std::max(x, L(0)) : x * std::erfc(-x / std::sqrt(L(2))) / 2; }
L softplus(L x) { return std::max(x, L(0)) + std::log1p(std::exp(-std::fabs(x))); }
L larger(L a, L b) { return std::isnan(a) || std::isnan(b) ? a + b : std::max(a, b); }
L smaller(L a, L b) { return std::isnan(a) || std::isnan(b) ? a + b : std::min(a, b); }

template <class T>
std::vector<Function> functions() {
  const L first = Numbers<T>::first, second = Numbers<T>::second;
  auto one = [](L (*f)(L)) { return [f](L a, L, L) { return f(a); }; };
  return {
      {"copy", Op::copy_, 1, 0, [](L a, L, L) { return a; }},
      {"neg", Op::neg_, 1, 0, [](L a, L, L) { return -a; }},
      {"abs", Op::abs_, 1, 0, one(std::fabs)},
      {"sign", Op::sign_, 1, 0, [](L a, L, L) { return a > 0   ? 1
                                                       : a < 0 ? -1
                                                               : a; }},
      {"square", Op::square_, 1, 0.5, [](L a, L, L) { return a * a; }},
      {"sqrt", Op::sqrt_, 1, 0.5, one(std::sqrt)},
      {"reciprocal", Op::reciprocal_, 1, 0.5, [](L a, L, L) { return 1 / a; }},
      {"exp", Op::exp_, 1, 4, one(std::exp)},
      {"log", Op::log_, 1, 4, one(std::log)},
      {"log1p", Op::log1p_, 1, 4, one(std::log1p)},
      {"erf", Op::erf_, 1, 4, one(std::erf)},
      {"sigmoid", Op::sigmoid_, 1, 4, one(sigmoid)},
      {"tanh", Op::tanh_, 1, 4, one(std::tanh)},
      {"relu", Op::relu_, 1, 0, [](L a, L, L) { return a < 0 ? 0 : a; }},
      {"leaky_relu", Op::leaky_relu_, 1, 0.5, [first](L a, L, L) { return a < 0 ? first * a : a; }},
      {"elu", Op::elu_, 1, 4, [first](L a, L, L) { return a < 0 ? first * std::expm1(a) : a; }},
      {"softplus", Op::softplus_, 1, 4, one(softplus)},
      {"silu", Op::silu_, 1, 4, one(silu)},
      {"gelu", Op::gelu_, 1, 4, one(gelu)},
      {"clip", Op::clip_, 1, 0, [=](L a, L, L) { return a < first    ? first
                                                        : a > second ? second
                                                                     : a; }},
      {"sin", Op::sin_, 1, 2, one(std::sin)},
      {"cos", Op::cos_, 1, 2, one(std::cos)},
      {"add", Op::add_, 2, 0.5, [](L a, L b, L) { return a + b; }},
      {"sub", Op::sub_, 2, 0.5, [](L a, L b, L) { return a - b; }},
      {"mul", Op::mul_, 2, 0.5, [](L a, L b, L) { return a * b; }},
      {"div", Op::div_, 2, 0.5, [](L a, L b, L) { return a / b; }},
      {"pow", Op::pow_, 2, 2, [](L a, L b, L) { return std::pow(a, b); }},
      {"maximum", Op::maximum_, 2, 0, [](L a, L b, L) { return larger(a, b); }},
      {"minimum", Op::minimum_, 2, 0, [](L a, L b, L) { return smaller(a, b); }},
      {"lt", Op::lt_, 2, 0, [](L a, L b, L) { return a < b; }},
      {"le", Op::le_, 2, 0, [](L a, L b, L) { return a <= b; }},
      {"eq", Op::eq_, 2, 0, [](L a, L b, L) { return a == b; }},
      {"relu_grad", Op::relu_grad_, 2, 0, [](L a, L b, L) { return b > 0 ? a : 0; }},
      {"where", Op::where_, 3, 0, [](L a, L b, L c) { return a != 0 ? b : c; }},
  };
}

template <class T>
void run_one(const Kernels<T>& kernels, Op op, std::vector<T*> operands, std::vector<int> widths, int rows,
             T first = Numbers<T>::first, T second = Numbers<T>::second, uint64_t key = 0, int64_t step = 0,
             const int64_t* row = nullptr) {
  const Instruction<T> code = {op, 0, 1, 2, 3, first, second};
  operands.resize(4, nullptr), widths.resize(4, 0);
  kernels.elementwise(&code, 1, Tile<T>{operands.data(), widths.data(), rows, key, step, row});
}

template <class T>
L ulps_apart(T got, L exact) {
  const T rounded = T(exact);
  if (std::isnan(exact) || std::isnan(got)) return std::isnan(exact) == std::isnan(got) ? 0 : huge;
  if (std::isinf(rounded) || std::isinf(got)) return rounded == got ? 0 : huge;
  using Limits = std::numeric_limits<T>;
  int exponent;
  std::frexp(exact, &exponent);
  const L unit = std::ldexp(L(1), std::max(exponent, Limits::min_exponent) - Limits::digits);
  return std::fabs(got - exact) / unit;
}

// Edge values of every sort, and a dense sweep of signs and magnitudes.
template <class T>
std::vector<T> arguments() {
  using Limits = std::numeric_limits<T>;
  std::vector<T> x = {0,
                      1,
                      2,
                      T(0.5),
                      T(0.75),
                      10,
                      100,
                      1000,
                      Limits::min(),
                      Limits::denorm_min(),
                      Limits::max(),
                      Limits::infinity(),
                      Limits::epsilon(),
                      T(1) - Limits::epsilon() / 2,
                      T(1) + Limits::epsilon()};
  for (double v : {0.34657359, 0.69314718, 0.70710678, 1.41421356, 8.66, 9.01, 14.4, 14.6, 38.5, 88.7, 88.73, 87.4,
                   103.9, 104.1, 709.7, 709.8, 708.4, 744.4, 745.2})
    x.push_back(T(v));
  for (int e = Limits::min_exponent - Limits::digits; e < Limits::max_exponent; ++e)
    for (double f : {1.0, 1.3, 1.9}) x.push_back(std::ldexp(T(f), e));
  for (int i = 0; i < 60000; ++i) x.push_back(T(i * 0.00037 + 1e-5 * (i % 7)));  // to 22
  for (int i = 0; i < 20000; ++i) x.push_back(T(i * 0.0381));                    // to 762
  for (int i = 0; i < 20000; ++i) x.push_back(T(std::exp(-12 + 12.0 * i / 20000)));
  const size_t n = x.size();
  for (size_t i = 0; i < n; ++i) x.push_back(-x[i]);
  for (T v : random_values<T>(20000, -1.2, 1.2)) x.push_back(v);
  x.push_back(Limits::quiet_NaN());
  return x;
}

template <class T>
void test_functions(const Kernels<T>& kernels, bool report) {
  std::vector<T> x = arguments<T>(), y(x.size()), z(x.size());
  for (size_t i = 0; i < x.size(); ++i) y[i] = x[(i * 7919 + 13) % x.size()], z[i] = x[(i * 104729 + 5) % x.size()];
  const int n = int(x.size());
  for (const Function& f : functions<T>()) {
    std::vector<T> out(x.size(), T(-77));
    run_one(kernels, f.op, {out.data(), x.data(), y.data(), z.data()}, {1, 1, 1, 1}, n);
    L worst = 0, worst_at = 0;
    bool good = true;
    for (size_t i = 0; i < x.size(); ++i) {
      const L exact = f.value(x[i], f.operands > 1 ? y[i] : 0, f.operands > 2 ? z[i] : 0);
      const L apart = ulps_apart(out[i], exact);
      if (apart > worst) worst = apart, worst_at = x[i];
    }
    good = worst <= f.ulps + 1e-3L;
    check(good, name_of(kernels, f.name) + ": " + std::to_string(double(worst)) + " ULP at " +
                    std::to_string(double(worst_at)));
    if (report && f.ulps == 4)
      std::printf("%-28s worst %.2f ULP at %.9g\n", name_of(kernels, f.name).c_str(), double(worst), double(worst_at));
  }
}

// Of ops whose rounding depends on how products and sums are fused: within a few roundings of the parts.
template <class T>
void test_compound(const Kernels<T>& kernels) {
  const int n = 1003;
  std::vector<T> a = random_values<T>(n, -3, 3), b = random_values<T>(n, -3, 3), c = random_values<T>(n, -3, 3), out(n);
  const struct {
    Op op;
    L (*value)(L, L, L);
    L (*size)(L, L, L);
  } cases[] = {
      {Op::sigmoid_grad_, [](L g, L s, L) { return g * s * (1 - s); },
       [](L g, L s, L) { return std::fabs(g * s) * (1 + std::fabs(s)); }},
      {Op::tanh_grad_, [](L g, L y, L) { return g * (1 - y * y); },
       [](L g, L y, L) { return std::fabs(g) * (1 + y * y); }},
      {Op::fma_, [](L p, L q, L r) { return p * q + r; },
       [](L p, L q, L r) { return std::fabs(p * q) + std::fabs(r); }},
      {Op::blend_, [](L p, L q, L r) { return p * q + (1 - p) * r; },
       [](L p, L q, L r) { return std::fabs(p * q) + (1 + std::fabs(p)) * std::fabs(r); }},
  };
  for (const auto& f : cases) {
    run_one(kernels, f.op, {out.data(), a.data(), b.data(), c.data()}, {1, 1, 1, 1}, n);
    bool good = true;
    for (int i = 0; i < n; ++i)
      good &= std::fabs(out[i] - f.value(a[i], b[i], c[i])) <=
              2 * std::numeric_limits<T>::epsilon() * f.size(a[i], b[i], c[i]);
    check(good, name_of(kernels, "compound op ") + std::to_string(int(f.op)));
  }
}

// Each value alone, in tiles of every size, in place, and with constants: always the same bits.
template <class T>
void test_places(const Kernels<T>& kernels) {
  const int n = 75;
  const std::vector<T> a = random_values<T>(n, -4, 4), b = random_values<T>(n, 0.1, 3), c = random_values<T>(n, -4, 4);
  for (int op = 0; op < int(Op::sum_); ++op) {
    const std::string what = name_of(kernels, "op ") + std::to_string(op);
    auto run = [&](std::vector<T> p, std::vector<T> q, std::vector<T> r, std::vector<int> widths, int rows) {
      std::vector<T> out(rows * widths[0], T(-77));
      run_one(kernels, Op(op), {out.data(), p.data(), q.data(), r.data()}, widths, rows);
      return out;
    };
    auto part = [](const std::vector<T>& x, int first, int count) {
      return std::vector<T>(x.begin() + first, x.begin() + first + count);
    };
    const std::vector<T> whole = run(a, b, c, {1, 1, 1, 1}, n);
    check(same_bits(whole, run(a, b, c, {5, 5, 5, 5}, n / 5)), what + ": width 5");
    bool good = true;
    for (int count = 1; count <= n; ++count)
      for (int first = 0; first + count <= n; first += 7)
        good &= same_bits(part(whole, first, count), run(part(a, first, count), part(b, first, count),
                                                         part(c, first, count), {1, 1, 1, 1}, count));
    check(good, what + ": parts of a tile");
    for (int constants = 0; constants < 8; ++constants) {
      auto at = [&](const std::vector<T>& x, int bit) { return constants & bit ? std::vector<T>(n, x[3]) : x; };
      auto short_at = [&](const std::vector<T>& x, int bit) { return constants & bit ? std::vector<T>{x[3]} : x; };
      auto width = [&](int bit) { return constants & bit ? 0 : 1; };
      check(same_bits(run(at(a, 1), at(b, 2), at(c, 4), {1, 1, 1, 1}, n),
                      run(short_at(a, 1), short_at(b, 2), short_at(c, 4), {1, width(1), width(2), width(4)}, n)),
            what + ": constants " + std::to_string(constants));
    }
    std::vector<T> p = a, q = b, r = c;
    run_one(kernels, Op(op), {p.data(), p.data(), q.data(), r.data()}, {1, 1, 1, 1}, n);
    check(same_bits(whole, p), what + ": in place");
  }
}

template <class T>
void test_rows(const Kernels<T>& kernels) {
  const T nan = std::numeric_limits<T>::quiet_NaN();
  for (int width : {1, 2, 3, 7, 16, 17, 40, 100})
    for (int rows : {1, 2, 5}) {
      const std::vector<T> x = random_values<T>(rows * width);
      const std::string what = name_of(kernels, "rows ") + std::to_string(rows) + " x " + std::to_string(width) + ": ";
      std::vector<T> in = x, sum(rows), mean(rows), most(rows), picked(rows), wide(rows * width, T(-77)), index(rows);
      for (int r = 0; r < rows; ++r)
        index[r] = T((r * 3 + 1) % (width + 1) - 1 + (r == 4 ? width : 0));  // some outside
      run_one(kernels, Op::sum_, {sum.data(), in.data()}, {1, width}, rows);
      run_one(kernels, Op::mean_, {mean.data(), in.data()}, {1, width}, rows);
      run_one(kernels, Op::max_, {most.data(), in.data()}, {1, width}, rows);
      run_one(kernels, Op::pick_, {picked.data(), in.data(), index.data()}, {1, width, 1}, rows);
      bool good_sum = true, good_max = true, good_pick = true, alone = true;
      for (int r = 0; r < rows; ++r) {
        L exact = 0, size = 0;
        T largest = -std::numeric_limits<T>::infinity();
        for (int i = 0; i < width; ++i)
          exact += x[r * width + i], size += std::fabs(x[r * width + i]), largest = std::max(largest, x[r * width + i]);
        const L bound = width * std::numeric_limits<T>::epsilon() * size;
        good_sum &= std::fabs(sum[r] - exact) <= bound && std::fabs(mean[r] - exact / width) <= 2 * bound / width;
        good_max &= most[r] == largest;
        const int at = int(index[r]);
        good_pick &= at >= 0 && at < width ? picked[r] == x[r * width + at] : std::isnan(picked[r]);
        T one;
        run_one(kernels, Op::sum_, {&one, in.data() + r * width}, {1, width}, 1);
        alone &= one == sum[r];
      }
      check(good_sum, what + "sum, mean");
      check(good_max, what + "max");
      check(good_pick, what + "pick");
      check(alone, what + "a row's sum alone");

      run_one(kernels, Op::expand_, {wide.data(), sum.data()}, {width, 1}, rows);
      bool good = true;
      for (int i = 0; i < rows * width; ++i) good &= wide[i] == sum[i / width];
      check(good, what + "expand");
      run_one(kernels, Op::place_, {wide.data(), sum.data(), index.data()}, {width, 1, 1}, rows);
      good = true;
      for (int i = 0; i < rows * width; ++i)
        good &= wide[i] == (i % width == int(index[i / width]) ? sum[i / width] : 0);
      check(good, what + "place");
      T constant = T(2.5);
      run_one(kernels, Op::expand_, {wide.data(), &constant}, {width, 0}, rows);
      good = true;
      for (T v : wide) good &= v == constant;
      check(good, what + "expand a constant");

      in[0] = nan;
      run_one(kernels, Op::max_, {most.data(), in.data()}, {1, width}, rows);
      check(std::isnan(most[0]) && (rows == 1 || !std::isnan(most[1])), what + "max keeps NaN");
      picked[0] = nan;
      run_one(kernels, Op::pick_, {most.data(), in.data(), picked.data()}, {1, width, 1}, 1);
      check(std::isnan(most[0]), what + "pick at NaN");
    }
}

uint64_t mixed(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

template <class T>
void test_dropout(const Kernels<T>& kernels) {
  const uint64_t golden = 0x9e3779b97f4a7c15u;
  const std::vector<int64_t> row = {5, 0, -1, 123456789012};
  for (T rate : {T(0), T(0.1), T(0.5), T(0.9)})
    for (int width : {1, 3, 16, 100}) {
      std::vector<T> x = random_values<T>(4 * width), out(4 * width);
      run_one(kernels, Op::dropout_, {out.data(), x.data()}, {width, width}, 4, rate, T(3), 0xfedcba9876543210u, 42,
              row.data());
      bool good = true;
      for (int i = 0; i < 4 * width; ++i) {
        uint64_t k = mixed(0xfedcba9876543210u + golden * 4);
        k = mixed(k + 42 * golden);
        k = mixed(k + uint64_t(row[i / width]) * golden);
        const uint64_t bits = mixed(k + uint64_t(i % width) * golden) >> 40;
        const bool keep = double(bits) >= double(rate) * 16777216.0;
        good &= out[i] == (keep ? x[i] * T(1 / (1 - double(rate))) : T(0));
      }
      check(good, name_of(kernels, "dropout ") + std::to_string(double(rate)) + " width " + std::to_string(width));
      run_one(kernels, Op::dropout_, {x.data(), x.data()}, {width, width}, 4, rate, T(3), 0xfedcba9876543210u, 42,
              row.data());
      check(same_bits(x, out), name_of(kernels, "dropout in place"));
    }
  std::vector<T> ones(100000, T(1)), out(100000);
  const int64_t zero = 0;
  run_one(kernels, Op::dropout_, {out.data(), ones.data()}, {100000, 100000}, 1, T(0.25), T(0), 1, 0, &zero);
  double kept = 0;
  for (T v : out) kept += v != 0;
  check(std::fabs(kept / 100000 - 0.75) < 0.006, name_of(kernels, "dropout: share of units kept"));
}

template <class T>
void test_all(const char* isa, bool report) {
  const Kernels<T>* kernels = choose_kernels<T>(isa);
  if (!kernels) return;
  std::printf("%s %s: tile %d x %d\n", kernels->isa, sizeof(T) == 4 ? "float" : "double", kernels->mr, kernels->nr);
  check(!std::strcmp(kernels->isa, isa), "the kernels' name");
  test_product(*kernels);
  test_product_places(*kernels);
  test_gradient(*kernels);
  test_runs(*kernels);
  test_sum_of_squares(*kernels);
  test_functions(*kernels, report);
  test_compound(*kernels);
  test_places(*kernels);
  test_rows(*kernels);
  test_dropout(*kernels);
}

}  // namespace

int main(int argc, char** argv) {
  const bool report = argc > 1 && !std::strcmp(argv[1], "--report");
  for (const char* isa : {"generic", "avx2", "avx512"}) test_all<float>(isa, report), test_all<double>(isa, report);
  check(!choose_kernels<float>("mmx") && !choose_kernels<double>(""), "unknown instruction sets");
  check(choose_kernels<float>(nullptr) && choose_kernels<double>(nullptr), "the best instruction set");
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
