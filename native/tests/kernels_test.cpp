// Checks the kernels of every instruction set that this machine runs, float and double, against plain loops in numbers
// of more bits, and the pool of threads. Prints "N passed, N failed"; the exit code is 0 when none failed. Built with
// -DELMAN_TESTS=ON.
//   kernels_test [--report] [--one-of N]    --report: the functions' worst errors; --one-of: one of N sizes only
#include <utility>

#include "check.h"
#if defined(__x86_64__) && !defined(_WIN32)
#include "../processor.h"
#endif

namespace elman::test {
namespace {

template <class T>
void print(const Kernels<T>& kernels, const char* numbers) {
  std::printf("%s %s: tile %d x %d\n", kernels.isa, numbers, kernels.mr, kernels.nr);
}

template <class T>
void test_all(const char* isa, bool report) {
  const Kernels<T>* kernels = choose_kernels<T>(isa);
  if (!kernels) return check(false, std::string("kernels of a runnable instruction set: ") + isa);
  check(!std::strcmp(kernels->isa, isa), "the kernels' name");
  static decltype(Kernels<T>::product) tested_last = nullptr;  // some names differ in bfloat16 only
  if (std::exchange(tested_last, kernels->product) == kernels->product) return;
  print(*kernels, sizeof(T) == 4 ? "float" : "double");
  test_product(*kernels);
  test_gradient(*kernels);
  test_long_sums(*kernels);
  test_functions(*kernels, report);
  test_programs(*kernels);
  test_attention(*kernels);
}

void test_bfloat16(const char* isa) {
  const Kernels<float>*kernels = choose_kernels<float>(isa, true), *in_float = choose_kernels<float>(isa);
  if (!kernels) return check(false, std::string("bfloat16 kernels of a runnable instruction set: ") + isa);
  print(*kernels, "bfloat16");
  check(!std::strcmp(kernels->isa, isa), "the bfloat16 kernels' name");
  check(kernels->elementwise == in_float->elementwise && kernels->column_sums == in_float->column_sums &&
            kernels->sum_of_squares == in_float->sum_of_squares && kernels->all_finite == in_float->all_finite,
        "what is no product is done in float");
  test_product(*kernels, true);
  test_gradient(*kernels, true);
  test_rounding(*kernels);
}

// What the processor says of itself, as the compiler's library reads it.
void test_processor() {
#if defined(__x86_64__) && !defined(_WIN32)
  const Processor& p = processor();
  check(p.avx2 == (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")), "processor: AVX2");
  const bool parts = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                     __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  check(p.avx512 == (p.avx2 && parts), "processor: AVX-512");
  check(p.avx512bf16 == (p.avx512 && __builtin_cpu_supports("avx512bf16")), "processor: AVX512-BF16");
#endif
}

}  // namespace
}  // namespace elman::test

int main(int argc, char** argv) {
  using namespace elman::test;
  bool report = false;
  for (int i = 1; i < argc; ++i) {
    report |= !std::strcmp(argv[i], "--report");
    if (!std::strcmp(argv[i], "--one-of") && i + 1 < argc) one_of = std::max(1, std::atoi(argv[i + 1]));
  }
  for (int i = 0; const char* isa = elman::runnable_isa(i); ++i)
    test_all<float>(isa, report), test_all<double>(isa, report), test_bfloat16(isa);
  test_processor();
  test_pool();
  check(!elman::choose_kernels<float>("mmx") && !elman::choose_kernels<double>(""), "unknown instruction sets");
  check(!elman::choose_kernels<double>(nullptr, true), "no bfloat16 products of double");
  const char* best = elman::runnable_isa(0);
  check(!std::strcmp(elman::choose_kernels<float>(nullptr)->isa, best), "the best instruction set comes first");
  check(!std::strcmp(elman::choose_kernels<double>(nullptr)->isa, best), "the best instruction set of double too");
  std::printf("%d passed, %d failed\n", count.passed, count.failed);
  return count.failed != 0;
}
