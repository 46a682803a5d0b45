// Elementwise programs made ready for one number type, and the scratch memory that a thread runs them with.
//
// Goals: at run time only the addresses of slots are filled in; temporaries stay in a thread's first-level cache.
// Non-goals: the arithmetic (kernels.h).
#pragma once
#include <algorithm>
#include <iterator>

#include "memory.h"
#include "plan.h"

namespace elman {

constexpr int kTileValues = 2048;  // values of the widest operand of a tile, unless one row has more

// A value wherever a vector may look for it.
template <class T>
struct alignas(kConstantBytes) Constant {
  T values[kConstantBytes / sizeof(T)];
  explicit Constant(T value = 0) { std::fill(std::begin(values), std::end(values), value); }
};

template <class T>
struct Program {
  struct Sum {
    int operand;
    size_t place;  // among the sums of a unit of rows; the engine's to choose
  };
  std::vector<Operand> operands;  // slots first
  std::vector<int> widths;        // of the operands
  std::vector<Instruction<T>> code;
  std::vector<Constant<T>> constants;  // one for each operand; only constants and scalars have a meaning
  std::vector<size_t> temps;           // place of each operand that is a temporary in the scratch
  std::vector<Sum> sums;               // operands that are sums
  int slots = 0;                       // how many operands are slots
  std::vector<int> ahead;              // slots of which the next run reads or writes another step
  int direction = 0;                   // from one run's step to the next one's
  int rows = 1;                        // of a tile
  size_t scratch = 0;                  // values
  bool dropout = false;
  int axis = kOnce;  // of its stage
  double work = 0;   // of one row, in multiply-adds, roughly

  Program() = default;
  explicit Program(const ProgramSource& source);
};

extern template struct Program<float>;
extern template struct Program<double>;

}  // namespace elman
