// What an x86 processor can do, as it says itself: the compilers' own functions for this are not there on Windows.
//
// An instruction set counts where the system, too, keeps its registers when it takes turns with other programs.
#pragma once
#include <cpuid.h>

#include <cstdint>

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace elman {

struct Processor {
  bool avx2, avx512, avx512bf16;  // with what the kernels of this name need besides
  bool slow_pairs;                // pairs of bfloat16 numbers are multiplied at half the speed of float32 numbers
  bool amx;                       // and multiplies bfloat16 with it
};

namespace cpu {

struct Registers {
  unsigned a = 0, b = 0, c = 0, d = 0;
};

// All zero where the processor knows no such leaf.
inline Registers leaf(unsigned number, unsigned sub = 0) {
  Registers r;
  if (!__get_cpuid_count(number, sub, &r.a, &r.b, &r.c, &r.d)) return {};
  return r;
}

inline bool has(uint64_t word, uint64_t bits) { return (word & bits) == bits; }

// Which registers the system keeps: bits 1 and 2 for AVX, 5 to 7 for AVX-512, 17 and 18 for AMX.
inline uint64_t kept_registers() {
  constexpr unsigned osxsave = 1u << 27;
  if (!has(leaf(1).c, osxsave)) return 0;
  uint32_t low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t(high) << 32 | low;
}

// Whether the name of its maker is GenuineIntel: all their cores up to 2024 have one port for pairs and two for
// float32.
inline bool is_of_intel() {
  const Registers name = leaf(0);
  return name.b == 0x756e6547 && name.d == 0x49656e69 && name.c == 0x6c65746e;
}

inline Processor ask() {
  constexpr unsigned fma = 1u << 12, avx = 1u << 28, avx2 = 1u << 5, bf16 = 1u << 5;
  constexpr unsigned f = 1u << 16, dq = 1u << 17, bw = 1u << 30, vl = 1u << 31, amx_bf16 = 1u << 22,
                     amx_tile = 1u << 24;
  const Registers basic = leaf(1), more = leaf(7), most = more.a ? leaf(7, 1) : Registers{};
  const uint64_t kept = kept_registers();
  Processor p;
  p.avx2 = has(kept, 0x6) && has(basic.c, fma | avx) && has(more.b, avx2);
  p.avx512 = p.avx2 && has(kept, 0xe6) && has(more.b, f | dq | bw | vl);
  p.avx512bf16 = p.avx512 && has(most.a, bf16);
  p.slow_pairs = is_of_intel();
  p.amx = has(kept, 0x60000) && has(more.d, amx_bf16 | amx_tile);
  return p;
}

}  // namespace cpu

inline const Processor& processor() {
  static const Processor p = cpu::ask();
  return p;
}

// Linux gives matrix registers to a process that asks for them; of other systems it is not known here.
inline bool matrix_registers_permitted() {
#if defined(__linux__)
  constexpr long ask_for_state = 0x1023, tile_data = 18;
  return syscall(SYS_arch_prctl, ask_for_state, tile_data) == 0;
#else
  return false;
#endif
}

}  // namespace elman
