// One block of rows through all stages and all time steps.
#include "block.h"

#include <algorithm>

#include "pool.h"

namespace elman {
namespace {

constexpr double kLongProduct = 2e8;  // multiply-adds that are done in parts, to look in between whether to stop
constexpr int kMergedRows = 128;      // rows of several time steps that a product or program takes at once

template <class T>
struct BlockRun : BlockPlaces<T> {
  const Results<T>& results;
  const std::vector<double>& weight_sums;
  using Places = BlockPlaces<T>;
  using Places::cell, Places::at, Places::width, Places::axis, Places::length, Places::data_row, Places::across,
      Places::final_value;
  using Places::e, Places::parameters, Places::batch, Places::scratch, Places::block, Places::plan, Places::space;
  using Places::worked, Places::first_step, Places::each_row, Places::recent_sums, Places::begin_sums,
      Places::end_recent_sums;

  BlockRun(const Places& places, const Results<T>& results, const std::vector<double>& weight_sums)
      : Places(places), results(results), weight_sums(weight_sums) {}

  // Where calls of kernels are written down, if they are.
  Calls<T>* list = nullptr;

  // Rows in use at a step: the first ones, and no more than at the step before.
  int active(const Stage& stage, int t) const {
    const int64_t* lengths = space.rows(stage.axis).lengths.data() + block.first;
    int n = block.count;
    while (n > 0 && lengths[n - 1] <= t) --n;
    return n;
  }

  // Steps at which every row that the block has room for is in use.
  int full_steps(const Stage& stage) const {
    return block.count == space.block_rows ? int(length(stage.axis, block.count - 1)) : 0;
  }

  // Copies values, or zeros where there are none.
  void put(const T* from, int width, T* to) const {
    if (from)
      std::copy_n(from, width, to);
    else
      std::fill_n(to, width, T(0));
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
    double work = double(count) * k * n;
    auto columns = [&](int first, int end, T* memory) {
      int most = work < kLongProduct ? n : std::max(1, int(kLongProduct / (double(count) * k * nr))) * nr;
      for (; first < end; first += most) {
        if (most < n) look(e.watch);
        e.kernels.product(source, k, count, packed, k, scratch.segments.data(), int(m.segments.size()), p.add, first,
                          std::min(end - first, most) + first, memory);
      }
    };
    int parts = e.parts_of(p.matrix, count);
    if (list) write_down(p, t, count, work, parts);
    if (parts == 1)
      columns(0, n, scratch.memory.data());
    else
      parallel_watched(e.watch, parts, parts, [&](int part, int) {
        columns(int(int64_t(panels) * part / parts) * nr, std::min(n, int(int64_t(panels) * (part + 1) / parts) * nr),
                (part == 0 ? scratch : e.scratch[part]).memory.data());
      });
    worked(work);
  }

  void write_down(const Product& p, int t, int count, double work, int parts) const {
    const Matrix& m = plan.matrices[p.matrix];
    if (parts > 1 || work >= kLongProduct) return list->refuse();
    list->product(at(p.source, t), count, e.weights.panels[p.matrix], space.fields[p.source.slot].width,
                  scratch.segments, int(m.segments.size()), m.n(), p.add, work);
  }

  // The product of an operand that is zero.
  void without_operand(const Product& p, int t, int count) const {
    for (size_t i = 0; i < p.targets.size() && !p.add; ++i) {
      int width = space.fields[p.targets[i].slot].width;
      for (int row = 0; row < count; ++row) {
        T* to = at(p.targets[i], t, row);
        const T* bias = p.bias.empty() || p.bias[i] < 0 ? nullptr : parameters + p.bias[i];
        put(bias, width, to);
        if (list) list->fill(to, bias, width);
      }
    }
  }

  void operator()(const Lookup& l, int t, int count) const {
    if (list) list->refuse();
    const T* index = at(l.index, t);
    T* out = at(l.target, t);
    size_t wide = width(l.target);
    bool whole = e.holds_indices(l.index.slot);
    for (int i = 0; i < count; ++i) {
      int64_t row = index_at(index + i, whole, l.rows);
      if (row < 0) row = 0, report_index(index[i], l.rows, i, t, axis(l.target));
      std::copy_n(parameters + l.offset + row * wide, wide, out + i * wide);
    }
    worked(double(count) * double(wide));
  }

  void operator()(const Move&, int, int) const {}  // see any_order()
  void operator()(const Attend& a, int t, int count) const {
    if (list) list->refuse();
    run_attend<T>(*this, a, t, count);
  }
  void operator()(const AttendBack& a, int t, int count) const {
    if (list) list->refuse();
    run_attend_back<T>(*this, a, t, count);
  }

  void operator()(const Elementwise& step, int t, int count) const {
    const Program<T>& p = e.programs[step.program];
    T** operand = scratch.operands[step.program].data();
    for (int i = 0; i < p.slots; ++i) operand[i] = at(p.operands[i].ref, t);
    int64_t number = t + (p.axis == kOnce ? 0 : batch.start);
    for (const auto& sum : p.sums) operand[sum.operand] = recent_sums() + sum.place;
    const int64_t* rows = space.rows(p.axis).numbers.data() + block.first;
    Tile<T> tile{operand, p.widths.data(), 0, batch.key, number, rows, 0, e.space.unit_rows, ptrdiff_t(e.unit_size)};
    int next = t + p.direction;
    bool asks = space.streams && next >= 0 && next < space.steps_of(p.axis);
    for (int left = count; left > 0; left -= tile.rows) {
      tile.rows = std::min(p.rows, left);
      if (asks) ask_ahead(p, next, tile);
      if (list) list->elementwise(p.code, tile, int(p.operands.size()), t, p.axis != kOnce, tile.rows * p.work);
      e.kernels.elementwise(p.code.data(), int(p.code.size()), tile);
      tile.row += tile.rows, tile.first_row += tile.rows;
      for (int i = 0; i < p.slots; ++i) operand[i] += size_t(tile.rows) * p.widths[i];
    }
    worked(count * p.work);
  }

  // The same rows of the step that the next run is for.
  void ask_ahead(const Program<T>& p, int t, Tile<T>& tile) const {
    Wanted* wanted = scratch.ahead.data();
    for (int i : p.ahead) {
      wanted->at = reinterpret_cast<const char*>(at(p.operands[i].ref, t, tile.first_row));
      wanted->lines = int(sizeof(T) * tile.rows * p.widths[i] / 64);
      ++wanted;
    }
    tile.ahead = scratch.ahead.data(), tile.n_ahead = int(p.ahead.size());
  }

  void end_sums() const {
    if (list) list->end_of_recent_sums();
    end_recent_sums();
  }

  void run(const Step& step, int t, int count) const {
    std::visit([&](const auto& s) { (*this)(s, t, count); }, step);
  }

  // A value that should be an index and is none.
  void report_index(T value, int limit, int row, int64_t t, int axis) const {
    t += row / space.block_rows, row %= space.block_rows;  // of merged steps
    report(e, {"index", batch.first + data_row(axis, row), first_step(axis, row) + t, double(value), limit});
  }

  // ---- parts of a stage

  void one_step(const Stage& stage, const Step* first, const Step* last, int t) const {
    int count = active(stage, t);
    if (count > 0)
      for (; first != last; ++first) run(*first, t, count);
  }

  // How many steps are merged into one.
  int merged_steps() const { return std::max(1, kMergedRows / space.block_rows); }

  // Steps t .. end, merged as long as all rows are in use.
  void section(const Stage& stage, const std::vector<Step>& steps, const Section& s, int t, int end) const {
    const Step *first = steps.data() + s.first, *last = steps.data() + s.last;
    int full = s.merges ? std::min(end, full_steps(stage)) : t;
    for (int n; t < full; t += n) {
      n = std::min(merged_steps(), full - t);
      for (const Step* step = first; step != last; ++step) run(*step, t, n * block.count);
    }
    for (; t < end; ++t) {
      one_step(stage, first, last, t);
      if (s.sums_up && t % kRecentSteps == 0) end_sums();
    }
    if (s.sums_up) end_sums();
  }

  void any_order(const Stage& stage, const std::vector<Step>& steps, const AnyOrder& order, int t, int end) const {
    for (const Section& s : order.sections) {
      if (!s.move) {
        section(stage, steps, s, t, end);
        continue;
      }
      if (list) list->refuse();
      run_move<T>(*this, std::get<Move>(steps[s.first]));
    }
  }

  void one_by_one(const Stage& stage, const std::vector<Step>& steps, int t) const {
    if (!steps.empty()) one_step(stage, steps.data(), steps.data() + steps.size(), t);
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

  // ---- lists of calls

  bool keeps_lists() const {
    return space.blocks.size() == 1 && space.even && !space.streams && e.sharing == 1 && plan.axes <= 1;
  }

  // Lists that hold for this run, or empty ones.
  void begin_lists() const {
    const CallsHold<T> hold = {space.number, parameters, &scratch, batch.states.empty(),
                               !results.initial_states.empty()};
    KnownCalls<T>& calls = e.calls;
    if (calls.hold == hold) return;
    calls.hold = hold;
    for (auto* of_stages : {&calls.forward, &calls.backward}) of_stages->assign(plan.stages.size(), Calls<T>());
  }

  // The calls of a list, or what is called otherwise, written down.
  template <class F>
  void by_list(std::vector<Calls<T>>& of_stages, int number, F&& otherwise) {
    if (!keeps_lists()) return otherwise();
    begin_lists();
    Calls<T>& calls = of_stages[number];
    if (calls.are_known())
      return calls.make(
          e.kernels, batch.key, batch.start, scratch.memory.data(), [&] { end_recent_sums(); },
          [&](double work) { worked(work); });
    if (!calls.are_asked_for()) return otherwise();
    calls.begin();
    list = &calls;
    otherwise();
    list = nullptr;
    calls.end();
  }

  // ---- forward

  // The row of a slot of single steps that belongs to a row of a stage.
  T* once(int slot, const Stage& stage, int row) const { return cell(slot, 0, across(stage.axis, kOnce, row)); }

  void begin_states(int number) const {
    const Stage& stage = plan.stages[number];
    int given = e.first_state[number];
    for (const State& state : stage.states) {
      const T* from = state.is_free() && !batch.states.empty() ? batch.states[given] : nullptr;
      given += state.is_free();
      each_row(stage.axis, [&](int row, int64_t b) {
        const T* mine = from ? from + b * state.width : state.is_free() ? nullptr : once(state.initial, stage, row);
        put(mine, state.width, cell(state.values, 0, row));
      });
    }
  }

  void end_states(const Stage& stage) const {
    for (const State& state : stage.states)
      for (int row = 0; state.final >= 0 && row < block.count; ++row)
        std::copy_n(final_value(stage, state, row), state.width, once(state.final, stage, row));
  }

  // `before` goes a few steps ahead of the loop, so that the loop finds its results in cache.
  void steps_forward(int number) const {
    const Stage& stage = plan.stages[number];
    const AnyOrder& before = e.sections[number].before;
    int steps = e.stage_steps(number), chunk = before.whole ? steps : merged_steps();
    for (int t = 0; t < steps; t += chunk) {
      int end = std::min(steps, t + chunk);
      any_order(stage, stage.before, before, t, end);
      if (t == 0) first_of_loop(stage, e.sections[number].start);
      for (int i = std::max(t, 1); i < end; ++i) one_by_one(stage, stage.loop, i);
    }
  }

  void stage_forward(int number) {
    begin_states(number);
    by_list(e.calls.forward, number, [&] { steps_forward(number); });
    end_states(plan.stages[number]);
  }

  // ---- the loss

  void begin_goal(int number) const {
    const Goal& goal = plan.goals[number];
    gather<T>(*this, batch.targets[number], goal.slot());
    if (!goal.has_loss()) return;
    const StepWeights<T>& weights = batch.weights[number];
    double sum = weight_sums[number];
    int on = axis(goal.weight);
    each_row(on, [&](int row, int64_t) {
      worked(double(length(on, row)));
      int64_t from = data_row(on, row), first = first_step(on, row);
      T share = 0;
      for (int64_t t = 0; t < length(on, row); ++t) {
        if (sum != 0 && (t == 0 || weights.steps > 1)) share = T(weights.at(from, first + t) / sum * goal.share);
        *cell(goal.weight, t, row) = share;
      }
    });
  }

  // A step of no weight may have any loss.
  double loss_of_row(const Goal& goal, int row) const {
    double sum = 0;
    for (int64_t t = 0; t < length(axis(goal.weight), row); ++t) {
      double weight = *cell(goal.weight, t, row);
      if (weight != 0) sum += weight * double(*cell(goal.value, t, row));
    }
    return sum;
  }

  void row_losses() const {
    each_row(kOnce, [&](int row, int64_t b) {
      double sum = 0;
      for (const Goal& goal : plan.goals)
        if (goal.has_loss()) sum += loss_of_row(goal, across(kOnce, axis(goal.weight), row));
      e.space.row_losses[b] = sum;
    });
  }

  // ---- backward

  void begin_gradients(int number) const {
    const Stage& stage = plan.stages[number];
    int given = e.first_state[number];
    for (const State& state : stage.states) {
      const T* from = state.is_free() && !batch.state_gradients.empty() ? batch.state_gradients[given] : nullptr;
      given += state.is_free();
      if (state.grads < 0) continue;
      bool joins = state.final_grad >= 0 && batch.ends;
      each_row(stage.axis, [&](int row, int64_t b) {
        T* to = cell(state.grads, length(stage.axis, row), row);
        put(from ? from + b * state.width : nullptr, state.width, to);
        if (joins) add(once(state.final_grad, stage, row), state.width, to);
      });
    }
  }

  void add(const T* from, int width, T* to) const {
    for (int i = 0; i < width; ++i) to[i] += from[i];
  }

  void end_gradients(const Stage& stage) const {
    for (const State& state : stage.states)
      for (int row = 0; state.initial_grad >= 0 && row < block.count; ++row) {
        const T* from = cell(state.grads, 0, row);
        T* to = once(state.initial_grad, stage, row);
        if (state.adds)
          add(from, state.width, to);
        else
          std::copy_n(from, state.width, to);
      }
  }

  void clear(int slot) const {
    const Field<T>& f = space.fields[slot];
    std::fill_n(cell(slot, 0, 0), size_t(f.steps) * space.block_rows * f.width, T(0));
  }

  void steps_backward(int number) const {
    const Stage& stage = plan.stages[number];
    const AnyOrder& after = e.sections[number].after;
    int steps = e.stage_steps(number), chunk = after.whole ? steps : merged_steps();
    for (int end = steps; end > 0; end -= chunk) {
      int t = std::max(0, end - chunk);
      for (int i = end - 1; i >= t; --i) {
        if (i > 0)
          one_by_one(stage, stage.reverse, i);
        else
          last_of_reverse(stage, e.sections[number].start);
        if (i % kRecentSteps == 0 && !stage.reverse.empty()) end_sums();
      }
      any_order(stage, stage.after, after, t, end);
    }
  }

  void stage_backward(int number) {
    const Stage& stage = plan.stages[number];
    for (int slot : stage.clears) clear(slot);
    begin_gradients(number);
    by_list(e.calls.backward, number, [&] { steps_backward(number); });
    end_gradients(stage);
  }

  // ---- all of it

  void begin() const {
    for (size_t i = 0; i < plan.inputs.size(); ++i) gather<T>(*this, batch.inputs[i], plan.inputs[i].slot);
  }

  void end_forward() const {
    for (size_t i = 0; i < results.outputs.size(); ++i)
      if (results.outputs[i]) scatter<T>(*this, plan.outputs[i], results.outputs[i]);
    if (!results.states.empty()) scatter_states<T>(*this, results.states, false);
  }

  void begin_goals() const {
    for (size_t i = 0; i < plan.goals.size(); ++i) begin_goal(int(i));
  }

  void turn() const {
    row_losses();
    begin_sums();
  }

  void end_backward() const {
    for (size_t i = 0; i < results.input_grads.size(); ++i)
      if (results.input_grads[i]) scatter<T>(*this, {plan.input_grads[i], 0}, results.input_grads[i]);
    if (!results.initial_states.empty()) scatter_states<T>(*this, results.initial_states, true);
  }

  // What is done at a place before its stage.
  void arrive(int place) const {
    if (place == 0) begin();
    if (place == plan.forward_stages()) end_forward(), begin_goals();
    if (place == int(plan.stages.size())) turn();
  }

  // A block arrives where its leg ends only if others wait there.
  void go(const Leg& leg) {
    int stages = int(plan.stages.size());
    if (leg.begins) arrive(0);
    for (int place = leg.first; place < leg.end; ++place) {
      place < stages ? stage_forward(place) : stage_backward(2 * stages - 1 - place);
      if (place + 1 < leg.end || leg.meets) arrive(place + 1);
    }
    if (leg.ends) results.gradients ? end_backward() : end_forward();
  }
};

}  // namespace

template <class T>
void run_block(Engine<T>& e, const T* parameters, const Batch<T>& batch, const Results<T>& results,
               const std::vector<double>& weight_sums, const Leg& leg, int block, int thread) {
  BlockRun<T> run({e, parameters, batch, e.scratch[thread], e.space.blocks[block]}, results, weight_sums);
  run.go(leg);
}

#define ELMAN_INSTANTIATE(T)                                                                                    \
  template void run_block(Engine<T>&, const T*, const Batch<T>&, const Results<T>&, const std::vector<double>&, \
                          const Leg&, int, int);
ELMAN_INSTANTIATE(float)
ELMAN_INSTANTIATE(double)
#undef ELMAN_INSTANTIATE

}  // namespace elman
