// Whether the instructions of a program fit together: what its kernels rely on.
#include <algorithm>
#include <cmath>

#include "plan.h"

namespace elman {
namespace {

void check_code(const ProgramSource& program) {
  int n = int(program.operands.size());
  expect(n < kMostOperands, "number of operands");
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
    case Op::outer_add_:
      return expect(a > 0 && b > 0 && out == int64_t(a) * b && width(i.c) == out && apart, "operands of outer_add");
    case Op::scale_:
      return expect(a > 0 && a == out && b == 1, "widths of scale");
    case Op::dot_:
      return expect(out == 1 && a > 0 && b == a, "widths of dot");
    default: {
      int n = kArity[int(i.op)];
      expect(fits(a) && (n < 2 || fits(b)) && (n < 3 || fits(width(i.c))), "widths of an instruction");
    }
  }
}

}  // namespace

bool ProgramSource::sums_up() const {
  return std::any_of(operands.begin(), operands.end(), [](const Operand& o) { return o.kind == OperandKind::sum; });
}

void check_program(const ProgramSource& program) {
  expect(program.work >= 0 && std::isfinite(program.work), "work of a program");
  expect(!program.code.empty(), "a program without instructions");
  check_code(program);
  for (const Instruction<double>& i : program.code) check_widths(program, i);
}

void check_flat(const ProgramSource& program, int arrays, int scalars) {
  for (const Operand& o : program.operands) {
    bool array = o.kind == OperandKind::array && o.index >= 0 && o.index < arrays && o.width == 1;
    bool temp = o.kind == OperandKind::temp && o.index >= 0 && o.index < kMostOperands && o.width == 1;
    bool scalar = o.kind == OperandKind::scalar && o.index >= 0 && o.index < scalars && o.width == 0;
    expect(array || temp || scalar || (o.kind == OperandKind::constant && o.width == 0), "operand of an optimiser");
  }
  check_program(program);
}

}  // namespace elman
