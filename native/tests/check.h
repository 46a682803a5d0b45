// What the tests of the kernels share.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../kernels.h"

namespace elman::test {

struct Count {
  int passed = 0, failed = 0;
};
inline Count count;

inline void check(bool good, const std::string& what) {
  ++(good ? count.passed : count.failed);
  if (!good && count.failed <= 40) std::printf("FAILED %s\n", what.c_str());
}

// Of the many cases that differ in size only, one of so many is run: all, except where an emulator is too slow for it.
inline int one_of = 1;
inline bool chosen() {
  static int number = 0;
  return number++ % one_of == 0;
}

// What results are compared with: numbers of many more bits.
template <class T>
using Wider = std::conditional_t<sizeof(T) == 4, double, long double>;

template <class T>
std::vector<T> random_values(size_t n, double low = -1, double high = 1) {
  static std::mt19937_64 generator(7);
  std::uniform_real_distribution<double> distribution(low, high);
  std::vector<T> x(n);
  for (T& v : x) v = T(distribution(generator));
  return x;
}

// The nearest number with 8 significant bits, ties to even; zero below the smallest normal one.
inline float to_bfloat16(float x) {
  if (!std::isfinite(x)) return x;
  if (std::fabs(x) < std::numeric_limits<float>::min()) return std::copysign(0.0f, x);
  int exponent;
  const double fraction = std::frexp(double(x), &exponent);
  return float(std::ldexp(std::nearbyint(std::ldexp(fraction, 8)), exponent - 8));
}

template <class T>
std::vector<T> in_bfloat16(std::vector<T> x) {
  for (T& v : x) v = to_bfloat16(v);
  return x;
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && (a.empty() || !std::memcmp(a.data(), b.data(), a.size() * sizeof(T)));
}

template <class T>
std::string name_of(const Kernels<T>& kernels, const char* what) {
  return std::string(kernels.isa) + (sizeof(T) == 4 ? " float " : " double ") + what;
}

template <class T>
struct Numbers {
  static constexpr T first = T(0.3), second = T(1.7);
};

// One instruction: operand 0 is the output, 1 to 3 are the inputs.
template <class T>
void run_one(const Kernels<T>& kernels, Op op, std::vector<T*> operands, std::vector<int> widths, int rows,
             T first = Numbers<T>::first, T second = Numbers<T>::second, uint64_t key = 0, int64_t step = 0,
             const int64_t* row = nullptr) {
  const Instruction<T> code = {op, 0, 1, 2, 3, first, second};
  operands.resize(4, nullptr), widths.resize(4, 0);
  kernels.elementwise(&code, 1, Tile<T>{operands.data(), widths.data(), rows, key, step, row});
}

// With `bfloat16`, of operands that are rounded so already.
template <class T>
void test_product(const Kernels<T>& kernels, bool bfloat16 = false);
template <class T>
void test_gradient(const Kernels<T>& kernels, bool bfloat16 = false);
void test_rounding(const Kernels<float>& kernels);
template <class T>
void test_long_sums(const Kernels<T>& kernels);
template <class T>
void test_functions(const Kernels<T>& kernels, bool report);
template <class T>
void test_programs(const Kernels<T>& kernels);

void test_pool();

}  // namespace elman::test
