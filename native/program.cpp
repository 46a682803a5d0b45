#include "program.h"

#include <algorithm>

namespace elman {

template <class T>
Program<T>::Program(const ProgramSource& source) : operands(source.operands), work(source.work) {
  int widest = 1;
  std::vector<int> temp_width;
  for (const Operand& o : operands) {
    widths.push_back(o.width);
    constants.emplace_back(T(o.value));
    widest = std::max(widest, o.width);
    slots += o.kind == OperandKind::slot;
    if (o.kind == OperandKind::sum) sums.push_back({int(widths.size()) - 1, 0});
    if (o.kind != OperandKind::temp) continue;
    temp_width.resize(std::max<size_t>(temp_width.size(), o.index + 1));
    temp_width[o.index] = std::max(temp_width[o.index], o.width);
  }
  rows = std::max(1, kTileValues / widest);
  std::vector<size_t> place;  // of each temporary, which may be used with several widths
  for (int width : temp_width) {
    place.push_back(scratch);
    scratch += lines<T>(size_t(rows) * width);
  }
  for (const Operand& o : operands) temps.push_back(o.kind == OperandKind::temp ? place[o.index] : 0);
  for (const Instruction<double>& i : source.code) {
    code.push_back({i.op, i.out, i.a, i.b, i.c, T(i.first), T(i.second)});
    dropout |= i.op == Op::dropout_ || i.op == Op::dropout_once_;
  }
}

template struct Program<float>;
template struct Program<double>;

}  // namespace elman
