// A persistent pool of threads for short parallel loops.
//
// Goals: a loop costs little more than the way of two cache lines from one processor to another while the threads are
//   awake: they spin briefly after a loop, then park. A loop never waits for a thread that has not begun to work. A
//   thread has the same part of every loop, so that what it works on stays in its cache. Safe when several Python
//   threads call at once (one has the pool, the others work alone, but for those that were given threads of their own)
//   and after fork (the child makes new threads).
// Non-goals: nesting, priorities, exceptions out of a task.
#pragma once
#include <chrono>
#include <memory>

namespace elman {

constexpr int kMostThreads = 256;

// How long a thread spins before it parks.
constexpr std::chrono::microseconds kSpin(50);

// How many threads loops of the calling thread have at most; kMostThreads, unless it was limited.
int most_threads();

// Limits them. Up to kMostThreads they are threads of its own, which no other thread's loops take away; beyond, they
// are those that all callers have in common, one of them at a time.
void limit_threads(int most);

// Whether so many threads, this one included, are spinning or at work: a loop would wake none of them.
bool awake(int threads);

// Runs call(context, task, thread) for every task in 0 .. tasks-1, on at most `threads` threads, this one included;
// thread is a number below `threads` that no two running tasks share. Where there are as many threads as tasks, each
// has the task of its own number. Other threads than this one flush denormals (denormals.h).
void parallel_for(int tasks, int threads, void (*call)(void*, int, int), void* context);

template <class F>
void parallel_for(int tasks, int threads, F&& f) {
  auto call = [](void* context, int task, int thread) {
    (*static_cast<std::remove_reference_t<F>*>(context))(task, thread);
  };
  parallel_for(tasks, threads, call, const_cast<void*>(static_cast<const void*>(std::addressof(f))));
}

}  // namespace elman
