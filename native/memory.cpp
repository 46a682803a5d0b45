#include "memory.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#if defined(__linux__)
#include <sys/mman.h>
#elif defined(_WIN32)
#include <malloc.h>
#endif

namespace elman {
namespace {

#if defined(_WIN32)
void* aligned(size_t bytes) { return _aligned_malloc(bytes, 64); }
void free_aligned(void* at) { _aligned_free(at); }
#else
void* aligned(size_t bytes) { return std::aligned_alloc(64, bytes); }
void free_aligned(void* at) { std::free(at); }
#endif

Memory from_heap(size_t bytes) {
  size_t whole = (bytes / 64 + 1) * 64;
  void* at = aligned(whole);
  if (!at) throw OutOfMemory(double(bytes));
  return {std::memset(at, 0, whole), bytes};
}

#if defined(__linux__)
constexpr size_t kHugePage = size_t(2) << 20;

// Whole huge pages, cut out of a mapping that is larger by one.
Memory from_system(size_t bytes) {
  Memory m;
  m.bytes = (bytes / kHugePage + 1) * kHugePage;
  void* from = mmap(nullptr, m.bytes + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (from == MAP_FAILED) throw OutOfMemory(double(bytes));
  size_t before = (kHugePage - reinterpret_cast<uintptr_t>(from) % kHugePage) % kHugePage;
  m.at = static_cast<char*>(from) + before;
  if (before > 0) munmap(from, before);
  munmap(static_cast<char*>(m.at) + m.bytes, kHugePage - before);
  madvise(m.at, m.bytes, MADV_HUGEPAGE);  // slots are walked with long strides
  return m;
}
#endif

}  // namespace

OutOfMemory::OutOfMemory(double bytes) {
  std::snprintf(text_, sizeof text_, "%.3g GB of memory are needed at once, and the system has not so much to give: %s",
                bytes / 1e9, "take fewer rows or steps at a time, or memory='low'");
}

void check_bytes(double bytes) {
  if (bytes > 0x1p56) throw OutOfMemory(bytes);
}

Memory Memory::get(size_t bytes) {
#if defined(__linux__)
  if (bytes >= kHugePage) return from_system(bytes);
#endif
  return from_heap(bytes);
}

void Memory::release() {
#if defined(__linux__)
  if (bytes >= kHugePage) {
    munmap(at, bytes);
    return;
  }
#endif
  free_aligned(at);
}

}  // namespace elman
