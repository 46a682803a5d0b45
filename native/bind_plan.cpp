#include "bind_plan.h"

namespace elman {
namespace {

template <class V>
std::vector<V> list(nb::handle sequence, V (*make)(nb::handle)) {
  std::vector<V> out;
  for (nb::handle h : sequence) out.push_back(make(h));
  return out;
}

Ref ref(nb::handle h) { return {item<int>(h, 0), item<int>(h, 1)}; }

Slot slot(nb::handle h) {
  return {item<int>(h, 0), Time(item<int>(h, 1)), item<int>(h, 2), item<int>(h, 3), item<int>(h, 4)};
}

MatrixSegment segment(nb::handle h) { return {item<int64_t>(h, 0), item<int>(h, 1), item<int>(h, 2)}; }

Matrix matrix(nb::handle h) { return {list(h[0], segment), item<bool>(h, 1)}; }

Operand operand(nb::handle h) {
  return {OperandKind(item<int>(h, 0)), item<int>(h, 1), ref(h[2]), item<int64_t>(h, 3), item<double>(h, 4)};
}

Instruction<double> instruction(nb::handle h) {
  return {Op(item<int>(h, 0)),  item<uint16_t>(h, 1), item<uint16_t>(h, 2), item<uint16_t>(h, 3),
          item<uint16_t>(h, 4), item<double>(h, 5),   item<double>(h, 6)};
}

Attend attend(nb::handle h) {
  return {ref(h[1]), ref(h[2]), ref(h[3]), ref(h[4]), item<double>(h, 5), item<int64_t>(h, 6)};
}

Step step(nb::handle h) {
  std::string kind = item<std::string>(h, 0);
  if (kind == "product")
    return Product{item<int>(h, 1), ref(h[2]), list(h[3], ref), item<bool>(h, 4), item<std::vector<int64_t>>(h, 5)};
  if (kind == "lookup") return Lookup{item<int64_t>(h, 1), item<int>(h, 2), ref(h[3]), ref(h[4])};
  if (kind == "move")
    return Move{MoveKind(item<int>(h, 1)), ref(h[2]), ref(h[3]), item<int>(h, 4), item<bool>(h, 5), ref(h[6])};
  if (kind == "attend") return attend(h);
  if (kind == "attend_back") return AttendBack{attend(h[1]), ref(h[2]), ref(h[3]), ref(h[4]), ref(h[5])};
  if (kind == "elementwise") return Elementwise{item<int>(h, 1)};
  throw std::invalid_argument("bad plan: step " + kind);
}

State state(nb::handle h) {
  return {item<int>(h, 0), item<int>(h, 1),  item<int>(h, 2), item<int>(h, 3),
          item<int>(h, 4), item<bool>(h, 5), item<int>(h, 6), item<int>(h, 7)};
}

Meeting meeting(nb::handle h) {
  return {ref(h[0]),          ref(h[1]),           ref(h[2]),           item<int64_t>(h, 3),
          item<double>(h, 4), item<int64_t>(h, 5), item<int64_t>(h, 6), item<double>(h, 7)};
}

Stage stage(nb::handle h) {
  return {item<int>(h, 0),
          list(h[1], step),
          list(h[2], step),
          list(h[3], step),
          list(h[4], step),
          list(h[5], state),
          item<std::vector<int>>(h, 6),
          meeting(h[7])};
}

Goal goal(nb::handle h) {
  return {item<int>(h, 0), item<int>(h, 1), item<int>(h, 2), item<int>(h, 3), item<double>(h, 4)};
}

Gradient gradient(nb::handle h) {
  return {GradientKind(item<int>(h, 0)),
          item<int64_t>(h, 1),
          item<int>(h, 2),
          item<int>(h, 3),
          ref(h[4]),
          ref(h[5]),
          item<int>(h, 6)};
}

}  // namespace

ProgramSource read_program(nb::handle h) { return {list(h[0], operand), list(h[1], instruction), item<double>(h, 2)}; }

Plan read_plan(nb::handle h) {
  return {list(h[0], slot),     list(h[1], stage),
          list(h[2], matrix),   list(h[3], read_program),
          list(h[4], gradient), item<int64_t>(h, 5),
          list(h[6], ref),      list(h[7], ref),
          list(h[8], goal),     item<std::vector<int>>(h, 9),
          item<bool>(h, 10),    item<int>(h, 11),
          item<int>(h, 12)};
}

}  // namespace elman
