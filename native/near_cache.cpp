// How large the cache is that a core has to itself.
#include <algorithm>
#include <cstdint>

#include "kernels.h"

#if defined(__x86_64__)
#include "processor.h"
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#elif defined(__linux__)
#include <cstdio>
#endif

namespace elman {
namespace {

#if defined(__x86_64__)
// Intel's leaf and AMD's say the same in the same way: one cache a subleaf, until one is of no type.
int64_t second_cache() {
  for (unsigned leaf : {0x4u, 0x8000001du})
    for (unsigned i = 0; i < 16; ++i) {
      const cpu::Registers r = cpu::leaf(leaf, i);
      const unsigned type = r.a & 31, level = r.a >> 5 & 7, instructions = 2;
      if (type == 0) break;
      if (level != 2 || type == instructions) continue;
      return (int64_t(r.b >> 22) + 1) * ((r.b >> 12 & 1023) + 1) * ((r.b & 4095) + 1) * (int64_t(r.c) + 1);
    }
  return 0;
}
#elif defined(__APPLE__)
int64_t second_cache() {
  int64_t bytes = 0;
  size_t size = sizeof bytes;
  return sysctlbyname("hw.l2cachesize", &bytes, &size, nullptr, 0) == 0 ? bytes : 0;
}
#elif defined(__linux__)
int64_t second_cache() {
  std::FILE* file = std::fopen("/sys/devices/system/cpu/cpu0/cache/index2/size", "r");
  long long kib = 0;
  if (file && std::fscanf(file, "%lldK", &kib) != 1) kib = 0;
  if (file) std::fclose(file);
  return int64_t(kib) << 10;
}
#else
int64_t second_cache() { return 0; }
#endif

// Where it is not told, that of many processors. One that several cores share is no larger to each of them.
int measured() {
  const int64_t bytes = second_cache();
  return bytes > 0 ? int(std::clamp<int64_t>(bytes, 128 << 10, 2 << 20)) : 512 << 10;
}

}  // namespace

int near_cache = measured();

}  // namespace elman
