// A batch in segments of time: for one more forward run, training needs memory for about sqrt(T) steps in place of T.
//
// First the segments run forward, and of each only the states at its beginning are kept. Then, from the last segment to
// the first, each runs again from there, now with the workspace of a single segment, and backward from the gradients of
// the states at its end, which are those at the beginning of the segment behind it.
#include <algorithm>
#include <cmath>

#include "run.h"

namespace elman {
namespace {

template <class T>
struct InSegments {
  Engine<T>& e;
  const T* parameters;
  Known known;  // of the parameters, in the next run
  const Batch<T>& whole;
  const Results<T>& wanted;
  int steps = int(std::ceil(std::sqrt(double(whole.steps))));  // of a segment
  int count = (whole.steps + steps - 1) / steps;
  double weight_sum = sum_of_weights(e, whole);

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

  Batch<T> segment(int number, const std::vector<T*>& states) const {
    Batch<T> part = whole;
    part.start = int64_t(number) * steps;
    part.whole = whole.steps;
    part.ends = number == count - 1;
    part.steps = int(std::min<int64_t>(steps, whole.steps - part.start));
    part.x.data += part.start * part.x.stride[1];
    part.target.data += part.start * part.target.stride[1];  // a stride of 0 where the loss has one step
    bool zeros = number == 0 && whole.states.empty();
    if (!zeros) part.states.assign(states.begin(), states.end());
    return part;
  }

  T* output_of(const Batch<T>& part) const {
    if (!e.output_is_sequence()) return part.ends ? wanted.output : nullptr;
    return wanted.output ? wanted.output + part.start * e.plan.slots[e.plan.output.slot].width : nullptr;
  }

  double run(const Batch<T>& part, const Results<T>& results) {
    double loss = run_blocks(e, parameters, known, part, results, weight_sum);
    known = Known::same;
    return loss;
  }

  // ---- without gradients: the final states of one segment are the initial ones of the next

  void forward() {
    for (int number = 0; number < count; ++number) {
      Batch<T> part = segment(number, wanted.states);
      if (number == 0) part.states = whole.states;
      Results<T> results;
      results.output = output_of(part);
      results.states = wanted.states;
      run(part, results);
    }
  }

  // ---- with gradients

  void keep_states() {
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
    results.output = output_of(part);
    if (part.ends) results.states = wanted.states;
    results.gradients = wanted.gradients;
    if (wanted.input_grad) results.input_grad = wanted.input_grad + part.start * e.plan.slots[e.plan.input.slot].width;
    if (number > 0 || !wanted.initial_states.empty()) results.initial_states = state_gradients;
    double loss = run(part, results);
    sum_gradients(e, wanted.gradients, !part.ends, e.threads_for(e.gradient_work.of(part.B, part.steps)));
    return loss;
  }

  double gradients() {
    keep_states();
    std::vector<T*> state_gradients = arrays(e.checkpoints.state_gradients.reserve(state_values()));
    copy(whole.state_gradients, state_gradients);
    double loss = 0;
    for (int number = count; number-- > 0;) loss += backward(number, state_gradients);
    stop_at_fault(e);
    std::vector<const T*> first(state_gradients.begin(), state_gradients.end());
    if (!wanted.initial_states.empty()) copy(first, wanted.initial_states);
    return finish(e, whole, wanted, loss);
  }
};

}  // namespace

template <class T>
double run_in_segments(Engine<T>& e, const T* parameters, Known known, const Batch<T>& batch,
                       const Results<T>& results) {
  InSegments<T> run{e, parameters, known, batch, results};
  if (results.gradients) return run.gradients();
  run.forward();
  stop_at_fault(e);
  return 0;
}

template double run_in_segments(Engine<float>&, const float*, Known, const Batch<float>&, const Results<float>&);
template double run_in_segments(Engine<double>&, const double*, Known, const Batch<double>&, const Results<double>&);

}  // namespace elman
