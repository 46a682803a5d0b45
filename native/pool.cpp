#include "pool.h"

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <system_error>
#include <thread>

namespace elman {
namespace {

constexpr int kMaxThreads = 256;
constexpr auto kSpin = std::chrono::microseconds(50);

inline void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// The state of the pool in one word, so that joining a loop and closing it cannot cross:
// number of the loop (high half), whether it is open to more threads, and how many have joined and not left.
constexpr uint64_t kOpen = uint64_t(1) << 31;
constexpr uint64_t loop_number(uint64_t state) { return state >> 32; }
constexpr uint64_t joined(uint64_t state) { return state & (kOpen - 1); }

class Pool {
 public:
  void run(int tasks, int threads, void (*call)(void*, int, int), void* context) {
    std::unique_lock<std::mutex> mine(one_caller_, std::try_to_lock);
    if (!mine.owns_lock() || !grow(threads - 1)) {
      for (int i = 0; i < tasks; ++i) call(context, i, 0);
      return;
    }
    call_ = call, context_ = context, tasks_ = tasks, threads_ = threads;
    next_.store(0, std::memory_order_relaxed);
    uint64_t number = loop_number(state_.load(std::memory_order_relaxed)) + 1;
    state_.store(number << 32 | kOpen);
    if (sleepers_.load() > 0) wake();
    work(0);
    close();
  }

 private:
  // Starts threads until there are `workers`, or as many as the system gives; false when there is none.
  bool grow(int workers) {
    workers = workers < kMaxThreads ? workers : kMaxThreads;
    try {
      for (; workers_ < workers; ++workers_) std::thread(&Pool::worker, this, workers_ + 1).detach();
    } catch (const std::system_error&) {
    }
    return workers_ > 0;
  }

  void work(int thread) {
    for (int i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < tasks_;) call_(context_, i, thread);
  }

  void wake() {
    std::lock_guard<std::mutex> lock(parking_);
    unpark_.notify_all();
  }

  // No thread may join any more; wait for those that did.
  void close() {
    uint64_t state = state_.fetch_and(~kOpen, std::memory_order_acq_rel);
    for (int spins = 0; joined(state) > 0; state = state_.load(std::memory_order_acquire)) {
      if (++spins % 1024 == 0) std::this_thread::yield();
      relax();
    }
  }

  void worker(int thread) {
    uint64_t seen = 0;
    for (;;) {
      uint64_t state = wait(seen);
      seen = loop_number(state);
      if (!join(state, seen)) continue;
      if (thread < threads_) work(thread);
      state_.fetch_sub(1, std::memory_order_release);
    }
  }

  bool join(uint64_t state, uint64_t number) {
    while (loop_number(state) == number && (state & kOpen))
      if (state_.compare_exchange_weak(state, state + 1, std::memory_order_acquire)) return true;
    return false;
  }

  // The state, once it has another loop number than `seen`.
  uint64_t wait(uint64_t seen) {
    auto until = std::chrono::steady_clock::now() + kSpin;
    for (int spins = 1;; ++spins) {
      uint64_t state = state_.load(std::memory_order_acquire);
      if (loop_number(state) != seen) return state;
      relax();
      if (spins % 64 == 0 && std::chrono::steady_clock::now() > until) return park(seen);
    }
  }

  uint64_t park(uint64_t seen) {
    std::unique_lock<std::mutex> lock(parking_);
    sleepers_.fetch_add(1);  // before the state is looked at again: the caller sets the state, then looks at this
    uint64_t state;
    while (loop_number(state = state_.load()) == seen) unpark_.wait(lock);
    sleepers_.fetch_sub(1);
    return state;
  }

  std::mutex one_caller_;
  int workers_ = 0;  // under one_caller_, as the loop below
  void (*call_)(void*, int, int) = nullptr;
  void* context_ = nullptr;
  int tasks_ = 0, threads_ = 0;

  alignas(64) std::atomic<uint64_t> state_{0};
  alignas(64) std::atomic<int> next_{0};
  alignas(64) std::atomic<int> sleepers_{0};
  std::mutex parking_;
  std::condition_variable unpark_;
};

// Never destroyed: its threads may still be parked in it when the process ends.
Pool* g_pool = nullptr;

// In the child of a fork there are no threads and the locks may be held by nobody: begin anew.
void make_pool() { g_pool = new Pool; }

Pool& pool() {
  static bool once = (make_pool(), pthread_atfork(nullptr, nullptr, make_pool), true);
  (void)once;
  return *g_pool;
}

}  // namespace

void parallel_for(int tasks, int threads, void (*call)(void*, int, int), void* context) {
  if (threads > tasks) threads = tasks;
  if (threads > 1) return pool().run(tasks, threads, call, context);
  for (int i = 0; i < tasks; ++i) call(context, i, 0);
}

}  // namespace elman
