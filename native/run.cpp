#include "run.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <tuple>

#include "pool.h"

namespace elman {
namespace {

constexpr std::chrono::milliseconds kBetweenWakings(2);
constexpr double kForwardBytes = 64e6;  // of slots, about, in one part of a forward run

template <class T>
int rows_at_once(const Engine<T>& e, const Batch<T>& batch) {
  double bytes = 0;
  for (const Slot& s : e.plan.slots)
    bytes += double(sizeof(T)) * s.width * (s.every_step() ? batch.steps_of(s.axis) + 1 : 2);
  return int(std::clamp(kForwardBytes / bytes, 128.0, 1e9));
}

template <class T>
Batch<T> part_of(const Engine<T>& e, Batch<T> batch, int first, int count) {
  batch.B = count, batch.first = first;
  for (Source<T>& input : batch.inputs) input.begin_at(first);
  for (const int64_t*& lengths : batch.lengths)
    if (lengths) lengths += first;
  for (size_t i = 0; i < batch.states.size(); ++i) batch.states[i] += int64_t(first) * e.states[i].width;
  return batch;
}

// The values of a row of an output or an input.
template <class T>
int64_t row_size(const Engine<T>& e, const Batch<T>& batch, const Ref& place) {
  return int64_t(batch.steps_of(e.plan.axis(place))) * e.plan.slots[place.slot].width;
}

template <class T>
Results<T> part_of(const Engine<T>& e, const Batch<T>& batch, Results<T> results, int first) {
  for (size_t i = 0; i < results.outputs.size(); ++i)
    results.outputs[i] += first * row_size(e, batch, e.plan.outputs[i]);
  for (size_t i = 0; i < results.states.size(); ++i) results.states[i] += int64_t(first) * e.states[i].width;
  return results;
}

template <class T>
void scale(T* array, int64_t size, T factor) {
  for (int64_t j = 0; array && j < size; ++j) array[j] *= factor;
}

// What the gradients of the square root of a loss lack.
template <class T>
void scale_by_root(const Engine<T>& e, double loss, const Batch<T>& batch, const Results<T>& r) {
  T factor = loss > 0 ? T(0.5 / loss) : loss == 0 ? T(0) : T(NAN);
  int64_t B = batch.B;
  scale(r.gradients, e.plan.parameters, factor);
  for (size_t i = 0; i < r.input_grads.size(); ++i)
    scale(r.input_grads[i], B * row_size(e, batch, e.plan.inputs[i]), factor);
  for (size_t i = 0; i < r.initial_states.size(); ++i) scale(r.initial_states[i], B * e.states[i].width, factor);
}

[[noreturn]] void refuse(const std::string& array, const IndexFault& f) {
  char text[200];
  std::snprintf(text, sizeof text, "[%lld, %lld] is %.15g: expected a whole number from 0 to %d", (long long)f.row,
                (long long)f.step, f.value, f.limit - 1);
  throw BadData(array + text);
}

// What messages call one of several arrays; elman/engine/arrays.py has the same names.
std::string name_of(const char* alone, const char* several, size_t number, size_t count) {
  return count == 1 ? alone : std::string(several) + "[" + std::to_string(number) + "]";
}

// The indices of all steps in use, or the one of each row.
template <class T>
void check_source(const Engine<T>& e, const Batch<T>& batch, const Source<T>& source, int slot,
                  const std::string& array) {
  int below = e.plan.slots[slot].below, axis = e.plan.slots[slot].axis;
  for (int64_t b = 0; below > 0 && b < batch.B; ++b) {
    int64_t row = batch.data_row(b), steps = batch.span(axis, row).count;
    for (int64_t t = 0; t < steps; ++t) {
      int64_t index = *source.indices.at(row, t);
      if (index < 0 || index >= below) refuse(array, {nullptr, batch.first + row, t, double(index), below});
    }
  }
}

// Whether threads that are awake would share the work of a run.
template <class T>
bool is_shared(const Engine<T>& e, const Batch<T>& batch) {
  return e.threads_now() > 1 && batch.B * e.step_product >= kWorthSharing;
}

// One run takes too little time to wake a thread for it. Where runs follow one another closely the threads are woken
// for the runs to come, but not again and again: on a busy machine they do not stay awake.
template <class T>
int threads_awake(const Engine<T>& e, Repeated<T>& r, bool shared) {
  int threads = e.threads_now();
  if (!shared) return 1;
  auto now = Clock::now();
  if (now - r.last > kSpin) return 1;
  if (awake(threads)) return threads;
  if (now > r.next_waking) {
    parallel_for(threads, threads, [](int, int) {});
    r.next_waking = now + kBetweenWakings;
  }
  return 1;
}

template <class T>
bool finite_results(const Engine<T>& e, const Repeated<T>& r) {
  size_t states = 0;
  for (size_t i = 0; i < r.states.size(); ++i) states += r.state_size(i);
  return finite_outputs(e, r.results.outputs, r.batch, 1) && e.kernels.all_finite(r.finals.data(), states);
}

// Takes all blocks along the legs of a way; where rows meet and go on, it is concluded what they say.
template <class T>
void walk(Engine<T>& e, const T* parameters, const Batch<T>& batch, const Results<T>& results,
          const std::vector<double>& weight_sums, const std::vector<Leg>& legs) {
  prepare_space(e, batch);
  bool backward = results.gradients != nullptr;
  double work = e.forward_work.of(batch);
  if (backward) work += e.backward_work.of(batch);
  int threads = e.threads_for(work);
  prepare_weights(e, parameters, threads);
  // A block alone has all threads for its products, where those that follow one another are worth it.
  e.sharing = e.space.blocks.size() == 1 && batch.B * e.step_product >= kWorthSharing ? threads : 1;
  for (const Leg& leg : legs) {
    parallel_watched(e.watch, int(e.space.blocks.size()), threads, [&](int block, int thread) {
      run_block(e, parameters, batch, results, weight_sums, leg, block, thread);
      if (leg.meets) speak(e, *leg.meets, block);
    });
    if (leg.meets) join(e, *leg.meets);
    if (leg.meets && !leg.ends) conclude(e, *leg.meets);
  }
}

}  // namespace

template <class T>
void report(Engine<T>& e, IndexFault fault) {
  std::lock_guard<std::mutex> lock(e.fault_lock);
  if (!e.fault.array || std::tie(fault.row, fault.step) < std::tie(e.fault.row, e.fault.step)) e.fault = fault;
}

template <class T>
std::vector<double> sums_of_weights(const Engine<T>& e, const Batch<T>& batch) {
  if (!batch.totals.empty()) return batch.totals;
  std::vector<double> sums(e.plan.goals.size());
  for (size_t i = 0; i < sums.size(); ++i) {
    const Goal& goal = e.plan.goals[i];
    const StepWeights<T>& weights = batch.weights[i];
    for (int b = 0; goal.has_loss() && b < batch.B; ++b) {
      int64_t row = batch.data_row(b), steps = batch.span(e.plan.slots[goal.weight].axis, row).count;
      if (weights.steps == 1) sums[i] += double(steps) * weights.at(row, 0);
      for (int64_t t = 0; weights.steps > 1 && t < steps; ++t) sums[i] += weights.at(row, t);
    }
  }
  return sums;
}

template <class T>
double run_blocks(Engine<T>& e, const T* parameters, const Batch<T>& batch, const Results<T>& results,
                  const std::vector<double>& weight_sums) {
  bool backward = results.gradients != nullptr;
  int end = backward                             ? 2 * int(e.plan.stages.size())
            : Results<T>::wants(results.outputs) ? e.plan.forward_stages()
                                                 : e.stateful_stages;
  walk(e, parameters, batch, results, weight_sums, legs(e, end));
  double loss = 0;
  for (int b = 0; backward && e.plan.losses() > 0 && b < batch.B; ++b) loss += e.space.row_losses[b];
  return loss;
}

template <class T>
void run_to_meeting(Engine<T>& e, const T* parameters, const Batch<T>& batch, const Results<T>& results,
                    const std::vector<double>& weight_sums) {
  const Gathering& next = e.moments.gatherings[e.moments.known];
  walk(e, parameters, batch, results, weight_sums, {Leg{0, next.place, &next, true, true}});
}

template <class T>
void check_indices(const Engine<T>& e, const Batch<T>& batch, bool with_targets) {
  const Plan& plan = e.plan;
  for (size_t i = 0; i < plan.inputs.size(); ++i)
    check_source(e, batch, batch.inputs[i], plan.inputs[i].slot, name_of("x", "inputs", i, plan.inputs.size()));
  for (size_t i = 0; with_targets && i < plan.goals.size(); ++i)
    check_source(e, batch, batch.targets[i], plan.goals[i].slot(), name_of("target", "targets", i, plan.goals.size()));
}

template <class T>
void stop_at_fault(Engine<T>& e) {
  if (!e.fault.array) return;
  IndexFault fault = std::exchange(e.fault, IndexFault{});
  refuse(fault.array, fault);
}

template <class T>
double finish(const Engine<T>& e, const Batch<T>& batch, const Results<T>& results, double sum) {
  if (!e.plan.root || !batch.totals.empty()) return sum;
  double loss = std::sqrt(sum);
  scale_by_root(e, loss, batch, results);
  return loss;
}

template <class T>
double run_batch(Engine<T>& e, const T* parameters, const Batch<T>& batch, const Results<T>& results) {
  bool backward = results.gradients != nullptr;
  double sum = run_blocks(e, parameters, batch, results, backward ? sums_of_weights(e, batch) : std::vector<double>());
  stop_at_fault(e);
  if (!backward) return 0;
  sum_gradients(e, results.gradients, false, e.threads_for(e.gradient_work.of(batch)));
  return finish(e, batch, results, sum);
}

template <class T>
void expect_version(Engine<T>& e, uint64_t version) {
  Weights<T>& w = e.weights;
  w.stale = w.stale || version == 0 || version != w.version;
  w.version = version;
}

template <class T>
void forward(Engines<T>& engines, Parameters<T> parameters, const Batch<T>& batch, const Results<T>& results,
             InTime in_time) {
  Call<T> call(engines);
  Engine<T>& e = call.engine;
  expect_version(e, parameters.version);
  check_indices(e, batch, false);
  int rows = e.plan.moments > 0 ? batch.B : rows_at_once(e, batch);  // which meet, so that all must be there
  e.in_parts = in_time.in_segments() || rows < batch.B;
  const T* values = with_made(e, parameters.values, parameters.version, batch.key);
  for (int first = 0; first < batch.B; first += rows) {
    int count = std::min(rows, batch.B - first);
    run_in_time(e, values, part_of(e, batch, first, count), part_of(e, batch, results, first), in_time);
  }
}

template <class T>
double gradients(Engines<T>& engines, Parameters<T> parameters, const Batch<T>& batch, const Results<T>& results,
                 InTime in_time) {
  Call<T> call(engines);
  Engine<T>& e = call.engine;
  expect_version(e, parameters.version);
  check_indices(e, batch, true);
  e.in_parts = in_time.in_segments();
  const T* values = with_made(e, parameters.values, parameters.version, batch.key);
  Results<T> of_arena = results;
  of_arena.gradients = gradients_of_arena(e, results.gradients);
  double loss = run_in_time(e, values, batch, of_arena, in_time);
  take_back(e, results.gradients, batch.key);
  return loss;
}

template <class T>
Repeated<T>::Repeated(Engines<T>& engines, Parameters<T> parameters, const Batch<T>& given,
                      const std::vector<T*>& states, const std::vector<T*>& outputs)
    : engines(engines), parameters(parameters), batch(given), states(states) {
  batch.states.assign(states.begin(), states.end());
  results.outputs = outputs;
  int64_t size = 0;
  for (size_t i = 0; i < states.size(); ++i) size += state_size(i);
  T* at = finals.reserve(size_t(size));
  for (size_t i = 0; i < states.size(); at += state_size(i++)) results.states.push_back(at);
}

template <class T>
void run_packed(Engine<T>& e, Repeated<T>& r, const Batch<T>& batch, const Results<T>& results) {
  bool shared = is_shared(e, batch);
  e.awake = threads_awake(e, r, shared);
  e.in_parts = false;
  const Weights<T>& w = e.weights;
  const T* made = e.functions.arena.data();
  if (w.stale || r.packings != w.packings) {
    expect_version(e, r.parameters.version);
    made = with_made(e, r.parameters.values, r.parameters.version, batch.key);
  }
  run_batch(e, e.functions.some() ? made : r.parameters.values, batch, results);
  r.packings = w.packings;
  if (shared) r.last = Clock::now();
}

template <class T>
bool finite_inputs(const Engine<T>& e, const std::vector<Source<T>>& inputs, const Batch<T>& batch, int64_t times) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Ref& place = e.plan.inputs[i];
    size_t size = size_t(times * batch.B * row_size(e, batch, place));
    if (!e.holds_indices(place.slot) && !e.kernels.all_finite(inputs[i].values.data, size)) return false;
  }
  return true;
}

template <class T>
bool finite_outputs(const Engine<T>& e, const std::vector<T*>& outputs, const Batch<T>& batch, int64_t times) {
  for (size_t i = 0; i < outputs.size(); ++i)
    if (!e.kernels.all_finite(outputs[i], size_t(times * batch.B * row_size(e, batch, e.plan.outputs[i]))))
      return false;
  return true;
}

template <class T>
bool run_finite(Repeated<T>& r) {
  Call<T> call(r.engines);
  Engine<T>& e = call.engine;
  if (!finite_inputs(e, r.batch.inputs, r.batch, 1)) return false;
  check_indices(e, r.batch, false);
  run_packed(e, r, r.batch, r.results);
  if (!finite_results(e, r)) return false;
  r.keep_states();
  return true;
}

template <class T>
std::pair<int, int> size_of(Engines<T>& engines, int slot) {
  Call<T> call(engines);
  const Workspace<T>& w = call.engine.space;
  return {w.B > 0 ? w.fields.at(slot).steps : 0, w.B};
}

template <class T>
void read(Engines<T>& engines, int slot, T* out, size_t values) {
  Call<T> call(engines);
  const Engine<T>& e = call.engine;
  if (e.in_parts)
    throw std::runtime_error(
        "the last call's batch was too large to be kept: call with fewer rows, or memory='normal', to read");
  const Workspace<T>& w = e.space;
  const Field<T>& f = w.fields.at(slot);
  const Slot& s = e.plan.slots.at(slot);
  if (values != (w.B > 0 ? size_t(f.steps) * w.B * f.width : 0))
    throw std::runtime_error("the engine was used for another batch meanwhile: read once more");
  const Rows& rows = w.rows(s.axis);
  for (const Block& block : w.blocks)
    for (int step = 0; step < f.steps; ++step)
      for (int row = 0; row < block.count; ++row) {
        int p = block.first + row;
        bool used = !s.every_step() || step < rows.lengths[p] + (s.time == Time::states);
        const T* from = f.base + ((size_t(block.number) * f.axis + step) * w.block_rows + row) * f.width;
        T* to = out + (size_t(step) * w.B + rows.order[p]) * f.width;
        for (int i = 0; i < f.width; ++i) to[i] = used ? from[i] : T(0);
      }
}

#define ELMAN_INSTANTIATE(T)                                                                                          \
  template void report(Engine<T>&, IndexFault);                                                                       \
  template std::vector<double> sums_of_weights(const Engine<T>&, const Batch<T>&);                                    \
  template void expect_version(Engine<T>&, uint64_t);                                                                 \
  template double run_blocks(Engine<T>&, const T*, const Batch<T>&, const Results<T>&, const std::vector<double>&);   \
  template void run_to_meeting(Engine<T>&, const T*, const Batch<T>&, const Results<T>&, const std::vector<double>&); \
  template void check_indices(const Engine<T>&, const Batch<T>&, bool);                                               \
  template void stop_at_fault(Engine<T>&);                                                                            \
  template double finish(const Engine<T>&, const Batch<T>&, const Results<T>&, double);                               \
  template double run_batch(Engine<T>&, const T*, const Batch<T>&, const Results<T>&);                                \
  template void forward(Engines<T>&, Parameters<T>, const Batch<T>&, const Results<T>&, InTime);                      \
  template double gradients(Engines<T>&, Parameters<T>, const Batch<T>&, const Results<T>&, InTime);                  \
  template struct Repeated<T>;                                                                                        \
  template void run_packed(Engine<T>&, Repeated<T>&, const Batch<T>&, const Results<T>&);                             \
  template bool finite_inputs(const Engine<T>&, const std::vector<Source<T>>&, const Batch<T>&, int64_t);             \
  template bool finite_outputs(const Engine<T>&, const std::vector<T*>&, const Batch<T>&, int64_t);                   \
  template std::pair<int, int> size_of(Engines<T>&, int);                                                             \
  template bool run_finite(Repeated<T>&);                                                                             \
  template void read(Engines<T>&, int, T*, size_t);
ELMAN_INSTANTIATE(float)
ELMAN_INSTANTIATE(double)
#undef ELMAN_INSTANTIATE

}  // namespace elman
