// One block of rows in a run: where its values lie, which rows are in use, and where one has gone on another axis.
//
// Goals: what all steps of a block need (block.cpp), be it on rows of one axis or from axis to axis (moves.cpp,
//   attention.cpp).
// Non-goals: the order of the steps (block.cpp).
#pragma once
#include "run.h"

namespace elman {

constexpr double kWorkBetweenLooks = 2e6;  // multiply-adds, some dozens of microseconds
constexpr int kRecentSteps = 32;           // whose rows are summed before they are added to the sum of all

// Rows are counted from the block's first one, on each axis in its own order.
template <class T>
struct BlockPlaces {
  Engine<T>& e;
  const T* parameters;
  const Batch<T>& batch;
  Scratch<T>& scratch;
  Block block;
  const Plan& plan = e.plan;
  const Workspace<T>& space = e.space;

  // So much work was done, in multiply-adds of a product, roughly: looks now and then whether to stop. Not for threads
  // that share a product of the block.
  void worked(double work) const {
    if ((scratch.since_look += work) < kWorkBetweenLooks) return;
    scratch.since_look = 0;
    look(e.watch);
  }

  T* cell(int slot, int64_t step, int row) const {
    const Field<T>& f = space.fields[slot];
    if (step >= f.steps) step = f.steps <= 2 ? step & (f.steps - 1) : step % f.steps;
    return f.base + ((size_t(block.number) * f.axis + step) * space.block_rows + row) * f.width;
  }

  T* at(const Ref& r, int64_t t, int row = 0) const { return cell(r.slot, t + r.offset, row); }

  int width(const Ref& r) const { return space.fields[r.slot].width; }
  int axis(int slot) const { return plan.slots[slot].axis; }
  int axis(const Ref& r) const { return plan.axis(r); }

  int64_t length(int axis, int row) const { return space.rows(axis).lengths[block.first + row]; }
  int64_t batch_row(int axis, int row) const { return space.rows(axis).order[block.first + row]; }
  int64_t data_row(int axis, int row) const { return batch.data_row(batch_row(axis, row)); }

  // The row of axis `to` that is a row of axis `from`: of the same number in the batch.
  int across(int from, int to, int row) const {
    return from == to ? row : int(space.rows(to).position[batch_row(from, row)]) - block.first;
  }

  // The number of step 0 in the whole sequence of a row.
  int64_t first_step(int axis, int row) const { return batch.span(axis, data_row(axis, row)).first; }

  // f(row, number in the batch)
  template <class F>
  void each_row(int axis, F&& f) const {
    const int64_t* order = space.rows(axis).order.data() + block.first;
    for (int row = 0; row < block.count; ++row) f(row, order[row]);
  }

  // A state behind the last step of a row.
  T* final_value(const Stage& stage, const State& state, int row) const {
    return cell(state.values, length(stage.axis, row), row);
  }

  // ---- sums of vectors, which only grow on the way back

  // Values of the units of rows that the block consists of, and of those before it.
  size_t sums_size() const { return size_t((block.count + space.unit_rows - 1) / space.unit_rows) * e.unit_size; }
  size_t sums_before() const {
    int group = block.first / space.group_rows, row = block.first % space.group_rows;
    return (size_t(group) * space.units_of_group + row / space.unit_rows) * e.unit_size;
  }
  T* recent_sums() const { return space.recent.data() + sums_before(); }
  T* total_sums() const { return space.total.data() + sums_before(); }

  void begin_sums() const {
    std::fill_n(recent_sums(), sums_size(), T(0));
    std::fill_n(total_sums(), sums_size(), T(0));
  }

  // Long sums are sums of shorter ones, so that they lose less by rounding.
  void end_recent_sums() const {
    T *recent = recent_sums(), *total = total_sums();
    for (size_t i = 0; i < sums_size(); ++i) total[i] += recent[i], recent[i] = T(0);
  }
};

// From the caller's arrays to slots, and back: all steps in use. (exchange.cpp, like the next two)
template <class T>
void gather(const BlockPlaces<T>& block, const Source<T>& source, int slot);
// Also zeros behind a row's end.
template <class T>
void scatter(const BlockPlaces<T>& block, const Ref& from, T* out);
// The final values of the free states, or the gradients of their first ones.
template <class T>
void scatter_states(const BlockPlaces<T>& block, const std::vector<T*>& out, bool gradients);
// All steps of all rows at once. (moves.cpp)
template <class T>
void run_move(const BlockPlaces<T>& block, const Move& move);
// The first `count` rows at step t; in merged time these run over into the next steps. (attention.cpp, like the next)
template <class T>
void run_attend(const BlockPlaces<T>& block, const Attend& attend, int t, int count);
template <class T>
void run_attend_back(const BlockPlaces<T>& block, const AttendBack& back, int t, int count);

}  // namespace elman
