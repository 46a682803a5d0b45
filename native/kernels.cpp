// Chooses the kernels for the processor that the program runs on.
#include "kernels.h"

#include <cstring>

#if defined(__x86_64__)
#define ELMAN_ISAS(X)                                                                                                 \
  X(avx512,                                                                                                           \
    (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") && \
     __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma")))                                            \
  X(avx2, (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")))                                          \
  X(generic, true)
#elif defined(__aarch64__)
#define ELMAN_ISAS(X) X(neon, true) X(generic, true)
#else
#define ELMAN_ISAS(X) X(generic, true)
#endif

namespace elman {

#define ELMAN_DECLARE(isa, supported)      \
  namespace isa {                          \
  const Kernels<float>* kernels_float();   \
  const Kernels<double>* kernels_double(); \
  }
ELMAN_ISAS(ELMAN_DECLARE)

// Best first.
#define ELMAN_CHOOSE(isa, supported) \
  if ((!wanted || !std::strcmp(wanted, #isa)) && (supported)) return isa::ELMAN_TABLE();

template <>
const Kernels<float>* choose_kernels<float>(const char* wanted) {
#define ELMAN_TABLE kernels_float
  ELMAN_ISAS(ELMAN_CHOOSE)
#undef ELMAN_TABLE
  return nullptr;
}

template <>
const Kernels<double>* choose_kernels<double>(const char* wanted) {
#define ELMAN_TABLE kernels_double
  ELMAN_ISAS(ELMAN_CHOOSE)
#undef ELMAN_TABLE
  return nullptr;
}

const char* runnable_isa(int number) {
#define ELMAN_COUNT(isa, supported) \
  if ((supported) && number-- == 0) return #isa;
  ELMAN_ISAS(ELMAN_COUNT)
#undef ELMAN_COUNT
  return nullptr;
}

}  // namespace elman
