// What an engine works out once from its plan.
#include <algorithm>

#include "pool.h"
#include "run.h"

namespace elman {
namespace {

// Multiply-adds below which one more thread costs more than it saves: one that may have to be woken, and one that
// spins.
constexpr double kWorthWaking = 1.5e6, kWorthMeeting = 2e5;

constexpr double kPackedValues = 1 << 24;  // of a matrix, in one task

constexpr double kTanhWork = 10;  // of one tanh, in multiply-adds of a product

template <class T>
struct Maker {
  Engine<T>& e;
  const Plan& plan = e.plan;

  bool merges(const Ref& r) const {
    Time time = plan.slots[r.slot].time;
    return time == Time::steps ? r.offset == 0 : time == Time::states && r.offset >= 0;
  }

  bool operator()(const Product& p) const {
    return merges(p.source) && std::all_of(p.targets.begin(), p.targets.end(), [&](Ref r) { return merges(r); });
  }
  bool operator()(const Lookup& l) const { return merges(l.index) && merges(l.target); }
  bool operator()(const Move&) const { return false; }
  bool operator()(const Attend& a) const { return merges(a.query) && merges(a.target); }
  bool operator()(const AttendBack& b) const {
    bool query = b.query_grad.slot < 0 || merges(b.query_grad);
    return b.attend.vector < 0 && merges(b.attend.query) && merges(b.gradient) && query;
  }
  bool operator()(const Elementwise& step) const {
    const Program<T>& p = e.programs[step.program];
    bool all = true;
    for (int i = 0; i < p.slots; ++i) all &= merges(p.operands[i].ref);
    return all && !p.dropout;
  }

  // ---- what reads and writes a slot

  static bool is(const Ref& r, int slot) { return r.slot == slot; }

  bool operand_is(const Program<T>& program, int operand, int slot) const {
    return operand < program.slots && is(program.operands[operand].ref, slot);
  }

  bool writes(const Step& step, int slot) const {
    if (auto* p = std::get_if<Product>(&step))
      return std::any_of(p->targets.begin(), p->targets.end(), [&](const Ref& r) { return is(r, slot); });
    if (auto* l = std::get_if<Lookup>(&step)) return is(l->target, slot);
    if (auto* m = std::get_if<Move>(&step)) return is(m->target, slot);
    if (auto* a = std::get_if<Attend>(&step)) return is(a->target, slot);
    if (auto* b = std::get_if<AttendBack>(&step))
      return is(b->query_grad, slot) || is(b->keys_grad, slot) || is(b->values_grad, slot);
    const Program<T>& program = e.programs[std::get<Elementwise>(step).program];
    return std::any_of(program.code.begin(), program.code.end(),
                       [&](const Instruction<T>& i) { return operand_is(program, i.out, slot); });
  }

  // What is read of each step alone, and what is read of all.
  template <class F>
  bool any_read(const Step& step, F&& f) const {
    if (auto* p = std::get_if<Product>(&step)) return f(p->source);
    if (auto* l = std::get_if<Lookup>(&step)) return f(l->index);
    if (auto* m = std::get_if<Move>(&step)) return f(m->source) || (m->of.slot >= 0 && f(m->of));
    if (auto* a = std::get_if<Attend>(&step)) return f(a->query) || f(a->keys) || f(a->values);
    if (auto* b = std::get_if<AttendBack>(&step))
      return f(b->gradient) || f(b->attend.query) || f(b->attend.keys) || f(b->attend.values);
    const Program<T>& program = e.programs[std::get<Elementwise>(step).program];
    for (const Instruction<T>& i : program.code) {
      const uint16_t operands[] = {i.a, i.b, i.c};
      for (int k = 0; k < kArity[int(i.op)]; ++k)
        if (operands[k] < program.slots && f(program.operands[operands[k]].ref)) return true;
    }
    return false;
  }

  // ---- sections

  // Whether a step needs all time steps of what an earlier one writes, or the other way about.
  bool waits(const Step& step, const Step& earlier) const {
    if (auto* a = std::get_if<Attend>(&step)) return writes(earlier, a->keys.slot) || writes(earlier, a->values.slot);
    auto* back = std::get_if<AttendBack>(&earlier);
    if (!back || std::holds_alternative<AttendBack>(step)) return false;
    return any_read(step, [&](const Ref& r) { return is(r, back->keys_grad.slot) || is(r, back->values_grad.slot); });
  }

  bool sums_up(const Step& step) const {
    auto* back = std::get_if<AttendBack>(&step);
    return back && back->attend.vector >= 0;
  }

  // The steps of a list that may go in any order of time; `beside` is the recurrence that goes hand in hand with them.
  AnyOrder sections(const std::vector<Step>& list, const std::vector<Step>& beside) const {
    AnyOrder out;
    for (int i = 0; i < int(list.size()); ++i) {
      bool move = std::holds_alternative<Move>(list[i]);
      bool begins = move || out.sections.empty() || out.sections.back().move;
      for (int k = begins ? i : out.sections.back().first; k < i; ++k) begins |= waits(list[i], list[k]);
      if (begins) out.sections.push_back({i, i, move, true, false});
      Section& section = out.sections.back();
      section.last = i + 1;
      section.merges &= std::visit(*this, list[i]);
      section.sums_up |= sums_up(list[i]);
      out.whole |= move || std::holds_alternative<AttendBack>(list[i]);
      for (const Step& other : list) out.whole |= waits(list[i], other);
      for (const Step& other : beside) out.whole |= waits(other, list[i]) || waits(list[i], other);
    }
    return out;
  }

  // ---- what the first time step does without

  static bool same(const Ref& a, const Ref& b) { return a.slot == b.slot && a.offset == b.offset; }

  bool reads(const Step& step, const Ref& place) const {
    bool whole = std::holds_alternative<Move>(step) || std::holds_alternative<Attend>(step) ||
                 std::holds_alternative<AttendBack>(step);
    return any_read(step, [&](const Ref& r) { return whole ? is(r, place.slot) : same(r, place); });
  }

  // Made in `reverse` for nobody but the step before.
  bool only_for_step_before(const Stage& stage, const Ref& gradient) const {
    auto read = [&](const Step& step) { return reads(step, gradient); };
    return std::none_of(stage.reverse.begin(), stage.reverse.end(), read) &&
           std::none_of(stage.after.begin(), stage.after.end(), read) &&
           std::none_of(plan.gradients.begin(), plan.gradients.end(),
                        [&](const Gradient& g) { return same(g.delta, gradient) || same(g.source, gradient); });
  }

  // One that is zero where the caller gives none.
  bool is_free_state(const Stage& stage, const Ref& r) const {
    return std::any_of(stage.states.begin(), stage.states.end(),
                       [&](const State& s) { return s.is_free() && same(r, Ref{s.values, 0}); });
  }

  bool is_unread_gradient(const Stage& stage, const Ref& r) const {
    return std::any_of(stage.states.begin(), stage.states.end(),
                       [&](const State& s) { return s.initial_grad < 0 && same(r, Ref{s.grads, 0}); }) &&
           only_for_step_before(stage, r);
  }

  AtStart at_start(const Stage& stage) const {
    AtStart out;
    for (const Step& step : stage.loop) {
      auto* p = std::get_if<Product>(&step);
      out.of_states.push_back(p && is_free_state(stage, p->source));
    }
    for (const Step& step : stage.reverse) {
      auto* p = std::get_if<Product>(&step);
      auto unread = [&](const Ref& r) { return is_unread_gradient(stage, r); };
      out.to_states.push_back(p && std::all_of(p->targets.begin(), p->targets.end(), unread));
    }
    return out;
  }

  // Of a step of attention, for each step that is attended to.
  double work(const Attend& a) const {
    double keys = plan.slots[a.keys.slot].width, values = plan.slots[a.values.slot].width;
    return values + keys * (a.vector < 0 ? 1 : kTanhWork);
  }

  void add_work(Work& work, int axis, const std::vector<Step>& list) const {
    for (const Step& step : list) {
      if (auto* p = std::get_if<Product>(&step))
        work.add(axis, double(plan.matrices[p->matrix].n()) * plan.matrices[p->matrix].k());
      else if (auto* l = std::get_if<Lookup>(&step))
        work.add(axis, plan.slots[l->target.slot].width);
      else if (auto* m = std::get_if<Move>(&step))
        work.add(std::max(plan.axis(m->source), plan.axis(m->target)), plan.slots[m->target.slot].width);
      else if (auto* a = std::get_if<Attend>(&step))
        work.add(axis, this->work(*a), plan.axis(a->keys));
      else if (auto* b = std::get_if<AttendBack>(&step))
        work.add(axis, 3 * this->work(b->attend), plan.axis(b->attend.keys));
      else if (auto* elementwise = std::get_if<Elementwise>(&step))
        work.add(axis, e.programs[elementwise->program].work);
    }
  }

  // What the programs of a recurrence will want of the next step: slots with a row for each.
  void look_ahead(const std::vector<Step>& list, int direction) {
    for (const Step& step : list)
      if (auto* elementwise = std::get_if<Elementwise>(&step)) {
        Program<T>& p = e.programs[elementwise->program];
        p.direction = direction;
        for (int i = 0; i < p.slots; ++i) {
          Time time = plan.slots[p.operands[i].ref.slot].time;
          bool every_step = time == Time::steps || time == Time::states;
          if (every_step && p.widths[i] * sizeof(T) >= 64) p.ahead.push_back(i);
        }
      }
  }

  void stages() {
    for (int i = 0; i < int(plan.stages.size()); ++i) {
      const Stage& s = plan.stages[i];
      e.sections.push_back({sections(s.before, s.loop), sections(s.after, s.reverse), at_start(s)});
      e.first_state.push_back(int(e.states.size()));
      for (const State& state : s.states)
        if (state.is_free()) e.states.push_back(state), e.stateful_stages = i + 1;
      for (const std::vector<Step>* list : {&s.before, &s.loop, &s.reverse, &s.after})
        for (const Step& step : *list) in_stage(step, s.axis);
      for (const Step& step : s.loop)
        if (auto* p = std::get_if<Product>(&step))
          e.step_product =
              std::max(e.step_product, double(plan.matrices[p->matrix].n()) * plan.matrices[p->matrix].k());
      if (s.axis != kOnce) look_ahead(s.loop, 1), look_ahead(s.reverse, -1);
      add_work(e.forward_work, s.axis, s.before), add_work(e.forward_work, s.axis, s.loop);
      add_work(e.backward_work, s.axis, s.reverse), add_work(e.backward_work, s.axis, s.after);
    }
    for (const Gradient& g : plan.gradients)
      e.gradient_work.add(plan.stages[g.stage].axis, g.kind == GradientKind::table ? g.columns : double(g.size()));
  }

  // Where rows meet, on the way there and back.
  void gatherings() {
    int stages = int(plan.stages.size());
    Moments& m = e.moments;
    m.values.resize(plan.moments), m.counts.resize(stages);
    for (int place = 0; place < 2 * stages; ++place) {
      bool back = place >= stages;
      int stage = back ? 2 * stages - 1 - place : place;
      const Meeting& meeting = plan.stages[stage].meets;
      if (!meeting.is_one() || (back && !meeting.goes_back())) continue;
      m.gatherings.push_back({place, stage, back});
      m.unit_size = std::max(m.unit_size, lines<double>(1 + 2 * size_t(plan.slots[meeting.source.slot].width)));
    }
  }

  void in_stage(const Step& step, int axis) {
    if (auto* elementwise = std::get_if<Elementwise>(&step)) e.programs[elementwise->program].axis = axis;
    e.attends |= std::holds_alternative<Attend>(step) || std::holds_alternative<AttendBack>(step);
  }

  // Columns of a matrix that are packed between two looks whether to stop: whole panels.
  int packed_at_once(int matrix) const {
    int panel = e.kernels.nr;
    return int(std::clamp(kPackedValues / plan.matrices[matrix].k() / panel, 1.0, double(kMost / panel))) * panel;
  }

  void pack_tasks() {
    for (int m = 0; m < int(plan.matrices.size()); ++m)
      for (int s = 0, first = 0; s < int(plan.matrices[m].segments.size()); ++s) {
        const MatrixSegment& segment = plan.matrices[m].segments[s];
        const int n = plan.matrices[m].transposed ? segment.columns : segment.rows, most = packed_at_once(m);
        for (int begin = 0; begin < n; begin += most)
          e.pack_tasks.push_back({m, s, first, begin, std::min(most, n - begin)});
        first += segment.rows;
      }
  }

  int tasks(const Gradient& g) const {
    if (g.kind == GradientKind::matrix) return e.kernels.gradient_tasks(g.rows, g.columns);
    return g.kind == GradientKind::vector ? 1 : (g.columns + kTableColumns - 1) / kTableColumns;
  }

  // Large ones first, so that no thread begins a long task when the others have finished.
  void gradient_tasks() {
    std::vector<int> order(plan.gradients.size());
    for (int i = 0; i < int(order.size()); ++i) order[i] = i;
    auto size = [&](int i) { return plan.gradients[i].size(); };
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return size(a) > size(b); });
    for (int g : order)
      for (int task = 0; task < tasks(plan.gradients[g]); ++task) e.gradient_tasks.push_back({g, task});
  }

  void gradient_cover() {
    for (const Gradient& g : plan.gradients)
      e.gradient_of_states.push_back(is_free_state(plan.stages[g.stage], g.source));
    std::vector<Run> covered;
    for (const VectorSum& s : e.vector_sums) covered.push_back({s.offset, s.width});
    for (const Gradient& g : plan.gradients) {
      auto meets = [&](Run r) { return g.offset < r.first + r.count && r.first < g.offset + g.size(); };
      e.gradient_adds.push_back(std::any_of(covered.begin(), covered.end(), meets));
      covered.push_back({g.offset, g.size()});
    }
    std::sort(covered.begin(), covered.end(), [](Run a, Run b) { return a.first < b.first; });
    int64_t end = 0;
    for (Run r : covered) {
      if (r.first > end) e.without_gradient.push_back({end, r.first - end});
      end = std::max(end, r.first + r.count);
    }
    if (plan.parameters > end) e.without_gradient.push_back({end, plan.parameters - end});
  }

  size_t place_of_sum(int64_t offset, int width) {
    for (const VectorSum& s : e.vector_sums)
      if (s.offset == offset && s.width == width) return s.place;
    e.vector_sums.push_back({offset, width, e.unit_size});
    e.unit_size += lines<T>(width);
    return e.vector_sums.back().place;
  }

  void vector_sums() {
    for (Program<T>& p : e.programs)
      for (auto& sum : p.sums) sum.place = place_of_sum(p.operands[sum.operand].index, p.operands[sum.operand].width);
    for (const Stage& s : plan.stages)
      for (const std::vector<Step>* list : {&s.reverse, &s.after})
        for (const Step& step : *list)
          if (sums_up(step)) {
            const Attend& a = std::get<AttendBack>(step).attend;
            place_of_sum(a.vector, plan.slots[a.keys.slot].width);
          }
  }

  void whole_indices() {
    for (Program<T>& p : e.programs)
      for (Instruction<T>& i : p.code)
        if (i.op == Op::pick_ || i.op == Op::place_) {
          const Operand& index = p.operands[i.b];
          i.first = index.kind == OperandKind::slot && e.holds_indices(index.ref.slot);
        }
  }

  void scratch() {
    size_t values = 0, segments = 1, sums = 0, ahead = 0;
    for (const Program<T>& p : e.programs)
      values = std::max(values, p.scratch), ahead = std::max(ahead, p.ahead.size());
    for (const Matrix& m : plan.matrices) {
      segments = std::max(segments, m.segments.size());
      values = std::max(values, e.kernels.product_scratch(m.n(), m.k()));
    }
    for (size_t i = 0; i < plan.gradients.size(); ++i) {
      const Gradient& g = plan.gradients[i];
      if (g.kind == GradientKind::matrix) values = std::max(values, e.kernels.gradient_scratch(g.rows, g.columns));
      if (e.gradient_adds[i]) sums += lines<T>(g.size());
    }
    e.gradient_sums.reserve(sums);
    e.scratch.resize(e.threads);
    for (Scratch<T>& s : e.scratch) {
      s.memory.reserve(values);
      s.segments.resize(segments);
      s.ahead.resize(ahead);
      for (Program<T>& p : e.programs) s.operands.push_back(operands(p, s.memory.data()));
    }
  }

  // Addresses that never change: temporaries and constants.
  std::vector<T*> operands(Program<T>& p, T* memory) const {
    std::vector<T*> out(p.operands.size());
    for (size_t i = 0; i < out.size(); ++i)
      out[i] = p.operands[i].kind == OperandKind::temp ? memory + p.temps[i] : p.constants[i].values;
    return out;
  }
};

}  // namespace

template <class T>
Engine<T>::Engine(Plan given, const Kernels<T>& kernels, int threads)
    : plan(std::move(given)), kernels(kernels), threads(std::clamp(threads, 1, kMostThreads)) {
  check(plan);
  for (const ProgramSource& p : plan.programs) programs.emplace_back(p);
  Maker<T> make{*this};
  make.stages();
  make.gatherings();
  make.pack_tasks();
  make.gradient_tasks();
  make.vector_sums();
  make.gradient_cover();
  make.whole_indices();
  make.scratch();
}

template <class T>
int Engine<T>::threads_now() const {
  return std::min(threads, most_threads());
}

template <class T>
int Engine<T>::threads_worth(double work) const {
  double each = awake > 1 ? kWorthMeeting : kWorthWaking;
  return int(std::min<double>(threads_now(), 1 + work / each));
}

template <class T>
int Engine<T>::threads_for(double work) {
  int n = threads_worth(work);
  awake = std::max(awake, n);
  return n;
}

template <class T>
int Engine<T>::parts_of(int matrix, int rows) const {
  if (sharing == 1) return 1;
  const Matrix& m = plan.matrices[matrix];
  double work = double(rows) * m.n() * m.k();
  int panels = (m.n() + kernels.nr - 1) / kernels.nr;
  return std::min({sharing, panels, int(1 + std::min(work / kWorthSharing, 1e3))});
}

template <class T>
size_t Engine<T>::bytes() const {
  return space.memory.bytes() + checkpoints.states.bytes() + checkpoints.state_gradients.bytes();
}

template struct Engine<float>;
template struct Engine<double>;

}  // namespace elman
