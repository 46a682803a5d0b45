// Gradients of parameters: one sum over all (time x batch) rows each, cut into tasks by columns, never by rows.
#include <algorithm>

#include "pool.h"
#include "run.h"

namespace elman {
namespace {

constexpr int64_t kLookRows = 1 << 14;  // after so many rows of a table's gradient it is looked whether to stop

template <class T>
struct Summing {
  Engine<T>& e;
  T* out;     // (P)
  bool adds;  // to what is there

  const T* rows(const Ref& r) const {
    const Field<T>& f = e.space.fields[r.slot];
    return f.base + size_t(r.offset) * e.space.block_rows * f.width;
  }

  // Where a gradient that is added to an earlier one is summed first.
  T* apart(int number) const {
    T* place = e.gradient_sums.data();
    for (int i = 0; i < number; ++i)
      if (e.gradient_adds[i]) place += lines<T>(e.plan.gradients[i].size());
    return place;
  }

  void table(const Gradient& g, int task, const Run* runs, int n_runs, T* to, bool add) const {
    int64_t until_look = kLookRows;
    int first = task * kTableColumns, count = std::min(kTableColumns, g.columns - first);
    for (int r = 0; !add && r < g.rows; ++r) std::fill_n(to + size_t(r) * g.columns + first, count, T(0));
    const T *index = rows(g.source), *delta = rows(g.delta) + first;
    bool whole = e.holds_indices(g.source.slot);
    for (int i = 0; i < n_runs; ++i)
      for (int64_t row = runs[i].first; row < runs[i].first + runs[i].count; ++row) {
        if (--until_look == 0) look(e.watch), until_look = kLookRows;
        int64_t place = index_at(index + row, whole, g.rows);
        if (place < 0) continue;  // a fault, reported by the lookup
        T* sum = to + place * g.columns + first;
        for (int j = 0; j < count; ++j) sum[j] += delta[row * g.columns + j];
      }
  }

  void run(const GradientTask& task, Scratch<T>& scratch) const {
    const Gradient& g = e.plan.gradients[task.gradient];
    bool later = e.gradient_adds[task.gradient], add = adds && !later;
    T* to = later ? apart(task.gradient) : out + g.offset;
    bool skips = e.space.from_zeros && e.gradient_of_states[task.gradient];
    const Rows& used = e.space.rows(e.plan.stages[g.stage].axis);
    const std::vector<Run>& in_use = skips ? used.later_runs : used.runs;
    const Run* runs = in_use.data();
    int n_runs = int(in_use.size());
    if (g.kind == GradientKind::table)
      table(g, task.task, runs, n_runs, to, add);
    else if (g.kind == GradientKind::vector)
      e.kernels.column_sums(rows(g.delta), g.rows, runs, n_runs, to, add);
    else
      e.kernels.gradient(task.task, rows(g.delta), g.rows, rows(g.source), g.columns, runs, n_runs, to, add,
                         scratch.memory.data(), stop_of(e.watch));
  }

  void vectors() const {
    for (const VectorSum& s : e.vector_sums) {
      if (!adds) std::fill_n(out + s.offset, s.width, T(0));
      for (size_t unit = 0; unit < e.space.units(); ++unit) {
        const T* from = e.space.total.data() + unit * e.unit_size + s.place;
        for (int j = 0; j < s.width; ++j) out[s.offset + j] += from[j];
      }
    }
  }

  void add() const {
    for (int i = 0; i < int(e.plan.gradients.size()); ++i) {
      const Gradient& g = e.plan.gradients[i];
      const T* from = apart(i);
      for (int64_t j = 0; e.gradient_adds[i] && j < g.size(); ++j) out[g.offset + j] += from[j];
    }
  }
};

}  // namespace

template <class T>
void sum_gradients(Engine<T>& e, T* out, bool add, int threads) {
  Summing<T> summing{e, out, add};
  for (const Run& r : e.without_gradient)
    if (!add) std::fill_n(out + r.first, r.count, T(0));
  summing.vectors();
  parallel_watched(e.watch, int(e.gradient_tasks.size()), threads,
                   [&](int i, int thread) { look(e.watch), summing.run(e.gradient_tasks[i], e.scratch[thread]); });
  summing.add();
}

template void sum_gradients(Engine<float>&, float*, bool, int);
template void sum_gradients(Engine<double>&, double*, bool, int);

}  // namespace elman
