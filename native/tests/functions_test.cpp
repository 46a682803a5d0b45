// Every function of one, two or three values against the standard library's of more bits, in units in the last place.
#include <functional>

#include "check.h"

namespace elman::test {
namespace {

constexpr double huge = 1e9;

template <class L>
struct Function {
  const char* name;
  Op op;
  int operands;
  double ulps;  // 0: exact
  std::function<L(L, L, L)> value;
};

template <class L>
constexpr L infinity = std::numeric_limits<L>::infinity();

template <class L>
L sigmoid(L x) {
  return 1 / (1 + std::exp(-x));
}
template <class L>
L silu(L x) {
  return x == -infinity<L> ? 0 : x * sigmoid(x);
}
template <class L>
L gelu(L x) {
  return std::fabs(x) == infinity<L> ? std::max(x, L(0)) : x * std::erfc(-x / std::sqrt(L(2))) / 2;
}
template <class L>
L softplus(L x) {
  return std::max(x, L(0)) + std::log1p(std::exp(-std::fabs(x)));
}
template <class L>
L larger(L a, L b) {
  return std::isnan(a) || std::isnan(b) ? a + b : std::max(a, b);
}
template <class L>
L smaller(L a, L b) {
  return std::isnan(a) || std::isnan(b) ? a + b : std::min(a, b);
}

template <class T>
std::vector<Function<Wider<T>>> functions() {
  using L = Wider<T>;
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
      {"sigmoid", Op::sigmoid_, 1, 4, one(sigmoid<L>)},
      {"tanh", Op::tanh_, 1, 4, one(std::tanh)},
      {"relu", Op::relu_, 1, 0, [](L a, L, L) { return a < 0 ? 0 : a; }},
      {"leaky_relu", Op::leaky_relu_, 1, 0.5, [first](L a, L, L) { return a < 0 ? first * a : a; }},
      {"elu", Op::elu_, 1, 4, [first](L a, L, L) { return a < 0 ? first * std::expm1(a) : a; }},
      {"softplus", Op::softplus_, 1, 4, one(softplus<L>)},
      {"silu", Op::silu_, 1, 4, one(silu<L>)},
      {"gelu", Op::gelu_, 1, 4, one(gelu<L>)},
      {"clip", Op::clip_, 1, 0, [=](L a, L, L) { return a < first    ? first
                                                        : a > second ? second
                                                                     : a; }},
      {"sin", Op::sin_, 1, 2, one(std::sin)},
      {"cos", Op::cos_, 1, 2, one(std::cos)},
      {"floor", Op::floor_, 1, 0, one(std::floor)},
      {"spike", Op::spike_, 1, 0, [](L a, L, L) { return std::isnan(a) ? a : L(a > 0); }},
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
double ulps_apart(T got, Wider<T> exact) {
  const T rounded = T(exact);
  if (std::isnan(exact) || std::isnan(got)) return std::isnan(exact) == std::isnan(got) ? 0 : huge;
  if (std::isinf(rounded) || std::isinf(got)) return rounded == got ? 0 : huge;
  using Limits = std::numeric_limits<T>;
  int exponent;
  std::frexp(exact, &exponent);
  const Wider<T> unit = std::ldexp(Wider<T>(1), std::max(exponent, Limits::min_exponent) - Limits::digits);
  return double(std::fabs(got - exact) / unit);
}

// The NaN that is nearest to infinity in its bits.
template <class T>
T smallest_nan() {
  T x = std::numeric_limits<T>::infinity();
  unsigned char bytes[sizeof(T)];
  std::memcpy(bytes, &x, sizeof(T));
  bytes[0] |= 1;
  std::memcpy(&x, bytes, sizeof(T));
  return x;
}

// Edge values of every sort, and a dense sweep of signs and magnitudes, all mixed.
template <class T>
std::vector<T> arguments() {
  using Limits = std::numeric_limits<T>;
  std::vector<T> x = {Limits::min(), Limits::denorm_min(), Limits::max(), Limits::infinity(), Limits::epsilon()};
  for (T v : {T(1) - Limits::epsilon() / 2, T(1) + Limits::epsilon()}) x.push_back(v);
  for (double v :
       {0.0, 0.34657359, 0.5, 0.69314718, 0.70710678, 0.75, 1.0, 1.41421356, 2.0, 8.66, 9.01, 10.0, 14.4, 14.6})
    x.push_back(T(v));
  for (double v : {38.5, 87.4, 88.7, 88.73, 100.0, 103.9, 104.1, 708.4, 709.7, 709.8, 744.4, 745.2, 1000.0})
    x.push_back(T(v));
  for (int e = Limits::min_exponent - Limits::digits; e < Limits::max_exponent; ++e)
    for (double f : {1.0, 1.3, 1.9}) x.push_back(std::ldexp(T(f), e));
  for (int i = 0; i < 60000; ++i) x.push_back(T(i * 0.00037 + 1e-5 * (i % 7)));  // to 22
  for (int i = 0; i < 20000; ++i) x.push_back(T(i * 0.0381));                    // to 762
  for (int i = 0; i < 20000; ++i) x.push_back(T(std::exp(-12 + 12.0 * i / 20000)));
  for (int i = 1; i < 130000; i += i < 1100 ? 1 : 67) x.push_back(T(i * 1.57079632679489661923L));  // to 200000
  const size_t n = x.size();
  for (size_t i = 0; i < n; ++i) x.push_back(-x[i]);
  for (T v : random_values<T>(20000, -1.2, 1.2)) x.push_back(v);
  for (T v : {Limits::quiet_NaN(), -Limits::quiet_NaN(), Limits::signaling_NaN(), smallest_nan<T>()}) x.push_back(v);
  std::shuffle(x.begin(), x.end(), std::mt19937_64(11));
  return x;
}

// Powers of every size that a number can have, of bases that are near 1 too.
template <class T>
void test_powers(const Kernels<T>& kernels) {
  using Limits = std::numeric_limits<T>;
  const int n = 60000, most = Limits::max_exponent + 30;
  std::vector<T> x = random_values<T>(n, -most, most), y = random_values<T>(n, -most, most), out(n);
  const std::vector<T> near = random_values<T>(n, -Limits::digits, 0);
  for (int i = 0; i < n; ++i) {
    x[i] = i % 3 == 0 ? std::exp2(x[i]) : i % 3 == 1 ? 1 + std::exp2(near[i]) : 1 - std::exp2(near[i]) / 2;
    if (x[i] != 1) y[i] /= std::log2(x[i]);
  }
  run_one(kernels, Op::pow_, {out.data(), x.data(), y.data()}, {1, 1, 1}, n);
  double worst = 0;
  for (int i = 0; i < n; i += one_of)
    worst = std::max(worst, ulps_apart<T>(out[i], std::pow(Wider<T>(x[i]), Wider<T>(y[i]))));
  check(worst <= 2, name_of(kernels, "powers of every size: ") + std::to_string(worst) + " ULP");
}

// Zeros with their signs, infinities and NaN as the standard library has them.
template <class T>
void test_special(const Kernels<T>& kernels) {
  using Limits = std::numeric_limits<T>;
  const T whole = std::ldexp(T(1), Limits::digits);
  std::vector<T> values = {0, T(0.5), 1, T(1.5), 2, 3, whole / 4 + T(0.5), whole / 2 + 1, whole, whole * 3};
  for (T v : {Limits::denorm_min(), Limits::min(), Limits::max(), Limits::infinity(), Limits::quiet_NaN()})
    values.push_back(v);
  for (T v : {1 - Limits::epsilon() / 2, 1 + Limits::epsilon()}) values.push_back(v);
  std::vector<T> x, y;
  for (T a : values)
    for (T b : values)
      for (int signs = 0; signs < 4; ++signs) x.push_back(signs & 1 ? -a : a), y.push_back(signs & 2 ? -b : b);
  std::vector<T> out(x.size());
  const std::pair<Op, std::function<T(T, T)>> all[] = {{Op::sin_, [](T a, T) { return std::sin(a); }},
                                                       {Op::cos_, [](T a, T) { return std::cos(a); }},
                                                       {Op::pow_, [](T a, T b) { return std::pow(a, b); }}};
  for (const auto& [op, value] : all) {
    run_one(kernels, op, {out.data(), x.data(), y.data()}, {1, 1, 1}, int(x.size()));
    std::string wrong;
    for (size_t i = 0; i < x.size(); ++i) {
      const T exact = value(x[i], y[i]);
      const bool sign = std::isnan(exact) || std::signbit(exact) == std::signbit(out[i]);
      if (!sign || ulps_apart<T>(out[i], exact) > 2)
        wrong = std::to_string(x[i]) + ", " + std::to_string(y[i]) + " is " + std::to_string(out[i]);
    }
    check(wrong.empty(), name_of(kernels, "op ") + std::to_string(int(op)) + " of " + wrong);
  }
}

// A value alone is the one that it is among others, whether or not these need another way of computing.
template <class T>
void test_alone(const Kernels<T>& kernels, const Function<Wider<T>>& f, std::vector<T> x, std::vector<T> y,
                std::vector<T> z, const std::vector<T>& among) {
  for (size_t i = 0; i < x.size(); i += 1009) {
    std::vector<T> out(1);
    run_one(kernels, f.op, {out.data(), &x[i], &y[i], &z[i]}, {1, 1, 1, 1}, 1);
    check(same_bits(out, {among[i]}), name_of(kernels, f.name) + " alone and among others, of " + std::to_string(x[i]));
  }
}

}  // namespace

// Worst distances of the functions of calculus are printed when `report`.
template <class T>
void test_functions(const Kernels<T>& kernels, bool report) {
  using L = Wider<T>;
  std::vector<T> x = arguments<T>(), y(x.size()), z(x.size());
  for (size_t i = 0; i < x.size(); ++i) y[i] = x[(i * 7919 + 13) % x.size()], z[i] = x[(i * 104729 + 5) % x.size()];
  const int n = int(x.size());
  for (const Function<L>& f : functions<T>()) {
    std::vector<T> out(x.size(), T(-77));
    run_one(kernels, f.op, {out.data(), x.data(), y.data(), z.data()}, {1, 1, 1, 1}, n);
    double worst = 0, worst_at = 0;
    for (size_t i = 0; i < x.size(); i += one_of) {
      const L exact = f.value(x[i], f.operands > 1 ? y[i] : 0, f.operands > 2 ? z[i] : 0);
      const double apart = ulps_apart(out[i], exact);
      if (apart > worst) worst = apart, worst_at = x[i];
    }
    check(worst <= f.ulps + 1e-3,
          name_of(kernels, f.name) + ": " + std::to_string(worst) + " ULP at " + std::to_string(worst_at));
    test_alone(kernels, f, x, y, z, out);
    if (report && f.ulps >= 2)
      std::printf("%-28s worst %.2f ULP at %.9g\n", name_of(kernels, f.name).c_str(), worst, worst_at);
  }
  test_powers(kernels);
  test_special(kernels);
}
template void test_functions(const Kernels<float>&, bool);
template void test_functions(const Kernels<double>&, bool);

}  // namespace elman::test
