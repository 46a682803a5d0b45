// Engines of one plan: as many as there are calls at the same time, so that none waits for another.
//
// Goals: a call has an engine (its weights, its workspace) to itself, the one that was used last if that is free; those
//   that many calls did without are given up; the child of a fork has them all free, but for those that were at
//   work, which are lost to it.
// Non-goals: what an engine does (run.h).
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "functions.h"
#include "kernels.h"
#include "plan.h"

namespace elman {

constexpr uint64_t kIdleCalls = 256;  // so many calls that did without an engine are the end of it

template <class T>
class Engines {
 public:
  Engines(Plan plan, const Kernels<T>& kernels, int threads);
  ~Engines();
  Engines(const Engines&) = delete;
  Engines& operator=(const Engines&) = delete;

  // In what they are all alike: the plan, and what was worked out from it.
  const Engine<T>& alike() const { return *first_; }
  // Adds a function to all of them, before any call.
  void add(Function<T> function, int64_t parameters);
  // For a call, and back from it.
  Engine<T>& take();
  void give_back(Engine<T>& engine);
  // Of what grows with a batch, in those that are free.
  size_t bytes() const;

 private:
  struct Idle {
    Engine<T>* engine;
    uint64_t since;  // which call
  };
  std::unique_ptr<Engine<T>> another() const;
  std::vector<Engine<T>*> outdated();

  Engine<T>* first_;        // always there
  std::vector<Idle> idle_;  // the one used last is last
  uint64_t calls_ = 0;
};

// One caller at a time, of what serves no more, as a stream. A caller that waits looks whether to stop, one that has
// the turn already (in the handler of a signal) is refused, and after a fork it is nobody's.
class Turn {
 public:
  Turn() = default;
  Turn(Turn&&) noexcept {}  // of what nobody uses yet
  void take();
  bool take_if_free();
  void end() { holder_.store(0, std::memory_order_release); }

 private:
  std::atomic<uint64_t> holder_{0};
};

struct InTurn {
  Turn& turn;
  explicit InTurn(Turn& turn) : turn(turn) { turn.take(); }
  ~InTurn() { turn.end(); }
};

}  // namespace elman
