// Elementwise programs made ready for one number type, and the scratch memory that a thread runs them with.
//
// Goals: at run time only the addresses of slots are filled in; temporaries stay in a thread's first-level cache.
// Non-goals: the arithmetic (kernels.h).
#pragma once
#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "plan.h"

namespace elman {

constexpr int kTileValues = 2048;  // values of the widest operand of a tile, unless one row has more

constexpr size_t kHugePage = size_t(2) << 20;

// Aligned memory that grows and is zero when new.
template <class T>
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}
  Buffer& operator=(Buffer&&) = delete;
  ~Buffer() { std::free(data_); }
  T* data() const { return data_; }

  T* reserve(size_t size) {
    if (data_ && size <= size_) return data_;
    std::free(data_);
    size_t unit = size * sizeof(T) < kHugePage ? 64 : kHugePage;
    size_t bytes = (size * sizeof(T) / unit + 1) * unit;
    data_ = static_cast<T*>(std::aligned_alloc(unit, bytes));
    if (!data_) throw std::bad_alloc();
    size_ = size;
#ifdef MADV_HUGEPAGE
    if (unit == kHugePage) madvise(data_, bytes, MADV_HUGEPAGE);  // slots are walked with long strides
#endif
    return static_cast<T*>(std::memset(data_, 0, bytes));
  }

 private:
  T* data_ = nullptr;
  size_t size_ = 0;
};

// Values rounded up to whole cache lines.
template <class T>
constexpr size_t lines(size_t values) {
  constexpr size_t line = 64 / sizeof(T);
  return (values + line - 1) / line * line;
}

template <class T>
struct Program {
  std::vector<Operand> operands;  // slots first
  std::vector<int> widths;        // of the operands
  std::vector<Instruction<T>> code;
  std::vector<T> constants;   // one for each operand; only constants and scalars have a meaning
  std::vector<size_t> temps;  // place of each operand that is a temporary in the scratch
  int slots = 0;              // how many operands are slots
  int rows = 1;               // of a tile
  size_t scratch = 0;         // values
  bool dropout = false;
  double work = 0;  // of one row, in multiply-adds, roughly

  Program() = default;
  explicit Program(const ProgramSource& source);
};

extern template struct Program<float>;
extern template struct Program<double>;

}  // namespace elman
