// Memory of a run: slots, the order of rows, the borders of blocks, packed weights.
#include <algorithm>
#include <numeric>

#include "pool.h"
#include "run.h"

namespace elman {
namespace {

constexpr int kBlockRows = 16;   // at most, of a block
constexpr int kWholeBatch = 16;  // a batch of fewer rows is one block

int steps_of(const Plan& plan, const Slot& slot, int steps) {
  int T = plan.stages[slot.stage].sequence ? steps : 1;
  switch (slot.time) {
    case Time::steps:
      return T;
    case Time::states:
      return T + 1;
    case Time::pair:
      return 2;
    default:
      return 1;
  }
}

template <class T>
void lay_out(const Plan& plan, int B, Workspace<T>& w) {
  size_t values = 0;
  w.fields.clear();
  for (const Slot& s : plan.slots) {
    w.fields.push_back({nullptr, steps_of(plan, s, w.steps), s.width});
    values += lines<T>(size_t(w.fields.back().steps) * B * s.width);
  }
  T* next = w.memory.reserve(values);
  for (Field<T>& f : w.fields) {
    f.base = next;
    next += lines<T>(size_t(f.steps) * B * f.width);
  }
}

template <class T>
void sort_by_length(const Batch<T>& batch, Workspace<T>& w) {
  auto length = [&](int64_t b) { return batch.lengths[batch.rows ? batch.rows[b] : b]; };
  std::stable_sort(w.order.begin(), w.order.end(), [&](int64_t a, int64_t b) { return length(a) > length(b); });
  for (int i = 0; i < w.B; ++i) w.lengths[i] = std::clamp<int64_t>(length(w.order[i]), 0, w.steps);
  w.ragged = w.lengths.back() < w.steps;
}

template <class T>
void order_rows(const Batch<T>& batch, Workspace<T>& w) {
  w.order.resize(w.B);
  w.lengths.assign(w.B, w.steps);
  std::iota(w.order.begin(), w.order.end(), 0);
  if (batch.lengths) sort_by_length(batch, w);
  w.numbers.resize(w.B);
  for (int i = 0; i < w.B; ++i) w.numbers[i] = w.first + w.order[i];
}

template <class T>
void count_active(Workspace<T>& w) {
  w.active.assign(w.steps, w.B);
  for (int t = 0, n = w.B; w.ragged && t < w.steps; ++t) {
    while (n > 0 && w.lengths[n - 1] <= t) --n;
    w.active[t] = n;
  }
  w.runs.clear();
  for (int64_t t = 0; t < w.steps && w.active[t] > 0; ++t) {
    bool joins = !w.runs.empty() && w.runs.back().first + w.runs.back().count == t * w.B;
    if (joins)
      w.runs.back().count += w.active[t];
    else
      w.runs.push_back({t * w.B, w.active[t]});
  }
}

// Blocks of about equal work: an even number of them, so that two threads have the same to do.
template <class T>
void cut_blocks(Workspace<T>& w) {
  int count = w.B < kWholeBatch ? 1 : 2 * ((w.B + 2 * kBlockRows - 1) / (2 * kBlockRows));
  double total = 0, sum = 0;
  for (int64_t length : w.lengths) total += double(length + 1);
  w.blocks.assign(1, {0, 0});
  for (int i = 0; i < w.B; ++i) {
    bool full = sum >= total * double(w.blocks.size()) / count && int(w.blocks.size()) < count;
    if (full) w.blocks.push_back({i, 0});
    ++w.blocks.back().count;
    sum += double(w.lengths[i] + 1);
  }
}

// One segment of a matrix into its columns of the panels.
template <class T>
void pack_segment(const Engine<T>& e, const PackTask& task, const T* parameters) {
  const Matrix& m = e.plan.matrices[task.matrix];
  const MatrixSegment& s = m.segments[task.segment];
  int n = m.transposed ? s.columns : s.rows;
  ptrdiff_t column = m.transposed ? 1 : s.columns, row = m.transposed ? s.columns : 1;
  e.kernels.pack(parameters + s.offset, column, row, n, m.k(), task.first, m.n(), e.weights.panels[task.matrix]);
}

template <class T>
void repeat(const T* vector, int width, int rows, T* out) {
  for (int r = 0; r < rows; ++r) std::copy_n(vector, width, out + size_t(r) * width);
}

template <class T>
void lay_out_weights(Engine<T>& e) {
  size_t values = 0;
  std::vector<size_t> at;
  for (const Matrix& m : e.plan.matrices) {
    at.push_back(values);
    values += lines<T>(e.kernels.packed_size(m.n(), m.k()));
  }
  for (const Program<T>& p : e.programs)
    for (const Operand& o : p.operands) {
      at.push_back(values);
      if (o.kind == OperandKind::vector) values += lines<T>(size_t(p.rows) * o.width);
    }
  T* base = e.weights.memory.reserve(values);
  auto next = at.begin();
  for (size_t i = 0; i < e.plan.matrices.size(); ++i) e.weights.panels.push_back(base + *next++);
  for (size_t p = 0; p < e.programs.size(); ++p)
    for (size_t i = 0; i < e.programs[p].operands.size(); ++i, ++next)
      if (e.programs[p].operands[i].kind == OperandKind::vector)
        for (Scratch<T>& s : e.scratch) s.operands[p][i] = base + *next;
}

}  // namespace

template <class T>
void prepare_space(Engine<T>& e, const Batch<T>& batch) {
  Workspace<T>& w = e.space;
  bool same_size = w.B == batch.B && w.steps == batch.steps;
  if (same_size && w.first == batch.first && !w.ragged && !batch.lengths) return;
  w.B = 0;  // nothing is prepared, should memory run out
  w.steps = batch.steps, w.first = batch.first, w.ragged = false;
  if (!same_size) lay_out(e.plan, batch.B, w);
  w.B = batch.B;
  order_rows(batch, w);
  count_active(w);
  cut_blocks(w);
  w.row_losses.resize(w.B);
}

// In training the parameters are not remembered: the next update changes them.
template <class T>
void prepare_weights(Engine<T>& e, const T* parameters, bool changed, int threads) {
  Weights<T>& w = e.weights;
  size_t bytes = e.plan.parameters * sizeof(T);
  bool known = !changed && !w.packed_from.empty() && std::memcmp(w.packed_from.data(), parameters, bytes) == 0;
  if (known) return;
  w.packed_from.clear();
  if (w.memory.data() == nullptr) lay_out_weights(e);
  parallel_for(int(e.pack_tasks.size()), threads, [&](int i, int) { pack_segment(e, e.pack_tasks[i], parameters); });
  for (size_t p = 0; p < e.programs.size(); ++p)
    for (size_t i = 0; i < e.programs[p].operands.size(); ++i) {
      const Operand& o = e.programs[p].operands[i];
      if (o.kind == OperandKind::vector)
        repeat(parameters + o.index, o.width, e.programs[p].rows, e.scratch[0].operands[p][i]);
    }
  if (!changed) w.packed_from.assign(parameters, parameters + e.plan.parameters);
}

#define ELMAN_INSTANTIATE(T)                                \
  template void prepare_space(Engine<T>&, const Batch<T>&); \
  template void prepare_weights(Engine<T>&, const T*, bool, int);
ELMAN_INSTANTIATE(float)
ELMAN_INSTANTIATE(double)
#undef ELMAN_INSTANTIATE

}  // namespace elman
