// One block of rows through all stages and all time steps.
#include <algorithm>

#include "run.h"

namespace elman {
namespace {

constexpr int kMergedRows = 112;  // rows of several time steps that a product or program takes at once

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

  // ---- places

  T* cell(int slot, int64_t step, int position) const {
    const Field<T>& f = space.fields[slot];
    if (uint64_t(step) >= uint64_t(f.steps)) step = ((step % f.steps) + f.steps) % f.steps;
    return f.base + (size_t(step) * space.B + position) * f.width;
  }

  T* at(const Ref& r, int t, int position) const { return cell(r.slot, int64_t(t) + r.offset, position); }

  int64_t length(bool sequence, int position) const { return sequence ? space.lengths[position] : 1; }

  // Rows of the block in use at a step: its first ones.
  int active(const Stage& stage, int t) const {
    if (!stage.sequence || !space.ragged) return block.count;
    return std::clamp(space.active[t] - block.first, 0, block.count);
  }

  int64_t data_row(int position) const {
    int64_t b = space.order[position];
    return batch.rows ? batch.rows[b] : b;
  }

  template <class F>
  void each_position(F&& f) const {
    for (int p = block.first; p < block.first + block.count; ++p) f(p, space.order[p]);
  }

  // ---- steps, on `count` rows from `position` at step t (in merged time: of as many steps as that makes)

  void operator()(const Product& p, int t, int position, int count) const {
    const Matrix& m = plan.matrices[p.matrix];
    for (size_t i = 0; i < p.targets.size(); ++i) {
      const T* bias = p.bias.empty() || p.bias[i] < 0 ? nullptr : parameters + p.bias[i];
      scratch.segments[i] = {at(p.targets[i], t, position), bias, space.fields[p.targets[i].slot].width};
    }
    const T* packed = e.weights.panels[p.matrix];
    int k = space.fields[p.source.slot].width;
    e.kernels.product(at(p.source, t, position), k, count, packed, k, scratch.segments.data(), int(m.segments.size()),
                      p.add);
  }

  void operator()(const Lookup& l, int t, int position, int count) const {
    const T* index = at(l.index, t, position);
    T* out = at(l.target, t, position);
    size_t width = space.fields[l.target.slot].width;
    const char* array = l.index.slot == plan.input.slot ? "x" : "index";
    for (int i = 0; i < count; ++i) {
      int64_t row = checked(index[i], l.rows, array, position + i, t);
      std::copy_n(parameters + l.offset + row * width, width, out + i * width);
    }
  }

  void operator()(const Reverse&, int, int, int) const {}  // see reverse()

  void operator()(const Elementwise& step, int t, int position, int count) const {
    const Program<T>& p = e.programs[step.program];
    T** operand = scratch.operands[step.program].data();
    for (int i = 0; i < p.slots; ++i) operand[i] = at(p.operands[i].ref, t, position);
    Tile<T> tile{operand, p.widths.data(), 0, batch.key, t, space.numbers.data() + position};
    for (int left = count; left > 0; left -= tile.rows) {
      tile.rows = std::min(p.rows, left);
      e.kernels.elementwise(p.code.data(), int(p.code.size()), tile);
      tile.row += tile.rows;
      for (int i = 0; i < p.slots; ++i) operand[i] += size_t(tile.rows) * p.widths[i];
    }
  }

  void run(const Step& step, int t, int position, int count) const {
    std::visit([&](const auto& s) { (*this)(s, t, position, count); }, step);
  }

  // The index that a value stands for; 0, and a fault reported, when it stands for none.
  int64_t checked(T value, int limit, const char* array, int position, int64_t t) const {
    if (value >= 0 && value < T(limit) && value == T(int64_t(value))) return int64_t(value);
    int B = space.B;  // in merged time, positions run over into the next steps
    report(e, {array, batch.first + data_row(position % B), t + position / B, double(value), limit});
    return 0;
  }

  // ---- parts of a stage

  void reverse(const Stage& stage, const Reverse& r) const {
    size_t width = space.fields[r.source.slot].width;
    each_position([&](int p, int64_t) {
      int64_t L = length(stage.sequence, p);
      for (int64_t t = 0; t < L; ++t) std::copy_n(at(r.source, int(L - 1 - t), p), width, at(r.target, int(t), p));
    });
  }

  void step_by_step(const Stage& stage, const Step* first, const Step* last, int t) const {
    int count = active(stage, t);
    if (count > 0)
      for (; first != last; ++first) run(*first, t, block.first, count);
  }

  void merged(const Step* first, const Step* last, int steps) const {
    int chunk = std::max(1, kMergedRows / space.B);
    for (int t = 0; t < steps; t += chunk)
      for (const Step* step = first; step != last; ++step) run(*step, t, 0, std::min(chunk, steps - t) * space.B);
  }

  void any_order(int number, const std::vector<Step>& list, const std::vector<Section>& sections) const {
    const Stage& stage = plan.stages[number];
    int steps = e.stage_steps(number);
    bool whole = block.count == space.B && !space.ragged;
    for (const Section& s : sections) {
      const Step *first = list.data() + s.first, *last = list.data() + s.last;
      if (s.reverse)
        reverse(stage, std::get<Reverse>(*first));
      else if (s.merges && whole)
        merged(first, last, steps);
      else
        for (int t = 0; t < steps; ++t) step_by_step(stage, first, last, t);
    }
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
      each_position([&](int p, int64_t b) {
        T* to = cell(state.values, 0, p);
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
    each_position([&](int p, int64_t) {
      std::copy_n(cell(state.values, length(stage.sequence, p), p), state.width, cell(stage.last, 0, p));
    });
  }

  void stage_forward(int number) const {
    const Stage& stage = plan.stages[number];
    begin_states(number);
    any_order(number, stage.before, e.sections[number].before);
    const Step *first = stage.loop.data(), *last = first + stage.loop.size();
    for (int t = 0; first != last && t < e.stage_steps(number); ++t) step_by_step(stage, first, last, t);
    keep_last(stage);
  }

  // ---- the loss

  void seed(double weight_sum) const {
    bool sequence = plan.stages.back().sequence;
    each_position([&](int p, int64_t) {
      double weight = batch.weights ? batch.weights[data_row(p)] : 1;
      T seed = weight_sum != 0 ? T(weight / weight_sum) : T(0);
      for (int64_t t = 0; t < length(sequence, p); ++t) *cell(plan.weight, t, p) = seed;
    });
  }

  void row_losses() const {
    bool sequence = plan.stages.back().sequence;
    each_position([&](int p, int64_t b) {
      double sum = 0;
      for (int64_t t = 0; t < length(sequence, p); ++t)
        sum += double(*cell(plan.weight, t, p)) * double(*cell(plan.value, t, p));
      e.space.row_losses[b] = sum;
    });
  }

  // ---- backward

  void begin_gradients(int number) const {
    const Stage& stage = plan.stages[number];
    int given = first_state(number);
    for (const State& state : stage.states) {
      const T* from = batch.state_gradients.empty() ? nullptr : batch.state_gradients[given];
      bool last = stage.last_grad >= 0 && &state == &stage.states[0];
      ++given;
      if (state.grads < 0) continue;
      each_position([&](int p, int64_t b) {
        T* to = cell(state.grads, length(stage.sequence, p), p);
        if (from)
          std::copy_n(from + b * state.width, state.width, to);
        else
          std::fill_n(to, state.width, T(0));
        for (int i = 0; last && i < state.width; ++i) to[i] += cell(stage.last_grad, 0, p)[i];
      });
    }
  }

  void stage_backward(int number) const {
    const Stage& stage = plan.stages[number];
    begin_gradients(number);
    const Step *first = stage.reverse.data(), *last = first + stage.reverse.size();
    for (int t = e.stage_steps(number) - 1; first != last && t >= 0; --t) step_by_step(stage, first, last, t);
    any_order(number, stage.after, e.sections[number].after);
  }

  // ---- between the caller's arrays and slots

  void gather(const Strided<T>& from, int slot, bool sequence, int limit, const char* array) const {
    int width = space.fields[slot].width;
    each_position([&](int p, int64_t) {
      const T* row = from.data + data_row(p) * from.stride[0];
      for (int64_t t = 0; t < length(sequence, p); ++t, row += from.stride[1]) {
        T* to = cell(slot, t, p);
        if (from.stride[2] == 1)
          std::copy_n(row, width, to);
        else
          for (int i = 0; i < width; ++i) to[i] = row[i * from.stride[2]];
        for (int i = 0; limit && i < width; ++i) to[i] = T(checked(to[i], limit, array, p, t));
      }
    });
  }

  void scatter(const Ref& from, bool sequence, T* out) const {
    int width = space.fields[from.slot].width;
    int64_t steps = sequence ? space.steps : 1;
    each_position([&](int p, int64_t b) {
      T* to = out + b * steps * width;
      for (int64_t t = 0; t < length(sequence, p); ++t, to += width) std::copy_n(at(from, int(t), p), width, to);
      std::fill(to, out + (b + 1) * steps * width, T(0));
    });
  }

  // Row L of the final values, row 0 of the gradients.
  void scatter_states(const std::vector<T*>& out, bool gradients) const {
    int number = 0;
    for (const Stage& stage : plan.stages)
      for (const State& state : stage.states) {
        T* to = out[number++];
        each_position([&](int p, int64_t b) {
          const T* from = gradients ? cell(state.grads, 0, p) : cell(state.values, length(stage.sequence, p), p);
          std::copy_n(from, state.width, to + b * state.width);
        });
      }
  }

  // ---- all of it

  void forward() const {
    gather(batch.x, plan.input.slot, plan.stages[0].sequence, e.input_limit, "x");
    for (int s = 0; s < plan.forward_stages(); ++s) stage_forward(s);
    if (results.output) scatter(plan.output, e.output_is_sequence(), results.output);
    if (!results.states.empty()) scatter_states(results.states, false);
  }

  void backward(double weight_sum) const {
    int loss = int(plan.stages.size()) - 1;
    gather(batch.target, plan.target, plan.stages[loss].sequence, e.target_limit, "target");
    seed(weight_sum);
    stage_forward(loss);
    row_losses();
    for (int s = loss; s >= 0; --s) stage_backward(s);
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
