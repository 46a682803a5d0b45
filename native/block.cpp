// One block of rows through all stages and all time steps.
#include <algorithm>

#include "pool.h"
#include "run.h"

namespace elman {
namespace {

constexpr int kRecentSteps = 32;  // whose rows are summed before they are added to the sum of all
constexpr int kMergedRows = 128;  // rows of several time steps that a product or program takes at once

template <class T>
struct BlockRun {
  Engine<T>& e;
  const T* parameters;
  const Batch<T>& batch;
  const Results<T>& results;
  Scratch<T>& scratch;
  Block block;
  const Plan& plan = e.plan;
  const Workspace<T>& space = e.space;

  // ---- places; rows are counted from the block's first one

  T* cell(int slot, int64_t step, int row) const {
    const Field<T>& f = space.fields[slot];
    if (step >= f.steps) step %= f.steps;
    return f.base + ((size_t(block.number) * f.axis + step) * space.block_rows + row) * f.width;
  }

  T* at(const Ref& r, int64_t t, int row = 0) const { return cell(r.slot, t + r.offset, row); }

  int64_t length(bool sequence, int row) const { return sequence ? space.lengths[block.first + row] : batch.ends; }

  // The number of step 0 in the whole sequence of a row.
  int64_t first_step(bool sequence, int row) const { return sequence ? batch.span(data_row(row)).first : 0; }

  // Rows in use at a step: the first ones, and no more than at the step before.
  int active(const Stage& stage, int t) const {
    int n = block.count;
    while (n > 0 && length(stage.sequence, n - 1) <= t) --n;
    return n;
  }

  // Steps at which every row that the block has room for is in use.
  int full_steps(const Stage& stage) const {
    return block.count == space.block_rows ? int(length(stage.sequence, block.count - 1)) : 0;
  }

  int64_t data_row(int row) const {
    int64_t b = space.order[block.first + row];
    return batch.rows ? batch.rows[b] : b;
  }

  // f(row, number in the batch)
  template <class F>
  void each_row(F&& f) const {
    for (int row = 0; row < block.count; ++row) f(row, space.order[block.first + row]);
  }

  // ---- steps, on the first `count` rows at step t; in merged time these run over into the next steps

  void operator()(const Product& p, int t, int count) const {
    const Matrix& m = plan.matrices[p.matrix];
    for (size_t i = 0; i < p.targets.size(); ++i) {
      const T* bias = p.bias.empty() || p.bias[i] < 0 ? nullptr : parameters + p.bias[i];
      scratch.segments[i] = {at(p.targets[i], t), bias, space.fields[p.targets[i].slot].width};
    }
    const T *packed = e.weights.panels[p.matrix], *source = at(p.source, t);
    int k = space.fields[p.source.slot].width, n = m.n(), nr = e.kernels.nr, panels = (n + nr - 1) / nr;
    int parts = e.parts_of(p.matrix, count);
    parallel_for(parts, parts, [&](int part, int) {
      int first = int(int64_t(panels) * part / parts) * nr;
      int end = std::min(n, int(int64_t(panels) * (part + 1) / parts) * nr);
      e.kernels.product(source, k, count, packed, k, scratch.segments.data(), int(m.segments.size()), p.add, first,
                        end);
    });
  }

  // The product of an operand that is zero.
  void without_operand(const Product& p, int t, int count) const {
    for (size_t i = 0; i < p.targets.size() && !p.add; ++i) {
      int width = space.fields[p.targets[i].slot].width;
      for (int row = 0; row < count; ++row) {
        T* to = at(p.targets[i], t, row);
        if (p.bias.empty() || p.bias[i] < 0)
          std::fill_n(to, width, T(0));
        else
          std::copy_n(parameters + p.bias[i], width, to);
      }
    }
  }

  void operator()(const Lookup& l, int t, int count) const {
    const T* index = at(l.index, t);
    T* out = at(l.target, t);
    size_t width = space.fields[l.target.slot].width;
    bool whole = e.holds_indices(l.index.slot), sequence = plan.stages[plan.slots[l.target.slot].stage].sequence;
    for (int i = 0; i < count; ++i) {
      int64_t row = index_at(index + i, whole, l.rows);
      if (row < 0) row = 0, report_index(index[i], l.rows, i, t, sequence);
      std::copy_n(parameters + l.offset + row * width, width, out + i * width);
    }
  }

  void operator()(const Reverse&, int, int) const {}  // see reverse()

  void operator()(const Elementwise& step, int t, int count) const {
    const Program<T>& p = e.programs[step.program];
    T** operand = scratch.operands[step.program].data();
    for (int i = 0; i < p.slots; ++i) operand[i] = at(p.operands[i].ref, t);
    int64_t number = t + (p.sequence ? batch.start : 0);
    for (const auto& sum : p.sums) operand[sum.operand] = recent_sums() + sum.place;
    Tile<T> tile{operand,           p.widths.data(),       0, batch.key, number, space.numbers.data() + block.first, 0,
                 e.space.unit_rows, ptrdiff_t(e.unit_size)};
    int next = t + p.direction;
    bool asks = space.streams && next >= 0 && next < space.steps;
    for (int left = count; left > 0; left -= tile.rows) {
      tile.rows = std::min(p.rows, left);
      if (asks) ask_ahead(p, next, tile);
      e.kernels.elementwise(p.code.data(), int(p.code.size()), tile);
      tile.row += tile.rows, tile.first_row += tile.rows;
      for (int i = 0; i < p.slots; ++i) operand[i] += size_t(tile.rows) * p.widths[i];
    }
  }

  // The same rows of the step that the next run is for.
  void ask_ahead(const Program<T>& p, int t, Tile<T>& tile) const {
    scratch.ahead.clear();
    for (int i : p.ahead) {
      const T* from = at(p.operands[i].ref, t, tile.first_row);
      scratch.ahead.push_back({reinterpret_cast<const char*>(from), int(sizeof(T) * tile.rows * p.widths[i] / 64)});
    }
    tile.ahead = scratch.ahead.data(), tile.n_ahead = int(scratch.ahead.size());
  }

  void run(const Step& step, int t, int count) const {
    std::visit([&](const auto& s) { (*this)(s, t, count); }, step);
  }

  // A value that should be an index and is none.
  void report_index(T value, int limit, int row, int64_t t, bool sequence) const {
    t += row / space.block_rows, row %= space.block_rows;  // of merged steps
    report(e, {"index", batch.first + data_row(row), first_step(sequence, row) + t, double(value), limit});
  }

  // ---- sums of vectors, which only grow in `reverse`

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

  // ---- parts of a stage

  void reverse(const Stage& stage, const Reverse& r) const {
    size_t width = space.fields[r.source.slot].width;
    each_row([&](int row, int64_t) {
      int64_t L = length(stage.sequence, row);
      for (int64_t t = 0; t < L; ++t) std::copy_n(at(r.source, L - 1 - t, row), width, at(r.target, t, row));
    });
  }

  void one_step(const Stage& stage, const Step* first, const Step* last, int t) const {
    int count = active(stage, t);
    if (count > 0)
      for (; first != last; ++first) run(*first, t, count);
  }

  // How many steps are merged into one.
  int merged_steps() const { return std::max(1, kMergedRows / space.block_rows); }

  // Steps t .. end, merged as long as all rows are in use.
  void section(const Stage& stage, const std::vector<Step>& list, const Section& s, int t, int end) const {
    const Step *first = list.data() + s.first, *last = list.data() + s.last;
    int full = s.merges ? std::min(end, full_steps(stage)) : t;
    for (int n; t < full; t += n) {
      n = std::min(merged_steps(), full - t);
      for (const Step* step = first; step != last; ++step) run(*step, t, n * block.count);
    }
    for (; t < end; ++t) one_step(stage, first, last, t);
  }

  void any_order(const Stage& stage, const std::vector<Step>& list, const AnyOrder& order, int t, int end) const {
    for (const Section& s : order.sections)
      if (s.reverse)
        reverse(stage, std::get<Reverse>(list[s.first]));
      else
        section(stage, list, s, t, end);
  }

  void one_by_one(const Stage& stage, const std::vector<Step>& list, int t) const {
    if (!list.empty()) one_step(stage, list.data(), list.data() + list.size(), t);
  }

  void first_of_loop(const Stage& stage, const AtStart& start) const {
    int count = active(stage, 0);
    for (size_t i = 0; i < stage.loop.size() && count > 0; ++i)
      if (start.of_states[i] && batch.states.empty())
        without_operand(std::get<Product>(stage.loop[i]), 0, count);
      else
        run(stage.loop[i], 0, count);
  }

  void last_of_reverse(const Stage& stage, const AtStart& start) const {
    int count = active(stage, 0);
    for (size_t i = 0; i < stage.reverse.size() && count > 0; ++i)
      if (!start.to_states[i] || !results.initial_states.empty()) run(stage.reverse[i], 0, count);
  }

  // ---- forward

  int first_state(int number) const {
    int first = 0;
    for (int s = 0; s < number; ++s) first += int(plan.stages[s].states.size());
    return first;
  }

  void begin_states(int number) const {
    int given = first_state(number);
    for (const State& state : plan.stages[number].states) {
      const T* from = batch.states.empty() ? nullptr : batch.states[given];
      each_row([&](int row, int64_t b) {
        T* to = cell(state.values, 0, row);
        if (from)
          std::copy_n(from + b * state.width, state.width, to);
        else
          std::fill_n(to, state.width, T(0));
      });
      ++given;
    }
  }

  void keep_last(const Stage& stage) const {
    if (stage.last < 0) return;
    const State& state = stage.states[0];
    each_row([&](int row, int64_t) {
      std::copy_n(cell(state.values, length(stage.sequence, row), row), state.width, cell(stage.last, 0, row));
    });
  }

  // `before` goes a few steps ahead of the loop, so that the loop finds its results in cache.
  void stage_forward(int number) const {
    const Stage& stage = plan.stages[number];
    const AnyOrder& before = e.sections[number].before;
    begin_states(number);
    int steps = e.stage_steps(number), chunk = before.reverses ? steps : merged_steps();
    for (int t = 0; t < steps; t += chunk) {
      int end = std::min(steps, t + chunk);
      any_order(stage, stage.before, before, t, end);
      if (t == 0) first_of_loop(stage, e.sections[number].start);
      for (int i = std::max(t, 1); i < end; ++i) one_by_one(stage, stage.loop, i);
    }
    keep_last(stage);
  }

  // ---- the loss

  void seed(double weight_sum) const {
    bool sequence = plan.sequence();
    each_row([&](int row, int64_t) {
      int64_t from = data_row(row), first = first_step(sequence, row);
      T share = 0;
      for (int64_t t = 0; t < length(sequence, row); ++t) {
        if (weight_sum != 0 && (t == 0 || batch.weight_steps > 1))
          share = T(batch.weight(from, first + t) / weight_sum);
        *cell(plan.weight, t, row) = share;
      }
    });
  }

  void row_losses() const {
    bool sequence = plan.sequence();
    each_row([&](int row, int64_t b) {
      double sum = 0;
      for (int64_t t = 0; t < length(sequence, row); ++t) {
        double weight = *cell(plan.weight, t, row);
        if (weight > 0) sum += weight * double(*cell(plan.value, t, row));
      }
      e.space.row_losses[b] = sum;
    });
  }

  // ---- backward

  void begin_gradients(int number) const {
    const Stage& stage = plan.stages[number];
    int given = first_state(number);
    for (const State& state : stage.states) {
      const T* from = batch.state_gradients.empty() ? nullptr : batch.state_gradients[given];
      bool last = stage.last_grad >= 0 && &state == &stage.states[0] && batch.ends;
      ++given;
      if (state.grads < 0) continue;
      each_row([&](int row, int64_t b) {
        T* to = cell(state.grads, length(stage.sequence, row), row);
        if (from)
          std::copy_n(from + b * state.width, state.width, to);
        else
          std::fill_n(to, state.width, T(0));
        for (int i = 0; last && i < state.width; ++i) to[i] += cell(stage.last_grad, 0, row)[i];
      });
    }
  }

  void stage_backward(int number) const {
    const Stage& stage = plan.stages[number];
    const AnyOrder& after = e.sections[number].after;
    begin_gradients(number);
    int steps = e.stage_steps(number), chunk = after.reverses ? steps : merged_steps();
    for (int end = steps; end > 0; end -= chunk) {
      int t = std::max(0, end - chunk);
      for (int i = end - 1; i >= t; --i) {
        if (i > 0)
          one_by_one(stage, stage.reverse, i);
        else
          last_of_reverse(stage, e.sections[number].start);
        if (i % kRecentSteps == 0 && !stage.reverse.empty()) end_recent_sums();
      }
      any_order(stage, stage.after, after, t, end);
    }
  }

  // ---- between the caller's arrays and slots

  void gather(const Source<T>& source, int slot, bool sequence) const {
    if (e.holds_indices(slot))
      each_value(source.indices, sequence,
                 [&](const int64_t* from, int64_t t, int row) { put_whole(cell(slot, t, row), *from); });
    else
      gather_values(source.values, slot, sequence);
  }

  void gather_values(const Strided<T>& data, int slot, bool sequence) const {
    int width = space.fields[slot].width;
    each_value(data, sequence, [&](const T* from, int64_t t, int row) {
      T* to = cell(slot, t, row);
      if (data.stride[2] == 1)
        std::copy_n(from, width, to);
      else
        for (int i = 0; i < width; ++i) to[i] = from[i * data.stride[2]];
    });
  }

  // f(where the caller has them, step, row) for the steps in use.
  template <class V, class F>
  void each_value(const Strided<V>& data, bool sequence, F&& f) const {
    each_row([&](int row, int64_t) {
      const V* from = data.at(data_row(row), first_step(sequence, row));
      for (int64_t t = 0; t < length(sequence, row); ++t, from += data.stride[1]) f(from, t, row);
    });
  }

  void scatter(const Ref& from, bool sequence, T* out) const {
    int width = space.fields[from.slot].width;
    int64_t steps = sequence ? space.steps : 1, apart = sequence && batch.whole ? batch.whole : steps;
    each_row([&](int row, int64_t b) {
      T* to = out + (b * apart + first_step(sequence, row)) * width;
      T* end = batch.ends ? out + (b + 1) * apart * width : to + steps * width;
      for (int64_t t = 0; t < length(sequence, row); ++t, to += width) std::copy_n(at(from, t, row), width, to);
      std::fill(to, end, T(0));
    });
  }

  // Row L of the final values, row 0 of the gradients.
  void scatter_states(const std::vector<T*>& out, bool gradients) const {
    int number = 0;
    for (const Stage& stage : plan.stages)
      for (const State& state : stage.states) {
        T* to = out[number++];
        if (gradients && state.grads < 0) continue;
        each_row([&](int row, int64_t b) {
          const T* from = gradients ? cell(state.grads, 0, row) : cell(state.values, length(stage.sequence, row), row);
          std::copy_n(from, state.width, to + b * state.width);
        });
      }
  }

  // ---- all of it

  void forward() const {
    bool states_only = !results.output && !results.gradients;
    int stages = states_only ? e.stateful_stages : plan.forward_stages();
    gather(batch.x, plan.input.slot, plan.stages[0].sequence);
    for (int s = 0; s < stages; ++s) stage_forward(s);
    if (results.output) scatter(plan.output, plan.sequence(), results.output);
    if (!results.states.empty()) scatter_states(results.states, false);
  }

  void backward(double weight_sum) const {
    int last = int(plan.stages.size()) - 1;
    gather(batch.target, plan.goal(), plan.sequence());
    if (plan.has_loss()) {
      seed(weight_sum);
      stage_forward(last);
      row_losses();
    }
    begin_sums();
    for (int s = last; s >= 0; --s) stage_backward(s);
    if (results.input_grad) scatter({plan.input_grad, 0}, plan.stages[0].sequence, results.input_grad);
    if (!results.initial_states.empty()) scatter_states(results.initial_states, true);
  }
};

}  // namespace

template <class T>
void run_block(Engine<T>& e, const T* parameters, const Batch<T>& batch, const Results<T>& results, double weight_sum,
               int block, int thread) {
  BlockRun<T> run{e, parameters, batch, results, e.scratch[thread], e.space.blocks[block]};
  run.forward();
  if (results.gradients) run.backward(weight_sum);
}

template void run_block(Engine<float>&, const float*, const Batch<float>&, const Results<float>&, double, int, int);
template void run_block(Engine<double>&, const double*, const Batch<double>&, const Results<double>&, double, int, int);

}  // namespace elman
