#include "run.h"

#include <cmath>
#include <stdexcept>
#include <tuple>

#include "pool.h"

namespace elman {
namespace {

// Sum of the weights of all steps in use.
template <class T>
double sum_of_weights(const Engine<T>& e, const Batch<T>& batch) {
  if (!e.plan.trains()) return 0;
  bool sequence = e.plan.stages.back().sequence;
  double sum = 0;
  for (int b = 0; b < batch.B; ++b) {
    int64_t row = batch.rows ? batch.rows[b] : b;
    double steps = sequence ? double(batch.lengths ? batch.lengths[row] : batch.steps) : 1;
    sum += steps * (batch.weights ? batch.weights[row] : 1);
  }
  return sum;
}

template <class T>
void stop_at_fault(Engine<T>& e) {
  if (!e.fault.array) return;
  IndexFault f = std::exchange(e.fault, IndexFault{});
  char text[200];
  std::snprintf(text, sizeof text, "%s[%lld, %lld] is %.9g: expected a whole number from 0 to %d", f.array,
                (long long)f.row, (long long)f.step, f.value, f.limit - 1);
  throw std::out_of_range(text);
}

template <class T>
void scale(std::vector<T*> arrays, const std::vector<int64_t>& sizes, T factor) {
  for (size_t i = 0; i < arrays.size(); ++i)
    for (int64_t j = 0; arrays[i] && j < sizes[i]; ++j) arrays[i][j] *= factor;
}

// What the gradients of the square root of a loss lack.
template <class T>
void scale_by_root(const Engine<T>& e, double loss, const Results<T>& r) {
  T factor = loss > 0 ? T(0.5 / loss) : loss == 0 ? T(0) : T(NAN);
  int64_t B = e.space.B;
  int64_t inputs = B * e.space.steps * e.space.fields[e.plan.input.slot].width;
  scale<T>({r.gradients, r.input_grad}, {e.plan.parameters, inputs}, factor);
  for (size_t i = 0; i < r.initial_states.size(); ++i) scale<T>({r.initial_states[i]}, {B * e.states[i].width}, factor);
}

}  // namespace

template <class T>
void report(Engine<T>& e, IndexFault fault) {
  std::lock_guard<std::mutex> lock(e.fault_lock);
  if (!e.fault.array || std::tie(fault.row, fault.step) < std::tie(e.fault.row, e.fault.step)) e.fault = fault;
}

template <class T>
double run_batch(Engine<T>& e, const T* parameters, bool changed, const Batch<T>& batch, const Results<T>& results) {
  bool backward = results.gradients != nullptr;
  prepare_space(e, batch);
  double rows_work = e.forward_work.of(batch.B, batch.steps);
  if (backward) rows_work += e.backward_work.of(batch.B, batch.steps);
  int threads = e.threads_for(rows_work);
  prepare_weights(e, parameters, changed, threads);
  double weight_sum = backward ? sum_of_weights(e, batch) : 0;
  parallel_for(int(e.space.blocks.size()), threads,
               [&](int block, int thread) { run_block(e, parameters, batch, results, weight_sum, block, thread); });
  stop_at_fault(e);
  if (!backward) return 0;
  double loss = 0;
  for (double row : e.space.row_losses) loss += row;
  if (e.plan.root) loss = std::sqrt(loss);
  sum_gradients(e, results.gradients, e.threads_for(e.gradient_work.of(batch.B, batch.steps)));
  if (e.plan.root) scale_by_root(e, loss, results);
  return loss;
}

template <class T>
void forward(Engine<T>& e, const T* parameters, const Batch<T>& batch, const Results<T>& results) {
  std::lock_guard<std::mutex> lock(e.one_call);
  run_batch(e, parameters, false, batch, results);
}

template <class T>
double gradients(Engine<T>& e, const T* parameters, const Batch<T>& batch, const Results<T>& results) {
  std::lock_guard<std::mutex> lock(e.one_call);
  return run_batch(e, parameters, false, batch, results);
}

template <class T>
void read(Engine<T>& e, int slot, T* out) {
  std::lock_guard<std::mutex> lock(e.one_call);
  const Workspace<T>& w = e.space;
  const Field<T>& f = w.fields.at(slot);
  const Slot& s = e.plan.slots.at(slot);
  bool over_time = e.plan.stages[s.stage].sequence && (s.time == Time::steps || s.time == Time::states);
  for (int step = 0; step < f.steps; ++step)
    for (int p = 0; p < w.B; ++p) {
      bool used = !over_time || step < w.lengths[p] + (s.time == Time::states);
      const T* from = f.base + (size_t(step) * w.B + p) * f.width;
      T* to = out + (size_t(step) * w.B + w.order[p]) * f.width;
      for (int i = 0; i < f.width; ++i) to[i] = used ? from[i] : T(0);
    }
}

#define ELMAN_INSTANTIATE(T)                                                                 \
  template void report(Engine<T>&, IndexFault);                                              \
  template double run_batch(Engine<T>&, const T*, bool, const Batch<T>&, const Results<T>&); \
  template void forward(Engine<T>&, const T*, const Batch<T>&, const Results<T>&);           \
  template double gradients(Engine<T>&, const T*, const Batch<T>&, const Results<T>&);       \
  template void read(Engine<T>&, int, T*);
ELMAN_INSTANTIATE(float)
ELMAN_INSTANTIATE(double)
#undef ELMAN_INSTANTIATE

}  // namespace elman
