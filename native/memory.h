// Memory of slots, packed weights and scratch.
//
// Goals: aligned; zero when new; huge pages where there is much of it, cleared by the thread that first comes to them.
// Non-goals: giving memory back before its owner ends.
#pragma once
#include <cstddef>
#include <new>
#include <utility>

namespace elman {

// More memory than the system gives.
struct OutOfMemory : std::bad_alloc {
  explicit OutOfMemory(double bytes);
  const char* what() const noexcept override { return text_; }

 private:
  char text_[160];
};

// Throws OutOfMemory where so many bytes are more than any system has: what is smaller needs no check of products.
void check_bytes(double bytes);

// Zeros that begin at a multiple of 64 bytes. Throws OutOfMemory.
struct Memory {
  void* at = nullptr;
  size_t bytes = 0;

  static Memory get(size_t bytes);
  void release();
};

// Aligned memory that grows and is zero when new.
template <class T>
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept : memory_(std::exchange(other.memory_, {})), size_(other.size_) {}
  Buffer& operator=(Buffer&&) = delete;
  ~Buffer() { memory_.release(); }
  T* data() const { return static_cast<T*>(memory_.at); }
  size_t bytes() const { return size_ * sizeof(T); }

  T* reserve(size_t size) {
    if (data() && size <= size_) return data();
    check_bytes(double(size) * sizeof(T));
    std::exchange(memory_, {}).release();
    size_ = 0;
    memory_ = Memory::get(size * sizeof(T));
    size_ = size;
    return data();
  }

 private:
  Memory memory_;
  size_t size_ = 0;
};

// Values rounded up to whole cache lines.
template <class T>
constexpr size_t lines(size_t values) {
  constexpr size_t line = 64 / sizeof(T);
  return (values + line - 1) / line * line;
}

}  // namespace elman
