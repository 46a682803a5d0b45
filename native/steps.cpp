// Many steps of a stream in one call, and one step of some of many streams.
#include <algorithm>

#include "run.h"

namespace elman {
namespace {

constexpr double kTogetherBytes = 1 << 19;  // of slots, about, of steps that are taken together
constexpr double kMostTogether = 4096;

// Whether a run over many steps leaves what each step leaves: all outputs, and the states to be looked at.
template <class T>
bool keeps_steps(const Engine<T>& e) {
  const Plan& plan = e.plan;
  auto timed = [&](const Ref& place) { return plan.axis(place) == 0; };
  auto kept = [&](const State& state) { return plan.slots[state.values].time == Time::states; };
  bool all = plan.axes == 1 && std::all_of(plan.inputs.begin(), plan.inputs.end(), timed) &&
             std::all_of(plan.outputs.begin(), plan.outputs.end(), timed);
  for (const Stage& stage : plan.stages)
    all = all && stage.axis == 0 && std::all_of(stage.states.begin(), stage.states.end(), kept);
  return all;
}

// How many steps are taken together, so that their values stay in cache.
template <class T>
int64_t steps_together(const Engine<T>& e, const Repeated<T>& r) {
  if (!keeps_steps(e)) return 1;
  double bytes = 0;
  for (const Slot& slot : e.plan.slots) bytes += double(sizeof(T)) * slot.width * r.batch.B;
  return int64_t(std::clamp(kTogetherBytes / bytes, 16.0, kMostTogether));
}

// Whether the states behind all steps of the last run are finite.
template <class T>
bool finite_states(const Engine<T>& e) {
  const Workspace<T>& w = e.space;
  for (const State& state : e.states) {
    const Field<T>& f = w.fields[state.values];
    for (const Block& block : w.blocks)
      for (int t = 1; t < f.steps; ++t) {
        const T* at = f.base + (size_t(block.number) * f.axis + t) * w.block_rows * f.width;
        if (!e.kernels.all_finite(at, size_t(block.count) * f.width)) return false;
      }
  }
  return true;
}

template <class T>
int64_t state_values(const Engine<T>& e) {
  int64_t all = 0;
  for (const State& state : e.states) all += state.width;
  return all;
}

// The arrays from a step on.
template <class T>
std::vector<Source<T>> from_step(const Steps<T>& steps, int64_t t) {
  std::vector<Source<T>> found = steps.inputs;
  for (Source<T>& input : found)
    input.values.data += t * input.values.stride[1], input.indices.data += t * input.indices.stride[1];
  return found;
}

// Steps t .. t + n as a segment of a sequence.
template <class T>
bool several(Engine<T>& e, Repeated<T>& r, const Steps<T>& steps, Batch<T>& batch, int64_t t, int64_t n) {
  batch.inputs = steps.inputs;
  batch.steps = {int(n)}, batch.start = t, batch.whole = steps.count, batch.ends = t + n == steps.count;
  Results<T> results;
  results.outputs = steps.outputs, results.states = r.results.states;
  run_packed(e, r, batch, results);
  return finite_states(e);
}

// Step t as a batch of its own.
template <class T>
bool one(Engine<T>& e, Repeated<T>& r, const Steps<T>& steps, Batch<T>& batch, int64_t t) {
  batch.inputs = from_step(steps, t);
  check_indices(e, batch, false);
  run_packed(e, r, batch, r.results);
  for (size_t i = 0; i < steps.outputs.size(); ++i) {
    int64_t width = e.plan.slots[e.plan.outputs[i].slot].width;
    for (int64_t b = 0; b < batch.B; ++b)
      std::copy_n(r.results.outputs[i] + b * width, width, steps.outputs[i] + (b * steps.count + t) * width);
  }
  return finite_outputs(e, r.results.outputs, batch, 1) &&
         e.kernels.all_finite(r.finals.data(), size_t(batch.B * state_values(e)));
}

// From the states of these places to neighbouring rows, or back.
template <class T>
void move_rows(const Pool<T>& pool, const int64_t* places, int count, T* rows, bool back) {
  for (size_t i = 0; i < pool.states.size(); ++i) {
    int64_t width = pool.repeated.engines.alike().states[i].width;
    for (int row = 0; row < count; ++row, rows += width) {
      T* mine = pool.states[i] + places[row] * width;
      std::copy_n(back ? rows : mine, width, back ? mine : rows);
    }
  }
}

// The arrays of all states, one behind the other.
template <class T>
std::vector<T*> laid_out(const Engine<T>& e, int B, T* at) {
  std::vector<T*> found;
  for (const State& state : e.states) found.push_back(at), at += int64_t(B) * state.width;
  return found;
}

// Says of each row whether something of it is not finite; returns whether that is so of any.
template <class T>
bool mark(const Engine<T>& e, const Batch<T>& batch, const Results<T>& results, bool* wrong) {
  auto look = [&](const T* array, int width) {
    for (int64_t row = 0; row < batch.B; ++row) wrong[row] |= !e.kernels.all_finite(array + row * width, size_t(width));
  };
  std::fill_n(wrong, batch.B, false);
  for (size_t i = 0; i < batch.inputs.size(); ++i) {
    const Slot& slot = e.plan.slots[e.plan.inputs[i].slot];
    if (slot.below == 0) look(batch.inputs[i].values.data, slot.width);
  }
  for (size_t i = 0; i < results.outputs.size(); ++i)
    look(results.outputs[i], e.plan.slots[e.plan.outputs[i].slot].width);
  for (size_t i = 0; i < results.states.size(); ++i) look(results.states[i], e.states[i].width);
  return std::find(wrong, wrong + batch.B, true) != wrong + batch.B;
}

}  // namespace

template <class T>
bool run_steps(Repeated<T>& r, const Steps<T>& steps) {
  Call<T> call(r.engines);
  Engine<T>& e = call.engine;
  if (!finite_inputs(e, steps.inputs, r.batch, steps.count)) return false;
  Batch<T> batch = r.batch;
  const int64_t together = steps_together(e, r);
  for (int64_t t = 0, n; t < steps.count; t += n) {
    look(e.watch);
    n = std::min(together, steps.count - t);
    if (!(together > 1 ? several(e, r, steps, batch, t, n) : one(e, r, steps, batch, t))) return false;
    batch.states.assign(r.results.states.begin(), r.results.states.end());
  }
  if (!finite_outputs(e, steps.outputs, r.batch, steps.count)) return false;
  r.keep_states();
  return true;
}

template <class T>
bool run_some(Pool<T>& pool, const int64_t* places, const Batch<T>& given, const std::vector<T*>& outputs,
              bool* wrong) {
  Repeated<T>& r = pool.repeated;
  Call<T> call(r.engines);
  Engine<T>& e = call.engine;
  Batch<T> batch = given;
  check_indices(e, batch, false);
  const size_t values = size_t(batch.B * state_values(e));
  T *before = pool.before.reserve(values), *after = r.finals.reserve(values);
  move_rows(pool, places, batch.B, before, false);
  Results<T> results;
  results.outputs = outputs, results.states = laid_out(e, batch.B, after);
  std::vector<T*> states = laid_out(e, batch.B, before);
  batch.states.assign(states.begin(), states.end());
  run_packed(e, r, batch, results);
  if (!finite_inputs(e, batch.inputs, batch, 1) || !finite_outputs(e, outputs, batch, 1) ||
      !e.kernels.all_finite(after, values))
    if (mark(e, batch, results, wrong)) return false;
  move_rows(pool, places, batch.B, after, true);
  return true;
}

#define ELMAN_INSTANTIATE(T)                              \
  template bool run_steps(Repeated<T>&, const Steps<T>&); \
  template bool run_some(Pool<T>&, const int64_t*, const Batch<T>&, const std::vector<T*>&, bool*);
ELMAN_INSTANTIATE(float)
ELMAN_INSTANTIATE(double)
#undef ELMAN_INSTANTIATE

}  // namespace elman
