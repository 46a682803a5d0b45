// Calls that can be stopped: what computes for long looks here, again and again, whether it shall go on.
//
// Goals: a look is so cheap that it may be taken every few microseconds; the thread that called asks, every kLookEvery,
//   whoever may want an end of it (a signal, say), and all threads of the call end at their next look.
// Non-goals: who is asked (bind_threads.h), and what a call leaves behind (run.h).
#pragma once
#include <atomic>
#include <chrono>

#include "kernels.h"
#include "pool.h"

namespace elman {

constexpr std::chrono::milliseconds kLookEvery(100);

// What a call that was stopped is left by.
struct Stopped {};

class Watch {
 public:
  using Ask = bool (*)(void*);  // whether to go on; asked by no thread but the one that made the watch

  // Of all that this thread does as long as the watch lives.
  Watch(Ask ask, void* context) : ask_(ask), context_(context), before_(mine_) { mine_ = this; }
  ~Watch() { mine_ = before_; }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // That of the calling thread, or null.
  static Watch* mine();

  bool stopped() const { return stopped_.load(std::memory_order_relaxed); }
  // Whether the call shall end: a look.
  bool stops();

 private:
  friend class Unwatched;
  using Clock = std::chrono::steady_clock;

  Ask ask_;
  void* context_;
  Watch* before_;
  Clock::time_point next_ = Clock::now() + kLookEvery;
  std::atomic<bool> stopped_{false};
  static thread_local Watch* mine_;
};

// What this thread does meanwhile goes on to its end, and nobody is asked.
class Unwatched {
 public:
  Unwatched();
  ~Unwatched();

 private:
  Watch* before_;
};

inline void look(Watch* watch) {
  if (watch && watch->stops()) throw Stopped{};
}

// The same for a kernel.
Stop stop_of(Watch* watch);

// A loop whose tasks may look; where they were stopped it throws, when all of them have ended.
template <class F>
void parallel_watched(Watch* watch, int tasks, int threads, F&& f) {
  parallel_for(tasks, threads, [&](int task, int thread) {
    if (watch && watch->stopped()) return;
    try {
      f(task, thread);
    } catch (const Stopped&) {
    }
  });
  if (watch && watch->stopped()) throw Stopped{};
}

}  // namespace elman
