// A batch in segments of time: for one more forward run, training needs memory for about sqrt(T) steps in place of T.
// Truncated, it goes through the segments once.
//
// First the segments run forward, and of each only the states at its beginning are kept. Then, from the last segment to
// the first, each runs again from there, now with the workspace of a single segment, and backward from the gradients of
// the states at its end, which are those at the beginning of the segment behind it.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "run.h"

namespace elman {
namespace {

template <class T>
struct InSegments {
  Engine<T>& e;
  const T* parameters;
  const Batch<T>& whole;
  const Results<T>& wanted;
  InTime in_time;
  int all = whole.steps.empty() ? 1 : whole.steps[0];  // steps
  int steps =
      in_time.truncate ? std::min(in_time.truncate, all) : int(std::ceil(std::sqrt(double(all))));  // of a segment
  int count = (all + steps - 1) / steps;
  std::vector<double> weight_sums = sums_of_weights(e, whole);

  int64_t state_values() const {
    int64_t width = 0;
    for (const State& state : e.states) width += state.width;
    return width * whole.B;
  }

  // An array (B, width) of each state, one behind the other.
  std::vector<T*> arrays(T* first) const {
    std::vector<T*> out;
    for (const State& state : e.states) {
      out.push_back(first);
      first += int64_t(whole.B) * state.width;
    }
    return out;
  }

  std::vector<T*> states_before(int segment) const {
    return arrays(e.checkpoints.states.data() + segment * state_values());
  }

  // Copies what the caller gave of each state, or zeros.
  void copy(const std::vector<const T*>& given, const std::vector<T*>& to) const {
    for (size_t i = 0; i < to.size(); ++i) {
      int64_t values = int64_t(whole.B) * e.states[i].width;
      if (given.empty())
        std::fill_n(to[i], values, T(0));
      else
        std::copy_n(given[i], values, to[i]);
    }
  }

  // The first step of a segment. Truncated, the first segment may be short; else the last one.
  int64_t begin(int number) const {
    if (!in_time.truncate) return std::min<int64_t>(all, int64_t(number) * steps);
    return std::max<int64_t>(0, all - int64_t(count - number) * steps);
  }

  Batch<T> segment(int number, const std::vector<T*>& states) const {
    Batch<T> part = whole;
    part.start = begin(number);
    part.whole = all;
    part.ends = number == count - 1;
    part.at_end = in_time.truncate > 0;
    if (!part.steps.empty()) part.steps[0] = int(begin(number + 1) - part.start);
    bool zeros = number == 0 && whole.states.empty();
    if (!zeros) part.states.assign(states.begin(), states.end());
    return part;
  }

  // Of the arrays of some places, those that a segment has to do with: a single step goes with the last one.
  template <class P>
  std::vector<T*> arrays_of(const Batch<T>& part, std::vector<T*> arrays, P place) const {
    for (size_t i = 0; i < arrays.size(); ++i)
      if (!part.ends && e.plan.axis(place(i)) == kOnce) arrays[i] = nullptr;
    return arrays;
  }
  std::vector<T*> outputs_of(const Batch<T>& part) const {
    return arrays_of(part, wanted.outputs, [&](size_t i) { return e.plan.outputs[i]; });
  }
  std::vector<T*> input_grads_of(const Batch<T>& part) const {
    return arrays_of(part, wanted.input_grads, [&](size_t i) { return e.plan.inputs[i]; });
  }

  double run(const Batch<T>& part, const Results<T>& results) {
    return run_blocks(e, parameters, part, results, weight_sums);
  }

  // ---- where rows meet, segments do: they go there all before one of them goes on

  const Gathering* next_meeting(bool back) const {
    const Moments& m = e.moments;
    bool comes = m.known < m.gatherings.size() && m.gatherings[m.known].back == back;
    return comes ? &m.gatherings[m.known] : nullptr;
  }

  // Leaves in `states` those after the last segment.
  void meet_forward(const std::vector<T*>& states) {
    while (const Gathering* next = next_meeting(false)) {
      copy(whole.states, states);
      for (int number = 0; number < count; ++number) {
        Results<T> results;
        results.states = states;
        run_to_meeting(e, parameters, segment(number, states), results, weight_sums);
      }
      conclude(e, *next);
    }
  }

  // After keep_states(). Truncated, no gradient goes from a segment to the one before.
  void meet_backward(const std::vector<T*>& state_gradients) {
    while (const Gathering* next = next_meeting(true)) {
      copy(whole.state_gradients, state_gradients);
      for (int number = count; number-- > 0;) {
        Batch<T> part = segment(number, states_before(number));
        Results<T> results;
        results.gradients = wanted.gradients;
        if (!in_time.truncate) {
          part.state_gradients.assign(state_gradients.begin(), state_gradients.end());
          results.initial_states = state_gradients;
        }
        run_to_meeting(e, parameters, part, results, weight_sums);
      }
      conclude(e, *next);
    }
  }

  // ---- without gradients: the final states of one segment are the initial ones of the next

  void forward() {
    meet_forward(wanted.states);
    for (int number = 0; number < count; ++number) {
      Batch<T> part = segment(number, wanted.states);
      if (number == 0) part.states = whole.states;
      Results<T> results;
      results.outputs = outputs_of(part);
      results.states = wanted.states;
      run(part, results);
    }
  }

  // ---- with gradients

  void keep_states() {
    check_bytes(double(count) * double(state_values()) * sizeof(T));
    e.checkpoints.states.reserve(count * state_values());
    copy(whole.states, states_before(0));
    if (e.states.empty()) return;
    for (int number = 0; number < count - 1; ++number) {
      Results<T> results;
      results.states = states_before(number + 1);
      run(segment(number, states_before(number)), results);
    }
  }

  double backward(int number, const std::vector<T*>& state_gradients) {
    Batch<T> part = segment(number, states_before(number));
    part.state_gradients.assign(state_gradients.begin(), state_gradients.end());
    Results<T> results;
    results.outputs = outputs_of(part);
    if (part.ends) results.states = wanted.states;
    results.gradients = wanted.gradients;
    results.input_grads = input_grads_of(part);
    if (number > 0 || !wanted.initial_states.empty()) results.initial_states = state_gradients;
    double loss = run(part, results);
    sum_gradients(e, wanted.gradients, !part.ends, e.threads_for(e.gradient_work.of(part)));
    return loss;
  }

  double gradients() {
    meet_forward(arrays(e.checkpoints.states.reserve(state_values())));
    keep_states();
    std::vector<T*> state_gradients = arrays(e.checkpoints.state_gradients.reserve(state_values()));
    meet_backward(state_gradients);
    copy(whole.state_gradients, state_gradients);
    double loss = 0;
    for (int number = count; number-- > 0;) loss += backward(number, state_gradients);
    stop_at_fault(e);
    std::vector<const T*> first(state_gradients.begin(), state_gradients.end());
    if (!wanted.initial_states.empty()) copy(first, wanted.initial_states);
    return finish(e, whole, wanted, loss);
  }

  // ---- with truncated gradients: nothing flows from a segment into the one before, so once through them is enough

  // Whether gradients begin in a segment.
  bool has_goal(const Batch<T>& part) const {
    auto every_step = [&](const Goal& goal) { return e.plan.slots[goal.slot()].axis != kOnce; };
    return part.ends || e.plan.moments > 0 || std::any_of(e.plan.goals.begin(), e.plan.goals.end(), every_step);
  }

  // Runs a segment, and leaves in `states` those at its end.
  double truncated(const Batch<T>& part, const std::vector<T*>& states, bool add) {
    Results<T> results;
    results.states = states;
    if (!has_goal(part)) return states.empty() ? 0 : run(part, results);
    results.outputs = outputs_of(part);
    results.gradients = wanted.gradients;
    double loss = run(part, results);
    sum_gradients(e, wanted.gradients, add, e.threads_for(e.gradient_work.of(part)));
    return loss;
  }

  double truncated_gradients() {
    if (e.plan.moments > 0) {
      meet_forward(arrays(e.checkpoints.states.reserve(state_values())));
      keep_states();
      meet_backward({});
    }
    std::vector<T*> states = arrays(e.checkpoints.states.reserve(state_values()));
    copy(whole.states, states);
    double loss = 0;
    bool add = false;
    for (int number = 0; number < count; ++number) {
      Batch<T> part = segment(number, states);
      loss += truncated(part, states, add);
      add = has_goal(part);
    }
    stop_at_fault(e);
    std::vector<const T*> last(states.begin(), states.end());
    if (!wanted.states.empty()) copy(last, wanted.states);
    return finish(e, whole, wanted, loss);
  }
};

}  // namespace

template <class T>
double run_in_segments(Engine<T>& e, const T* parameters, const Batch<T>& batch, const Results<T>& results,
                       InTime in_time) {
  if (e.plan.axes > 1) throw std::invalid_argument("a batch of several time axes cannot be taken in segments of time");
  InSegments<T> run{e, parameters, batch, results, in_time};
  if (results.gradients) return in_time.truncate ? run.truncated_gradients() : run.gradients();
  run.forward();
  stop_at_fault(e);
  return 0;
}

#define ELMAN_INSTANTIATE(T) \
  template double run_in_segments(Engine<T>&, const T*, const Batch<T>&, const Results<T>&, InTime);
ELMAN_INSTANTIATE(float)
ELMAN_INSTANTIATE(double)
#undef ELMAN_INSTANTIATE

}  // namespace elman
