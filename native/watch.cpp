#include "watch.h"

#include <utility>

namespace elman {

thread_local Watch* Watch::mine_ = nullptr;

Watch* Watch::mine() { return mine_; }

bool Watch::stops() {
  if (stopped() || this != mine_ || Clock::now() < next_) return stopped();
  bool goes_on;
  {
    Unwatched meanwhile;  // who is asked may call an engine
    goes_on = ask_(context_);
  }
  if (!goes_on) stopped_.store(true, std::memory_order_relaxed);
  next_ = Clock::now() + kLookEvery;
  return !goes_on;
}

Unwatched::Unwatched() : before_(std::exchange(Watch::mine_, nullptr)) {}
Unwatched::~Unwatched() { Watch::mine_ = before_; }

Stop stop_of(Watch* watch) {
  if (!watch) return {};
  return {[](void* watch) { return static_cast<Watch*>(watch)->stops(); }, watch};
}

}  // namespace elman
