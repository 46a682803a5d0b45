#include "plan.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace elman {

int Matrix::n() const {
  if (transposed) return segments[0].columns;
  int n = 0;
  for (const MatrixSegment& s : segments) n += s.rows;
  return n;
}

int Matrix::k() const { return transposed ? segments[0].rows : segments[0].columns; }

void expect(bool ok, const std::string& what) {
  if (!ok) throw std::invalid_argument("bad plan: " + what);
}

namespace {

struct Checker {
  const Plan& plan;
  int axis = kOnce;  // of the stage that is looked at

  void slot(int s, const char* what) const {
    expect(s >= 0 && s < int(plan.slots.size()), std::string("no slot for ") + what);
  }

  void place(const Ref& r, const char* what) const {
    slot(r.slot, what);
    expect(r.offset == 0 || r.offset == 1, std::string("offset of ") + what);
  }

  // What a stage reads or writes step by step: rows are in the order of its own axis.
  void ref(const Ref& r, const char* what) const {
    place(r, what);
    expect(plan.axis(r) == axis, std::string("axis of ") + what);
  }

  // What has a row for each step of its axis: rows offset .. offset + T - 1, without wrapping round.
  void whole(const Ref& r, const char* what) const {
    place(r, what);
    const Slot& s = plan.slots[r.slot];
    bool one = s.time == Time::single && s.axis == kOnce;
    expect(s.time == Time::states || ((s.time == Time::steps || one) && r.offset == 0),
           std::string("steps of ") + what);
  }

  void whole_here(const Ref& r, const char* what) const { ref(r, what), whole(r, what); }

  // A slot of a single row.
  void once(int s, int width, const char* what) const {
    if (s < 0) return;
    values({s, 0}, width, what);
    expect(plan.slots[s].axis == kOnce && plan.slots[s].time != Time::states, std::string("steps of ") + what);
  }

  // A whole one of numbers.
  void values(const Ref& r, int wide, const char* what) const {
    whole(r, what);
    expect(width(r) == wide, std::string("width of ") + what);
    numbers(r.slot, what);
  }

  int width(const Ref& r) const { return plan.slots[r.slot].width; }

  // ---- slots of whole numbers are read as indices and copied by moves, and that is all

  void numbers(int slot, const char* what) const {
    expect(plan.slots[slot].below == 0, std::string("whole numbers as ") + what);
  }

  void index(const Ref& r, int limit, const char* what) const {
    expect(plan.slots[r.slot].below <= limit, std::string("limit of ") + what);
  }

  void indices(const ProgramSource& program) const {
    for (const Instruction<double>& i : program.code) {
      const uint16_t inputs[] = {i.a, i.b, i.c};
      bool picks = i.op == Op::pick_, places = i.op == Op::place_;
      slot_of(program.operands[i.out], 0);
      for (int k = 0; k < kArity[int(i.op)]; ++k) {
        bool is_index = k == 1 && (picks || places);
        slot_of(program.operands[inputs[k]], is_index ? program.operands[picks ? i.a : i.out].width : 0);
      }
    }
  }

  void slot_of(const Operand& o, int limit) const {
    if (o.kind == OperandKind::slot) index(o.ref, limit, "an operand");
  }

  void arena(int64_t offset, int64_t size, const char* what) const {
    bool inside = offset >= 0 && size > 0 && size <= plan.parameters && offset <= plan.parameters - size;
    expect(inside, std::string("arena range of ") + what);
  }

  void matrix(const Matrix& m) const {
    expect(!m.segments.empty() && (!m.transposed || m.segments.size() == 1), "segments of a matrix");
    int64_t rows = 0;
    for (const MatrixSegment& s : m.segments) {
      rows += s.rows;
      expect(s.rows > 0 && s.columns > 0 && rows <= kMost && s.columns <= kMost, "size of a matrix");
      arena(s.offset, int64_t(s.rows) * s.columns, "a matrix");
      expect(m.transposed || s.columns == m.k(), "columns of fused matrices");
    }
  }

  void operator()(const Product& p) const {
    expect(p.matrix >= 0 && p.matrix < int(plan.matrices.size()), "matrix of a product");
    const Matrix& m = plan.matrices[p.matrix];
    ref(p.source, "source of a product");
    expect(width(p.source) == m.k(), "width of a product's source");
    numbers(p.source.slot, "a product's source");
    expect(p.targets.size() == m.segments.size(), "targets of a product");
    expect(p.bias.empty() || p.bias.size() == p.targets.size(), "biases of a product");
    for (size_t i = 0; i < p.targets.size(); ++i) {
      int n = m.transposed ? m.n() : m.segments[i].rows;
      ref(p.targets[i], "target of a product");
      expect(width(p.targets[i]) == n, "width of a product's target");
      numbers(p.targets[i].slot, "a product's target");
      if (!p.bias.empty() && p.bias[i] >= 0) arena(p.bias[i], n, "a bias");
    }
  }

  void operator()(const Lookup& l) const {
    ref(l.index, "index of a lookup");
    ref(l.target, "target of a lookup");
    expect(width(l.index) == 1 && l.rows > 0 && l.rows <= kMost, "sizes of a lookup");
    index(l.index, l.rows, "an index");
    numbers(l.target.slot, "a lookup's target");
    arena(l.offset, int64_t(l.rows) * width(l.target), "a table");
  }

  void operator()(const Move& m) const {
    whole(m.source, "source of a move");
    whole(m.target, "target of a move");
    expect(width(m.source) == width(m.target), "sizes of a move");
    expect(plan.slots[m.source.slot].below == plan.slots[m.target.slot].below, "limits of a move");
    expect(m.number >= -kMost && m.number <= kMost, "number of a move");
    bool across = axes_of(m), copies = m.kind <= MoveKind::repeat && !m.add;
    expect(across, "axes of a move");
    if (!copies) numbers(m.source.slot, "what a move adds");
    if (m.kind != MoveKind::max_back) return;
    values(m.of, width(m.target), "what a move finds the largest of");
    expect(plan.axis(m.of) == plan.axis(m.target), "axes of a move");
  }

  bool axes_of(const Move& m) const {
    int from = plan.axis(m.source), to = plan.axis(m.target);
    switch (m.kind) {
      case MoveKind::reverse:
      case MoveKind::shift:
        return from == to;
      case MoveKind::take:
      case MoveKind::sum:
      case MoveKind::mean:
      case MoveKind::max:
        return to == kOnce;
      case MoveKind::put:
      case MoveKind::repeat:
      case MoveKind::share:
      case MoveKind::max_back:
        return from == kOnce;
      default:
        return false;
    }
  }

  void step_values(const Ref& r, int wide, const char* what) const {
    ref(r, what);
    expect(width(r) == wide, std::string("width of ") + what);
    numbers(r.slot, what);
  }

  // What attention reads; on the way back it has no target.
  void reads(const Attend& a) const {
    slot(a.keys.slot, "keys"), slot(a.values.slot, "values");
    values(a.keys, width(a.keys), "keys");
    values(a.values, width(a.values), "values");
    expect(plan.axis(a.keys) == plan.axis(a.values), "axes of keys and values");
    step_values(a.query, width(a.keys), "a query");
    if (a.vector != -1) arena(a.vector, width(a.keys), "a vector of attention");
  }

  void operator()(const Attend& a) const {
    reads(a);
    step_values(a.target, width(a.values), "what is attended to");
  }

  void operator()(const AttendBack& b) const {
    const Attend& a = b.attend;
    reads(a);
    step_values(b.gradient, width(a.values), "a gradient of attention");
    if (b.query_grad.slot >= 0) step_values(b.query_grad, width(a.query), "gradient of a query");
    wanted(b.keys_grad, a.keys, "gradient of keys");
    wanted(b.values_grad, a.values, "gradient of values");
  }

  void wanted(const Ref& gradient, const Ref& of, const char* what) const {
    if (gradient.slot < 0) return;
    values(gradient, width(of), what);
    expect(plan.axis(gradient) == plan.axis(of), std::string("axis of ") + what);
  }

  void operator()(const Elementwise& e) const {
    expect(e.program >= 0 && e.program < int(plan.programs.size()), "program of a step");
    for (const Operand& o : plan.programs[e.program].operands)
      if (o.kind == OperandKind::slot) ref(o.ref, "operand");
  }

  void operand(const Operand& o) const {
    if (o.kind == OperandKind::slot) {
      place(o.ref, "operand");
      expect(width(o.ref) == o.width, "width of an operand");
    } else if (o.kind == OperandKind::moment) {
      expect(o.index >= 0 && o.width > 0 && o.index <= plan.moments - int64_t(o.width), "range of a moment");
    } else if (o.kind == OperandKind::vector || o.kind == OperandKind::sum) {
      arena(o.index, o.width, "a vector");
    } else {
      expect(o.kind == OperandKind::temp || o.kind == OperandKind::constant, "kind of an operand");
      const bool temp = o.width > 0 && o.width <= kMost && o.index >= 0 && o.index < kMostOperands;
      expect(o.kind == OperandKind::temp ? temp : o.width == 0, "width of an operand");
    }
  }

  void steps(const std::vector<Step>& list) const {
    for (const Step& step : list) std::visit(*this, step);
  }

  template <class Kind>
  void none(const std::vector<Step>& list, const char* what) const {
    for (const Step& step : list) expect(!std::holds_alternative<Kind>(step), what);
  }

  void stage(const Stage& s) {
    expect(s.axis >= kOnce && s.axis < plan.axes, "axis of a stage");
    axis = s.axis;
    for (auto* part : {&s.before, &s.loop, &s.reverse, &s.after}) steps(*part);
    for (auto* part : {&s.loop, &s.reverse}) none<Move>(*part, "a move in a loop");
    for (auto* part : {&s.reverse, &s.after}) none<Attend>(*part, "attention on the way back");
    for (auto* part : {&s.before, &s.loop}) none<AttendBack>(*part, "gradients of attention on the way forward");
    for (auto* part : {&s.before, &s.loop, &s.after})
      for (const Step& step : *part) expect(!sums_up(step), "sums outside of `reverse`");
    for (const State& each : s.states) state(each);
    for (int cleared : s.clears) slot(cleared, "what is cleared");
    if (s.meets.is_one()) meeting(s.meets);
    bool loss = &s - plan.stages.data() >= plan.forward_stages();
    expect(!loss || !s.meets.is_one(), "a meeting of a loss");
  }

  void meeting(const Meeting& m) const {
    slot(m.source.slot, "what rows meet for");
    int wide = width(m.source);
    values(m.source, wide, "what rows meet for"), values(m.normalised, wide, "normalised values");
    ref(m.source, "what rows meet for"), ref(m.normalised, "normalised values");
    if (m.goes_back()) step_values(m.gradient, wide, "gradient of normalised values"), whole(m.gradient, "a gradient");
    expect(m.place >= 0 && m.place + kMoments * int64_t(wide) <= plan.moments, "place of moments");
    expect(std::isfinite(m.epsilon) && std::isfinite(m.momentum), "numbers of a meeting");
    for (int64_t kept : {m.mean, m.variance})
      if (kept != -1) arena(kept, wide, "running moments");
  }

  void state(const State& s) const {
    step_values({s.values, 0}, s.width, "a state");
    if (s.grads >= 0) step_values({s.grads, 0}, s.width, "gradient of a state");
    once(s.initial, s.width, "an initial state");
    once(s.final, s.width, "a final state");
    once(s.initial_grad, s.width, "gradient of an initial state");
    once(s.final_grad, s.width, "gradient of a final state");
    expect(s.grads >= 0 || (s.initial_grad < 0 && s.final_grad < 0), "gradient of a state without one");
  }

  bool sums_up(const Step& step) const {
    auto* e = std::get_if<Elementwise>(&step);
    return e && plan.programs[e->program].sums_up();
  }

  void gradient(const Gradient& g) {
    expect(g.kind <= GradientKind::table, "kind of a gradient");
    expect(g.stage >= 0 && g.stage < int(plan.stages.size()), "stage of a gradient");
    expect(g.rows > 0 && g.rows <= kMost && g.columns > 0 && g.columns <= kMost, "size of a gradient");
    axis = plan.stages[g.stage].axis;
    arena(g.offset, g.size(), "a gradient");
    whole_here(g.delta, "a gradient's delta");
    expect(width(g.delta) == (g.kind == GradientKind::table ? g.columns : g.rows), "width of a gradient's delta");
    numbers(g.delta.slot, "a gradient's delta");
    if (g.kind == GradientKind::vector) return;
    whole_here(g.source, "a gradient's source");
    expect(width(g.source) == (g.kind == GradientKind::table ? 1 : g.columns), "width of a gradient's source");
    index(g.source, g.kind == GradientKind::table ? g.rows : 0, "a gradient's source");
  }

  void ends() const {
    expect(!plan.inputs.empty() && !plan.outputs.empty(), "inputs and outputs");
    for (const Ref& r : plan.inputs) {
      whole(r, "an input");
      expect(plan.slots[r.slot].time != Time::states, "steps of an input");
    }
    for (int a = 0; a < plan.axes; ++a)
      expect(std::any_of(plan.inputs.begin(), plan.inputs.end(), [&](const Ref& r) { return plan.axis(r) == a; }),
             "an axis without an input");
    for (const Ref& r : plan.outputs) whole(r, "an output"), numbers(r.slot, "an output");
    expect(plan.input_grads.empty() || plan.input_grads.size() == plan.inputs.size(), "gradients of inputs");
    for (size_t i = 0; i < plan.input_grads.size(); ++i)
      wanted({plan.input_grads[i], 0}, plan.inputs[i], "gradient of an input");
  }

  void goals() const {
    expect(plan.goals.empty() || plan.goals.size() == plan.outputs.size(), "goals");
    expect(plan.forward_stages() > 0, "losses without a network");
    for (size_t i = 0; i < plan.goals.size(); ++i) goal(plan.goals[i], plan.outputs[i]);
  }

  void goal(const Goal& g, const Ref& output) const {
    expect(g.has_loss() != (g.seed >= 0), "a loss or a gradient of an output, and not both");
    expect(std::isfinite(g.share), "share of a loss");
    if (!g.has_loss()) return wanted({g.seed, 0}, output, "gradient of an output");
    for (int s : {g.target, g.weight, g.value}) {
      whole({s, 0}, "a loss");
      const Slot& slot = plan.slots[s];
      expect(slot.axis == plan.axis(output) && slot.time != Time::states, "steps of a loss");
      expect(slot.stage >= plan.forward_stages(), "slots of a loss");
    }
    values({g.weight, 0}, 1, "weight of a loss");
    values({g.value, 0}, 1, "value of a loss");
  }
};

}  // namespace

int Plan::losses() const {
  return int(std::count_if(goals.begin(), goals.end(), [](const Goal& g) { return g.has_loss(); }));
}

void check(const Plan& plan) {
  Checker checker{plan};
  expect(plan.parameters >= 0 && plan.parameters <= kMostParameters, "number of parameters");
  expect(plan.axes >= 0 && plan.axes <= int(plan.inputs.size()), "number of axes");
  for (const Slot& s : plan.slots) {
    expect(s.time <= Time::single, "time of a slot");
    expect(s.width > 0 && s.width <= kMost, "width of a slot");
    expect(s.below == 0 || (s.below > 0 && s.width == 1), "whole numbers of a slot");
    expect(s.stage >= 0 && s.stage < int(plan.stages.size()), "stage of a slot");
    expect(s.axis >= kOnce && s.axis < plan.axes, "axis of a slot");
  }
  for (const Matrix& m : plan.matrices) checker.matrix(m);
  for (const ProgramSource& p : plan.programs) {
    for (const Operand& o : p.operands) checker.operand(o);
    check_program(p);
    checker.indices(p);
  }
  expect(plan.moments >= 0 && plan.moments <= kMost, "number of moments");
  checker.ends();
  checker.goals();
  for (const Stage& s : plan.stages) checker.stage(s);
  for (const Gradient& g : plan.gradients) checker.gradient(g);
}

}  // namespace elman
