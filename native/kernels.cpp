// Chooses the kernels for the processor that the program runs on.
#include "kernels.h"

#include <cstring>

#if defined(__x86_64__)
#include "processor.h"
#endif

// X(name, whether this processor runs it, whose float and double kernels it has, whose bfloat16 products). Best first.
#if ELMAN_GENERIC
#define ELMAN_ISAS(X) X(generic, true, generic, generic)
#elif defined(__x86_64__)
#if ELMAN_HAS_AVX512BF16
#define ELMAN_IF_AVX512BF16(X, pairs_are_slow) \
  X(avx512bf16, (processor().avx512bf16 && processor().slow_pairs == pairs_are_slow), avx512, avx512bf16)
#else
#define ELMAN_IF_AVX512BF16(X, pairs_are_slow)
#endif
#if ELMAN_HAS_AMX
#define ELMAN_IF_AMX(X) X(amx, (processor().avx512bf16 && amx_is_there(bfloat16)), avx512, amx)
#else
#define ELMAN_IF_AMX(X)
#endif
#define ELMAN_ISAS(X)                           \
  ELMAN_IF_AMX(X)                               \
  ELMAN_IF_AVX512BF16(X, false)                 \
  X(avx512, processor().avx512, avx512, avx512) \
  ELMAN_IF_AVX512BF16(X, true)                  \
  X(avx2, processor().avx2, avx2, avx2)         \
  X(generic, true, generic, generic)
#elif defined(__aarch64__)
#define ELMAN_ISAS(X) X(neon, true, neon, neon) X(generic, true, generic, generic)
#else
#define ELMAN_ISAS(X) X(generic, true, generic, generic)
#endif

namespace elman {

#define ELMAN_DECLARE(isa, supported, floats, bfloats) \
  namespace floats {                                   \
  const Kernels<float>* kernels_float();               \
  const Kernels<double>* kernels_double();             \
  }                                                    \
  namespace bfloats {                                  \
  void use_bfloat16(Kernels<float>&);                  \
  }
ELMAN_ISAS(ELMAN_DECLARE)

namespace {

// Whether the processor has matrix registers and, if they are to be used, the system lets this process have them.
[[maybe_unused]] bool amx_is_there([[maybe_unused]] bool to_be_used) {
#if ELMAN_EMULATE_AMX
  return true;
#elif defined(__x86_64__)
  if (!processor().amx || !to_be_used) return processor().amx;
  static const bool permitted = matrix_registers_permitted();
  return permitted;
#else
  return false;
#endif
}

template <class T>
Kernels<T> named(const char* isa, Kernels<T> kernels) {
  kernels.isa = isa;
  return kernels;
}

Kernels<float> with_bfloat16(Kernels<float> kernels, void (*use_bfloat16)(Kernels<float>&)) {
  use_bfloat16(kernels);
  return kernels;
}

}  // namespace

template <>
const Kernels<float>* choose_kernels<float>(const char* wanted, bool bfloat16) {
#define ELMAN_CHOOSE(isa, supported, floats, bfloats)                                         \
  if ((!wanted || !std::strcmp(wanted, #isa)) && (supported)) {                               \
    static const Kernels<float> in_float = named(#isa, *floats::kernels_float());             \
    static const Kernels<float> in_bfloat16 = with_bfloat16(in_float, bfloats::use_bfloat16); \
    return bfloat16 ? &in_bfloat16 : &in_float;                                               \
  }
  ELMAN_ISAS(ELMAN_CHOOSE)
#undef ELMAN_CHOOSE
  return nullptr;
}

template <>
const Kernels<double>* choose_kernels<double>(const char* wanted, bool bfloat16) {
  if (bfloat16) return nullptr;
#define ELMAN_CHOOSE(isa, supported, floats, bfloats)                                \
  if ((!wanted || !std::strcmp(wanted, #isa)) && (supported)) {                      \
    static const Kernels<double> in_double = named(#isa, *floats::kernels_double()); \
    return &in_double;                                                               \
  }
  ELMAN_ISAS(ELMAN_CHOOSE)
#undef ELMAN_CHOOSE
  return nullptr;
}

const char* runnable_isa(int number) {
  [[maybe_unused]] constexpr bool bfloat16 = true;
#define ELMAN_COUNT(isa, supported, floats, bfloats) \
  if ((supported) && number-- == 0) return #isa;
  ELMAN_ISAS(ELMAN_COUNT)
#undef ELMAN_COUNT
  return nullptr;
}

}  // namespace elman
