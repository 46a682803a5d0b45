#include "engines.h"

#if !defined(_WIN32)
#include <pthread.h>
#endif

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "run.h"

namespace elman {
namespace {

using Lock = std::lock_guard<std::mutex>;

// Of all lists of free engines, and held for no longer than it takes to change one. Never destroyed, as threads may
// still run when the process ends.
std::mutex& lists() {
  static std::mutex* lock = new std::mutex;
  return *lock;
}

std::atomic<uint32_t> g_forks{0};  // up to this process

// A child finds no list half changed.
void keep_whole_in_forks() {
#if !defined(_WIN32)
  static const int once =
      pthread_atfork([] { lists().lock(); }, [] { lists().unlock(); }, [] { lists().unlock(), g_forks.fetch_add(1); });
  (void)once;
#endif
}

uint32_t number_of_thread() {
  static std::atomic<uint32_t> count{0};
  thread_local const uint32_t mine = ++count;
  return mine;
}

// Another number in the child of a fork.
uint64_t this_caller() { return uint64_t(g_forks.load(std::memory_order_relaxed)) << 32 | number_of_thread(); }

}  // namespace

template <class T>
Engines<T>::Engines(Plan plan, const Kernels<T>& kernels, int threads)
    : first_(new Engine<T>(std::move(plan), kernels, threads)) {
  keep_whole_in_forks();
  idle_.push_back({first_, 0});
}

// One that is at work, for a thread that a fork has left behind, may be half of something: it stays.
template <class T>
Engines<T>::~Engines() {
  for (const Idle& each : idle_) delete each.engine;
}

template <class T>
void Engines<T>::add(Function<T> function, int64_t parameters) {
  if (function.engines == this)
    throw std::invalid_argument("bad plan: a function of parameters that is made by itself");
  add_function(*first_, std::move(function), parameters);
}

template <class T>
std::unique_ptr<Engine<T>> Engines<T>::another() const {
  auto made = std::make_unique<Engine<T>>(first_->plan, first_->kernels, first_->threads);
  for (const Function<T>& f : first_->functions.all) made->functions.all.push_back(f.alike());
  made->functions.parameters = first_->functions.parameters;
  return made;
}

template <class T>
Engine<T>& Engines<T>::take() {
  {
    Lock lock(lists());
    if (!idle_.empty()) {
      Engine<T>* last = idle_.back().engine;
      idle_.pop_back();
      return *last;
    }
  }
  return *another().release();
}

// Those that were not used for long, but one; taken from the list.
template <class T>
std::vector<Engine<T>*> Engines<T>::outdated() {
  std::vector<Engine<T>*> found;
  auto old = [&](const Idle& each) { return each.engine != first_ && calls_ - each.since > kIdleCalls; };
  for (const Idle& each : idle_)
    if (old(each)) found.push_back(each.engine);
  if (!found.empty()) idle_.erase(std::remove_if(idle_.begin(), idle_.end(), old), idle_.end());
  return found;
}

template <class T>
void Engines<T>::give_back(Engine<T>& engine) {
  std::vector<Engine<T>*> found;
  {
    Lock lock(lists());
    idle_.push_back({&engine, ++calls_});
    if (idle_.size() > 1) found = outdated();
  }
  for (Engine<T>* each : found) delete each;
}

template <class T>
size_t Engines<T>::bytes() const {
  Lock lock(lists());
  size_t all = 0;
  for (const Idle& each : idle_) all += each.engine->bytes();
  return all;
}

bool Turn::take_if_free() {
  uint64_t nobody = 0;
  return holder_.compare_exchange_strong(nobody, this_caller(), std::memory_order_acquire);
}

void Turn::take() {
  const uint64_t me = this_caller(), forks = me >> 32;
  for (uint64_t holder = 0; !holder_.compare_exchange_strong(holder, me, std::memory_order_acquire);) {
    if (holder == me)
      throw std::runtime_error("the handler of a signal uses the very stream whose step it has interrupted");
    if (holder >> 32 != forks) continue;  // a thread that is not there: its turn is taken
    look(Watch::mine());
    std::this_thread::sleep_for(kSpin);
    holder = 0;
  }
}

template class Engines<float>;
template class Engines<double>;

}  // namespace elman
