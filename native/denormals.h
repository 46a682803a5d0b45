// Numbers that are too small for a normal one count as 0 while the engine computes, as gradients that vanish would
// otherwise take a processor many times as long.
//
// Goals: the same mode in every thread that computes, so that the numbers depend on no thread; the caller's own mode,
//   and what it has noted of exceptions, as they were.
// Non-goals: processors without such a mode; there nothing is done.
#pragma once
#include <cstdint>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace elman {

// The mode lasts as long as this does, in this thread.
class FlushDenormals {
 public:
  FlushDenormals() : before_(control()) { set_control(before_ | kFlush); }
  ~FlushDenormals() { set_control(before_); }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

  // The mode of this thread, as a word of its processor.
#if defined(__SSE2__)
  static constexpr uint64_t kFlush = 0x8040;  // results: bit 15; operands: bit 6
  static uint64_t control() { return _mm_getcsr(); }
  static void set_control(uint64_t control) { _mm_setcsr(uint32_t(control)); }
#elif defined(__aarch64__)
  static constexpr uint64_t kFlush = uint64_t(1) << 24;  // both
  static uint64_t control() {
    uint64_t control;
    asm volatile("mrs %0, fpcr" : "=r"(control));
    return control;
  }
  static void set_control(uint64_t control) { asm volatile("msr fpcr, %0" : : "r"(control) : "memory"); }
#else
  static constexpr uint64_t kFlush = 0;
  static uint64_t control() { return 0; }
  static void set_control(uint64_t) {}
#endif

 private:
  const uint64_t before_;
};

}  // namespace elman
