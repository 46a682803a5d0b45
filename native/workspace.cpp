// Memory of a run: slots, the order of rows, the borders of blocks, packed weights.
#include <algorithm>
#include <numeric>

#include "pool.h"
#include "run.h"

namespace elman {
namespace {

std::atomic<uint64_t> g_packings{0};  // of all engines, so that a number stands for one of them

constexpr int kGroupRows =
    32;  // at most, of a group: enough to use a weight many times once it is in the nearest cache
constexpr int kWholeBatch = 4;                  // a batch of fewer rows is one group
constexpr int kLeastRows = 4;                   // of a block that is a part of a group
constexpr int kMostParts = 4;                   // of a group
constexpr size_t kNearBytes = size_t(1) << 19;  // of a near cache, about

int steps_of(const Slot& slot, int steps) {
  switch (slot.time) {
    case Time::steps:
      return steps;
    case Time::states:
      return steps + 1;
    case Time::pair:
      return 2;
    default:
      return 1;
  }
}

int axis_of(const Slot& slot, int steps) { return slot.every_step() ? steps + 1 : 2; }

template <class T>
void lay_out(const Plan& plan, Workspace<T>& w) {
  size_t rows = w.blocks.size() * w.block_rows, values = 0;
  w.fields.clear();
  double needed = 0;
  for (const Slot& s : plan.slots) {
    int steps = w.steps_of(s.axis);
    w.fields.push_back({nullptr, steps_of(s, steps), s.width, axis_of(s, steps)});
    needed += double(rows) * w.fields.back().axis * s.width * sizeof(T);
  }
  check_bytes(needed);
  auto size = [&](const Field<T>& f) { return lines<T>(rows * f.axis * f.width); };
  for (const Field<T>& f : w.fields) values += size(f);
  T* next = w.memory.reserve(values);
  for (Field<T>& f : w.fields) {
    f.base = next;
    next += size(f);
  }
}

// Groups of one size but the last, an even number of them, so that two threads have the same to do.
int rows_of_group(int B) {
  int count = B < kWholeBatch ? 1 : 2 * ((B + 2 * kGroupRows - 1) / (2 * kGroupRows));
  return (B + count - 1) / count;
}

// Units of a group: as many as it may be cut into blocks.
int rows_of_unit(int group_rows) { return std::max(kLeastRows, (group_rows + kMostParts - 1) / kMostParts); }

// Groups are cut into blocks, of whole units, where there would be fewer of them than threads; but not where rows have
// another order on another axis.
template <class T>
void cut_blocks(const Engine<T>& e, const Batch<T>& batch, Workspace<T>& w) {
  const int B = batch.B;
  w.group_rows = rows_of_group(B);
  w.unit_rows = rows_of_unit(w.group_rows);
  w.units_of_group = (w.group_rows + w.unit_rows - 1) / w.unit_rows;
  int groups = (B + w.group_rows - 1) / w.group_rows, parts = 1;
  int threads = e.plan.axes > 1 ? 1 : e.threads_worth(e.forward_work.of(batch));
  while (groups * parts < threads && w.units_of_group >= 2 * parts) parts *= 2;
  w.block_rows = std::min(w.group_rows, (w.units_of_group + parts - 1) / parts * w.unit_rows);
  w.blocks.clear();
  for (int group = 0; group < B; group += w.group_rows)
    for (int first = group, end = std::min(B, group + w.group_rows); first < end; first += w.block_rows)
      w.blocks.push_back({int(w.blocks.size()), first, std::min(w.block_rows, end - first)});
}

template <class T>
void sort_by_length(const Batch<T>& batch, int axis, std::vector<int64_t>::iterator first,
                    std::vector<int64_t>::iterator end) {
  const int64_t* lengths = batch.lengths_of(axis);
  auto longer = [&](int64_t a, int64_t b) { return lengths[batch.data_row(a)] > lengths[batch.data_row(b)]; };
  if (lengths) std::stable_sort(first, end, longer);
}

// Batch rows by position: on axis 0 and of a single step by the lengths on axis 0; on another axis sorted by its own
// lengths within each group.
template <class T>
void put_in_order(const Batch<T>& batch, int axis, const Workspace<T>& w, std::vector<int64_t>& order) {
  order.resize(w.B);
  std::iota(order.begin(), order.end(), 0);
  if (!w.steps.empty()) sort_by_length(batch, 0, order.begin(), order.end());
  for (int first = 0; axis > 0 && first < w.B; first += w.group_rows)
    sort_by_length(batch, axis, order.begin() + first, order.begin() + std::min(w.B, first + w.group_rows));
}

template <class T>
void order_rows(const Batch<T>& batch, int axis, const Workspace<T>& w, Rows& rows) {
  put_in_order(batch, axis, w, rows.order);
  for (auto* list : {&rows.numbers, &rows.lengths, &rows.position}) list->resize(w.B);
  for (int i = 0; i < w.B; ++i) {
    int64_t b = rows.order[i];
    rows.numbers[i] = w.first + b;
    rows.lengths[i] = batch.span(axis, batch.data_row(b)).count;
    rows.position[b] = i;
  }
}

void append(std::vector<Run>& runs, int64_t first, int64_t count) {
  if (!runs.empty() && runs.back().first + runs.back().count == first)
    runs.back().count += count;
  else
    runs.push_back({first, count});
}

// The rows of a block in use at a step; `room` is the steps that there is room for.
void append_step(Rows& rows, const Block& b, int block_rows, int room, int t) {
  int n = b.count;
  while (n > 0 && rows.lengths[b.first + n - 1] <= t) --n;
  int64_t first = (int64_t(b.number) * room + t) * block_rows;
  if (n > 0) append(rows.runs, first, n);
  if (n > 0 && t > 0) append(rows.later_runs, first, n);
}

// Memory rows in use: group after group, step after step, block after block. The order of the positions is thus the
// same however groups are cut.
template <class T>
void find_runs(const Workspace<T>& w, int axis, Rows& rows) {
  rows.runs.clear(), rows.later_runs.clear();
  for (size_t first = 0, end; first < w.blocks.size(); first = end) {
    int group = w.blocks[first].first / w.group_rows;
    for (end = first; end < w.blocks.size() && w.blocks[end].first / w.group_rows == group;) ++end;
    int longest = int(rows.lengths[w.blocks[first].first]);
    for (int t = 0; t < longest; ++t)
      for (size_t b = first; b < end; ++b) append_step(rows, w.blocks[b], w.block_rows, w.steps_of(axis) + 1, t);
  }
}

// Some columns of one segment of a matrix into the panels.
template <class T>
void pack_segment(const Engine<T>& e, const PackTask& task, const T* parameters) {
  const Matrix& m = e.plan.matrices[task.matrix];
  const MatrixSegment& s = m.segments[task.segment];
  ptrdiff_t column = m.transposed ? 1 : s.columns, row = m.transposed ? s.columns : 1;
  e.kernels.pack(parameters + s.offset + task.begin * column, column, row, task.count, m.k(), task.first + task.begin,
                 m.n(), e.weights.panels[task.matrix]);
}

template <class T>
void repeat(const T* vector, int width, int rows, T* out) {
  for (int r = 0; r < rows; ++r) std::copy_n(vector, width, out + size_t(r) * width);
}

bool of_all_rows(const Operand& o) { return o.kind == OperandKind::vector || o.kind == OperandKind::moment; }

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
      if (of_all_rows(o)) values += lines<T>(size_t(p.rows) * o.width);
    }
  T* base = e.weights.memory.reserve(values);
  auto next = at.begin();
  for (size_t i = 0; i < e.plan.matrices.size(); ++i) e.weights.panels.push_back(base + *next++);
  for (size_t p = 0; p < e.programs.size(); ++p)
    for (size_t i = 0; i < e.programs[p].operands.size(); ++i, ++next)
      if (of_all_rows(e.programs[p].operands[i]))
        for (Scratch<T>& s : e.scratch) s.operands[p][i] = base + *next;
}

}  // namespace

template <class T>
void prepare_space(Engine<T>& e, const Batch<T>& batch) {
  Workspace<T>& w = e.space;
  w.from_zeros = batch.states.empty();
  bool same_size = w.B == batch.B && w.steps == batch.steps && w.threads == e.threads_now();
  if (same_size && w.first == batch.first && w.ends == batch.ends && w.even && !batch.ragged()) return;
  w.B = 0, w.even = false;  // nothing is prepared, should memory run out
  ++w.number;
  w.threads = e.threads_now(), w.steps = batch.steps, w.first = batch.first, w.ends = batch.ends;
  if (!same_size) {
    cut_blocks(e, batch, w);
    lay_out(e.plan, w);
    w.streams = w.bytes_of_block() > kNearBytes;
  }
  e.moments.of_units.reserve(w.units() * e.moments.unit_size);
  w.recent.reserve(w.units() * e.unit_size);
  w.total.reserve(w.units() * e.unit_size);
  if (e.attends) {
    int longest = 1;
    for (int steps : w.steps) longest = std::max(longest, steps);
    for (Scratch<T>& scratch : e.scratch) scratch.attention.reserve(2 * size_t(longest));
  }
  w.B = batch.B;
  w.axes.resize(w.steps.size() + 1);
  for (int axis = kOnce; axis < e.plan.axes; ++axis) {
    order_rows(batch, axis, w, w.axes[axis + 1]);
    find_runs(w, axis, w.axes[axis + 1]);
  }
  w.row_losses.resize(w.B);
  w.even = !batch.ragged();
}

template <class T>
void prepare_weights(Engine<T>& e, const T* parameters, int threads) {
  Weights<T>& w = e.weights;
  if (!w.stale) return;
  w.packings = ++g_packings;
  if (w.memory.data() == nullptr) lay_out_weights(e);
  parallel_watched(e.watch, int(e.pack_tasks.size()), threads,
                   [&](int i, int) { look(e.watch), pack_segment(e, e.pack_tasks[i], parameters); });
  for (size_t p = 0; p < e.programs.size(); ++p)
    for (size_t i = 0; i < e.programs[p].operands.size(); ++i) {
      const Operand& o = e.programs[p].operands[i];
      if (o.kind == OperandKind::vector)
        repeat(parameters + o.index, o.width, e.programs[p].rows, e.scratch[0].operands[p][i]);
    }
  w.stale = false;
}

#define ELMAN_INSTANTIATE(T)                                \
  template void prepare_space(Engine<T>&, const Batch<T>&); \
  template void prepare_weights(Engine<T>&, const T*, int);
ELMAN_INSTANTIATE(float)
ELMAN_INSTANTIATE(double)
#undef ELMAN_INSTANTIATE

}  // namespace elman
