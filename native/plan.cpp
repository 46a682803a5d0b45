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

namespace {

void expect(bool ok, const std::string& what) {
  if (!ok) throw std::invalid_argument("bad plan: " + what);
}

struct Checker {
  const Plan& plan;
  bool over_time = false;  // the steps looked at run at all time steps, not at one

  void slot(int s, const char* what) const {
    expect(s >= 0 && s < int(plan.slots.size()), std::string("no slot for ") + what);
  }

  void ref(const Ref& r, const char* what) const {
    slot(r.slot, what);
    expect(r.offset == 0 || r.offset == 1, std::string("offset of ") + what);
    const Slot& s = plan.slots[r.slot];
    bool in_turn = s.time == Time::single || s.time == Time::pair;
    expect(in_turn || !over_time || plan.stages[s.stage].sequence, std::string("steps of ") + what);
  }

  int width(const Ref& r) const { return plan.slots[r.slot].width; }

  // ---- slots of whole numbers are read as indices and copied by Reverse, and that is all

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

  void operator()(const Reverse& r) const {
    whole(r.source, "source of a reverse");
    whole(r.target, "target of a reverse");
    expect(width(r.source) == width(r.target), "sizes of a reverse");
    expect(plan.slots[r.source.slot].below == plan.slots[r.target.slot].below, "limits of a reverse");
  }

  void operator()(const Elementwise& e) const {
    expect(e.program >= 0 && e.program < int(plan.programs.size()), "program of a step");
    for (const Operand& o : plan.programs[e.program].operands)
      if (o.kind == OperandKind::slot) ref(o.ref, "operand");
  }

  void operand(const Operand& o) const {
    if (o.kind == OperandKind::slot) {
      ref(o.ref, "operand");
      expect(width(o.ref) == o.width, "width of an operand");
    } else if (o.kind == OperandKind::vector || o.kind == OperandKind::sum) {
      arena(o.index, o.width, "a vector");
    } else {
      expect(o.kind == OperandKind::temp || o.kind == OperandKind::constant, "kind of an operand");
      expect(o.kind == OperandKind::temp ? o.width > 0 && o.width <= kMost && o.index >= 0 : o.width == 0,
             "width of an operand");
    }
  }

  void steps(const std::vector<Step>& list) const {
    for (const Step& step : list) std::visit(*this, step);
  }

  void loop(const std::vector<Step>& list) const {
    steps(list);
    for (const Step& step : list) expect(!std::holds_alternative<Reverse>(step), "reverse in a loop");
  }

  void stage(const Stage& s) {
    over_time = s.sequence;
    steps(s.before), loop(s.loop), loop(s.reverse), steps(s.after);
    for (auto* part : {&s.before, &s.loop, &s.after})
      for (const Step& step : *part) expect(!sums_up(step), "sums outside of `reverse`");
    for (const State& state : s.states) {
      slot(state.values, "values of a state");
      expect(plan.slots[state.values].width == state.width, "width of a state");
      numbers(state.values, "a state");
      if (state.grads >= 0) slot(state.grads, "gradient of a state");
      expect(state.grads < 0 || plan.slots[state.grads].width == state.width, "width of a state's gradient");
    }
    last(s, s.last), last(s, s.last_grad);
  }

  bool sums_up(const Step& step) const {
    auto* e = std::get_if<Elementwise>(&step);
    return e && plan.programs[e->program].sums_up();
  }

  void last(const Stage& s, int last) const {
    if (last < 0) return;
    slot(last, "last step");
    expect(!s.states.empty() && plan.slots[last].width == s.states[0].width, "last step of a stage");
  }

  // What reads all steps at once: rows offset .. offset + T - 1, without wrapping round.
  void whole(const Ref& r, const char* what) const {
    ref(r, what);
    Time time = plan.slots[r.slot].time;
    bool one = time == Time::single && !over_time;
    bool fits = time == Time::states || ((time == Time::steps || one) && r.offset == 0);
    bool same_axis = one || plan.stages[plan.slots[r.slot].stage].sequence == over_time;
    expect(fits && same_axis, std::string("time axis of ") + what);
  }

  void gradient(const Gradient& g) {
    expect(g.stage >= 0 && g.stage < int(plan.stages.size()), "stage of a gradient");
    expect(g.rows > 0 && g.rows <= kMost && g.columns > 0 && g.columns <= kMost, "size of a gradient");
    over_time = plan.stages[g.stage].sequence;
    arena(g.offset, g.size(), "a gradient");
    whole(g.delta, "a gradient's delta");
    expect(width(g.delta) == (g.kind == GradientKind::table ? g.columns : g.rows), "width of a gradient's delta");
    numbers(g.delta.slot, "a gradient's delta");
    if (g.kind == GradientKind::vector) return;
    whole(g.source, "a gradient's source");
    expect(width(g.source) == (g.kind == GradientKind::table ? 1 : g.columns), "width of a gradient's source");
    index(g.source, g.kind == GradientKind::table ? g.rows : 0, "a gradient's source");
  }

  void ends() const {
    ref(plan.input, "input");
    ref(plan.output, "output");
    numbers(plan.output.slot, "output");
    expect(plan.input.offset == 0 && plan.slots[plan.input.slot].time == Time::steps, "input slot");
    if (plan.seed >= 0) {
      slot(plan.seed, "the gradient of the output");
      const Slot& seed = plan.slots[plan.seed];
      bool each_step = seed.time == Time::steps && plan.stages[seed.stage].sequence;
      expect(!plan.has_loss(), "a gradient of the output beside a loss");
      expect(seed.time != Time::pair && seed.width == plan.slots[plan.output.slot].width, "gradient of the output");
      expect(each_step == plan.sequence(), "steps of the gradient of the output");
    }
    if (!plan.has_loss()) return;
    for (int s : {plan.target, plan.weight, plan.value}) {
      slot(s, "the loss");
      expect(plan.slots[s].time == Time::steps && plan.slots[s].stage == int(plan.stages.size()) - 1,
             "slots of the loss");
    }
    expect(plan.slots[plan.weight].width == 1 && plan.slots[plan.value].width == 1, "width of the loss");
    expect(plan.stages.size() > 1, "a loss without a network");
  }
};

void check_code(const ProgramSource& program) {
  int n = int(program.operands.size());
  expect(n < 65536, "number of operands");
  for (const Instruction<double>& i : program.code) {
    expect(i.op < Op::count, "operation");
    expect(i.out < n && i.a < n && i.b < n && i.c < n, "operands of an instruction");
    OperandKind out = program.operands[i.out].kind;
    bool writes = out == OperandKind::slot || out == OperandKind::temp || out == OperandKind::array;
    expect(i.op == Op::accumulate_ ? out == OperandKind::sum : writes, "result of an instruction");
    for (int operand : {i.a, i.b, i.c}) expect(program.operands[operand].kind != OperandKind::sum, "use of a sum");
  }
  bool slots = true;
  for (const Operand& o : program.operands) {
    expect(slots || o.kind != OperandKind::slot, "order of the operands");
    slots = o.kind == OperandKind::slot;
  }
}

// Whether `n` values from number `first` on lie within a width; a float counts so far exactly.
bool place_fits(double first, int n, int width) {
  return first >= 0 && first == std::floor(first) && first <= (1 << 24) && first + n <= width;
}

// The widths that an instruction's kernel relies on.
void check_widths(const ProgramSource& program, const Instruction<double>& i) {
  auto width = [&](int operand) { return program.operands[operand].width; };
  int out = width(i.out), a = width(i.a), b = width(i.b);
  auto fits = [&](int w) { return w == out || w == 0; };
  const bool apart = i.out != i.a && i.out != i.b;
  switch (i.op) {
    case Op::sum_:
    case Op::mean_:
    case Op::max_:
      return expect(out == 1 && a > 0, "widths of a reduction");
    case Op::inverse_deviation_:
      return expect(out == 1 && a > 0, "widths of inverse_deviation");
    case Op::normalise_:
      return expect(a == out && b == 1, "widths of normalise");
    case Op::normalise_grad_:
      return expect(a == out && b == out && width(i.c) == 1, "widths of normalise_grad");
    case Op::expand_:
      return expect(a <= 1, "widths of expand");
    case Op::pick_:
      return expect(out == 1 && a > 0 && b == 1, "widths of pick");
    case Op::place_:
      return expect(a <= 1 && b == 1, "widths of place");
    case Op::concat_:
      return expect(a > 0 && b > 0 && out == a + b, "widths of concat");
    case Op::slice_:
      return expect(a > 0 && place_fits(i.first, out, a), "widths of slice");
    case Op::pad_:
      return expect(a > 0 && place_fits(i.first, a, out), "widths of pad");
    case Op::outer_:
      return expect(a > 0 && b > 0 && out == int64_t(a) * b, "widths of outer");
    case Op::matvec_:
      return expect(b > 0 && out > 0 && a == int64_t(out) * b && apart, "operands of matvec");
    case Op::vecmat_:
      return expect(a > 0 && out > 0 && b == int64_t(a) * out && apart, "operands of vecmat");
    default: {
      int n = kArity[int(i.op)];
      expect(fits(a) && (n < 2 || fits(b)) && (n < 3 || fits(width(i.c))), "widths of an instruction");
    }
  }
}

}  // namespace

bool Plan::sequence() const {
  const Slot& slot = slots[output.slot];
  return slot.time != Time::single && stages[slot.stage].sequence;
}

bool ProgramSource::sums_up() const {
  return std::any_of(operands.begin(), operands.end(), [](const Operand& o) { return o.kind == OperandKind::sum; });
}

void check_program(const ProgramSource& program) {
  expect(program.work >= 0 && std::isfinite(program.work), "work of a program");
  check_code(program);
  for (const Instruction<double>& i : program.code) check_widths(program, i);
}

void check(const Plan& plan) {
  Checker checker{plan};
  for (const Slot& s : plan.slots) {
    expect(s.width > 0 && s.width <= kMost, "width of a slot");
    expect(s.below == 0 || (s.below > 0 && s.width == 1), "whole numbers of a slot");
    expect(s.stage >= 0 && s.stage < int(plan.stages.size()), "stage of a slot");
  }
  for (const Matrix& m : plan.matrices) checker.matrix(m);
  for (const ProgramSource& p : plan.programs) {
    for (const Operand& o : p.operands) checker.operand(o);
    check_program(p);
    checker.indices(p);
  }
  checker.ends();
  for (const Stage& s : plan.stages) checker.stage(s);
  for (const Gradient& g : plan.gradients) checker.gradient(g);
  if (plan.input_grad >= 0) checker.slot(plan.input_grad, "gradient of the input");
}

void check_flat(const ProgramSource& program, int arrays, int scalars) {
  for (const Operand& o : program.operands) {
    bool array = o.kind == OperandKind::array && o.index >= 0 && o.index < arrays && o.width == 1;
    bool temp = o.kind == OperandKind::temp && o.index >= 0 && o.width == 1;
    bool scalar = o.kind == OperandKind::scalar && o.index >= 0 && o.index < scalars && o.width == 0;
    expect(array || temp || scalar || (o.kind == OperandKind::constant && o.width == 0), "operand of an optimiser");
  }
  check_program(program);
}

}  // namespace elman
