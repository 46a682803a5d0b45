#include "functions.h"

#include <algorithm>
#include <stdexcept>

#include "engines.h"
#include "run.h"

namespace elman {
namespace {

constexpr uint64_t kGolden = 0x9e3779b97f4a7c15u;

int width_of(const Plan& plan, size_t input) { return plan.slots[plan.inputs[input].slot].width; }

// The batch of a matrix's rows.
template <class T>
Batch<T> rows_of(const Engine<T>& e, size_t number, uint64_t key) {
  const Function<T>& f = e.functions.all[number];
  Batch<T> batch;
  batch.B = f.rows, batch.steps = {1};
  batch.lengths = {nullptr};
  batch.key = key ^ (kGolden * (number + 1));
  for (const View& v : f.reads)
    batch.inputs.push_back({{e.functions.arena.data() + v.offset, {v.along_rows, 0, v.along_columns}}, {}});
  batch.weights.resize(f.engines->alike().plan.goals.size());
  return batch;
}

template <class T>
void make(Engine<T>& e, size_t number, uint64_t key) {
  Function<T>& f = e.functions.all[number];
  Results<T> results;
  results.outputs = {e.functions.arena.data() + f.place};
  forward(*f.engines, {nullptr, 0}, rows_of(e, number, key), results);
}

template <class T>
bool has_gradient(const Function<T>& f, size_t input) {
  const std::vector<int>& slots = f.engines->alike().plan.input_grads;
  return !slots.empty() && slots[input] >= 0;
}

// Adds dL/d inputs to where these came from.
template <class T>
void add(const Function<T>& f, size_t input, T* gradients) {
  const View& v = f.reads[input];
  const T* from = f.gradients[input].data();
  if (!has_gradient(f, input)) return;
  int width = width_of(f.engines->alike().plan, input);
  for (int64_t r = 0; r < f.rows; ++r)
    for (int c = 0; c < width; ++c) gradients[v.offset + r * v.along_rows + c * v.along_columns] += *from++;
}

template <class T>
void back(Engine<T>& e, size_t number, T* gradients, uint64_t key) {
  Function<T>& f = e.functions.all[number];
  Batch<T> batch = rows_of(e, number, key);
  int64_t columns = f.columns;
  batch.targets.push_back({{gradients + f.place, {columns, columns, 1}}, {}});
  Results<T> results;
  T nothing = 0;  // of parameters, which it has none of
  results.gradients = &nothing;
  for (size_t i = 0; i < f.reads.size(); ++i) {
    size_t values = size_t(f.rows) * width_of(f.engines->alike().plan, i);
    results.input_grads.push_back(has_gradient(f, i) ? f.gradients[i].reserve(values) : nullptr);
  }
  elman::gradients(*f.engines, {nullptr, 0}, batch, results);
  for (size_t i = 0; i < f.reads.size(); ++i) add(f, i, gradients);
}

// Whether a view of so many rows and columns lies within the first `end` values.
bool lies_within(const View& v, int64_t rows, int64_t columns, int64_t end) {
  auto small = [&](int64_t x) { return x >= 0 && x < end; };
  return small(v.offset) && small(v.along_rows) && small(v.along_columns) &&
         double(v.offset) + double(rows - 1) * double(v.along_rows) + double(columns - 1) * double(v.along_columns) <
             double(end);
}

// Whether a plan makes the rows of a matrix, and nothing else.
bool makes_rows(const Plan& plan, int columns) {
  bool numbers = true, seeded = plan.goals.empty() || (plan.goals.size() == 1 && !plan.goals[0].has_loss());
  for (const Ref& input : plan.inputs) numbers &= plan.slots[input.slot].below == 0;
  return numbers && seeded && plan.outputs.size() == 1 && plan.axes == 1 && plan.parameters == 0 &&
         plan.slots[plan.outputs[0].slot].width == columns;
}

}  // namespace

template <class T>
void add_function(Engine<T>& e, Function<T> f, int64_t parameters) {
  const Plan& plan = f.engines->alike().plan;
  const int64_t arena = e.plan.parameters, size = int64_t(f.rows) * f.columns;
  bool fits = parameters >= 0 && f.rows > 0 && f.columns > 0 && f.place >= parameters && size <= arena &&
              f.place <= arena - size && f.reads.size() == plan.inputs.size() && makes_rows(plan, f.columns);
  for (size_t i = 0; fits && i < f.reads.size(); ++i)
    fits = lies_within(f.reads[i], f.rows, width_of(plan, i), f.place);
  if (!fits) throw std::invalid_argument("bad plan: a function of parameters reads or writes where it must not");
  f.gradients.resize(f.reads.size());
  e.functions.parameters = parameters;
  e.functions.all.push_back(std::move(f));
}

template <class T>
const T* with_made(Engine<T>& e, const T* parameters, uint64_t version, uint64_t key) {
  Functions<T>& f = e.functions;
  if (!f.some()) return parameters;
  T* arena = f.arena.reserve(e.plan.parameters);
  if (version != 0 && version == f.version && key == f.key) return arena;
  f.version = 0, e.weights.stale = true;
  std::copy_n(parameters, f.parameters, arena);
  for (size_t i = 0; i < f.all.size(); ++i) make(e, i, key);
  f.version = version, f.key = key;
  return arena;
}

template <class T>
T* gradients_of_arena(Engine<T>& e, T* gradients) {
  return gradients && e.functions.some() ? e.functions.gradients.reserve(e.plan.parameters) : gradients;
}

template <class T>
void take_back(Engine<T>& e, T* gradients, uint64_t key) {
  Functions<T>& f = e.functions;
  if (!gradients || !f.some()) return;
  for (size_t i = f.all.size(); i-- > 0;) back(e, i, f.gradients.data(), key);
  std::copy_n(f.gradients.data(), f.parameters, gradients);
}

#define ELMAN_INSTANTIATE(T)                                             \
  template void add_function(Engine<T>&, Function<T>, int64_t);          \
  template const T* with_made(Engine<T>&, const T*, uint64_t, uint64_t); \
  template T* gradients_of_arena(Engine<T>&, T*);                        \
  template void take_back(Engine<T>&, T*, uint64_t);
ELMAN_INSTANTIATE(float)
ELMAN_INSTANTIATE(double)
#undef ELMAN_INSTANTIATE

}  // namespace elman
