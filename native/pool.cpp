#include "pool.h"

#if !defined(_WIN32)
#include <pthread.h>
#endif

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "denormals.h"
#include "watch.h"

namespace elman {
namespace {

inline void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// A loop's number and how many parts it has are one word, so that no worker takes the one for another's.
constexpr uint64_t loop_word(uint64_t number, int parts) { return number << 16 | uint64_t(parts); }
constexpr uint64_t number_of(uint64_t word) { return word >> 16; }
constexpr int parts_of(uint64_t word) { return int(word & 0xffff); }

// Part 0 is the caller's, each other one belongs to the worker of its number, unless the caller takes it. The last loop
// in which a part was taken, and whether it is done, are one word, so that only one of the two can take it. A worker
// reads what to do before it takes its part: if it gets it, the caller is still waiting for it, and what was read
// belongs to this loop.
constexpr uint64_t taken(uint64_t loop) { return loop << 1; }
constexpr uint64_t done(uint64_t loop) { return loop << 1 | 1; }

struct alignas(64) Part {
  std::atomic<uint64_t> state{0};

  bool take(uint64_t loop) {
    uint64_t last = state.load(std::memory_order_acquire);
    return last < taken(loop) && state.compare_exchange_strong(last, taken(loop), std::memory_order_acq_rel);
  }
  void finish(uint64_t loop) { state.store(done(loop), std::memory_order_release); }
  // Meanwhile the caller looks whether to stop; the worker sees that at its own next look.
  void wait(uint64_t loop) const {
    for (int spins = 1; state.load(std::memory_order_acquire) != done(loop); ++spins) {
      if (spins % 1024 == 0) {
        std::this_thread::yield();
        if (Watch* watch = Watch::mine()) watch->stops();
      }
      relax();
    }
  }
};

using Call = void (*)(void*, int);  // (context, part)

class Pool {
 public:
  void run(int parts, Call call, void* context) {
    if (taken_.exchange(true, std::memory_order_acquire)) {  // by another thread, or by this one further up
      for (int p = 0; p < parts; ++p) call(context, p);
      return;
    }
    share(parts, call, context);
    taken_.store(false, std::memory_order_release);
  }

  bool awake(int threads) const {
    return workers_.load(std::memory_order_relaxed) >= threads - 1 && sleepers_.load(std::memory_order_relaxed) == 0;
  }

 private:
  void share(int parts, Call call, void* context) {
    grow(parts - 1);
    call_.store(call, std::memory_order_relaxed);
    context_.store(context, std::memory_order_relaxed);
    uint64_t loop = number_of(loop_.load(std::memory_order_relaxed)) + 1;
    loop_.store(loop_word(loop, parts));
    if (sleepers_.load() > 0) wake();
    call(context, 0);
    for (int p = 1; p < parts; ++p)
      if (part_[p].take(loop))
        call(context, p), part_[p].finish(loop);
      else
        part_[p].wait(loop);
  }

  // Starts threads until there are `workers`, or as many as the system gives.
  void grow(int workers) {
    try {
      for (int n; (n = workers_.load(std::memory_order_relaxed)) < workers; workers_.store(n + 1))
        std::thread(&Pool::worker, this, n + 1).detach();
    } catch (const std::system_error&) {
    }
  }

  void wake() {
    std::lock_guard<std::mutex> lock(parking_);
    unpark_.notify_all();
  }

  void worker(int part) {
    FlushDenormals flush;
    for (uint64_t seen = 0;;) {
      seen = wait(seen);
      Call call = call_.load(std::memory_order_relaxed);
      void* context = context_.load(std::memory_order_relaxed);
      if (part >= parts_of(seen) || !part_[part].take(number_of(seen))) continue;
      call(context, part);
      part_[part].finish(number_of(seen));
    }
  }

  // The word of the loop, once it is another one than `seen`.
  uint64_t wait(uint64_t seen) {
    auto until = std::chrono::steady_clock::now() + kSpin;
    for (int spins = 1;; ++spins) {
      uint64_t loop = loop_.load(std::memory_order_acquire);
      if (loop != seen) return loop;
      relax();
      if (spins % 64 == 0 && std::chrono::steady_clock::now() > until) return park(seen);
    }
  }

  uint64_t park(uint64_t seen) {
    std::unique_lock<std::mutex> lock(parking_);
    sleepers_.fetch_add(1);  // before the loop is looked at again: the caller sets the loop, then looks at this
    uint64_t loop;
    while ((loop = loop_.load()) == seen) unpark_.wait(lock);
    sleepers_.fetch_sub(1);
    return loop;
  }

  std::atomic<bool> taken_{false};
  std::atomic<int> workers_{0};  // written by who has taken it

  // Of the loop; all in one cache line.
  alignas(64) std::atomic<uint64_t> loop_{0};
  std::atomic<Call> call_{nullptr};
  std::atomic<void*> context_{nullptr};

  Part part_[kMostThreads];
  alignas(64) std::atomic<int> sleepers_{0};
  std::mutex parking_;
  std::condition_variable unpark_;
};

// The pool that callers have in common, and those that were somebody's own and are free.
struct Pools {
  Pool common;
  std::mutex lock;
  std::vector<Pool*> free;

  Pool* take() {
    std::lock_guard<std::mutex> mine(lock);
    if (free.empty()) return new Pool;
    Pool* last = free.back();
    return free.pop_back(), last;
  }
  void give_back(Pool* pool) {
    std::lock_guard<std::mutex> mine(lock);
    free.push_back(pool);
  }
};

// What a thread that calls may have.
struct Limit {
  int most = kMostThreads;
  Pool* own = nullptr;
  ~Limit();
};

// Never destroyed: their threads may still be parked in them when the process ends.
Pools* g_pools = nullptr;
thread_local Limit t_limit;

// In the child of a fork there are no threads and the locks may be held by nobody: begin anew.
void begin_anew() {
  g_pools = new Pools;
  if (t_limit.own) t_limit.own = new Pool;
}

void begin_anew_after_forks() {
#if !defined(_WIN32)  // which has no fork
  pthread_atfork(nullptr, nullptr, begin_anew);
#endif
}

Pools& pools() {
  static bool once = (begin_anew(), begin_anew_after_forks(), true);
  (void)once;
  return *g_pools;
}

Limit::~Limit() {
  if (own) pools().give_back(own);
}

Pool& pool() {
  Pools& all = pools();
  return t_limit.own ? *t_limit.own : all.common;
}

// Tasks that are taken one after the other by whoever is free.
struct Tasks {
  void (*call)(void*, int, int);
  void* context;
  int count;
  alignas(64) std::atomic<int> next{0};

  static void run(void* self, int thread) {
    Tasks& t = *static_cast<Tasks*>(self);
    for (int i; (i = t.next.fetch_add(1, std::memory_order_relaxed)) < t.count;) t.call(t.context, i, thread);
  }
};

// As many as there are threads.
struct OneEach {
  void (*call)(void*, int, int);
  void* context;

  static void run(void* self, int thread) {
    OneEach& t = *static_cast<OneEach*>(self);
    t.call(t.context, thread, thread);
  }
};

}  // namespace

int most_threads() { return t_limit.most; }

void limit_threads(int most) {
  t_limit.most = std::clamp(most, 1, kMostThreads);
  const bool owns = most > 1 && most < kMostThreads;
  if (owns && !t_limit.own) t_limit.own = pools().take();
  if (!owns && t_limit.own) pools().give_back(std::exchange(t_limit.own, nullptr));
}

bool awake(int threads) { return pool().awake(threads); }

void parallel_for(int tasks, int threads, void (*call)(void*, int, int), void* context) {
  threads = std::min({threads, tasks, most_threads()});
  if (threads <= 1) {
    for (int i = 0; i < tasks; ++i) call(context, i, 0);
  } else if (threads == tasks) {
    OneEach each{call, context};
    pool().run(threads, OneEach::run, &each);
  } else {
    Tasks shared{call, context, tasks};
    pool().run(threads, Tasks::run, &shared);
  }
}

}  // namespace elman
