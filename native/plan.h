// The plan: what the native engine runs, as plain data. The mirror of src/elman/engine/plan.py, which explains it.
//
// Goals: everything about a network but B, T and the numbers; checked once, so that the runner needs no checks.
// Non-goals: memory, threads, number types.
//
// A slot is an array of shape (steps, B, width); a Ref at step t is its row (t + offset) % steps. Its axis says how
// many steps there are and which of them each row has. Slots of indices hold whole numbers, of as many bits as other
// slots' values.
#pragma once
#include <cstdint>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "kernels.h"

namespace elman {

constexpr int kMost = 1 << 30;          // rows, steps and widths, so that sums of a few of them are ints
constexpr int kMostOperands = 1 << 16;  // of a program
constexpr int64_t kMostParameters = int64_t(1) << 40;
constexpr int kOnce = -1;  // the axis of what has one step

enum class Time : uint8_t { steps, states, pair, single };

struct Slot {
  int width;
  Time time;
  int stage;
  int below;  // of whole numbers, which are less than this; 0: numbers of any kind
  int axis;
  bool every_step() const { return axis != kOnce && (time == Time::steps || time == Time::states); }
};

struct Ref {
  int slot = -1, offset = 0;
};

struct MatrixSegment {
  int64_t offset;  // in the parameter arena
  int rows, columns;
};

struct Matrix {
  std::vector<MatrixSegment> segments;
  bool transposed;
  int n() const;  // columns of the product's result, all segments together
  int k() const;  // columns of the product's operand
};

struct Product {
  int matrix;
  Ref source;
  std::vector<Ref> targets;
  bool add;
  std::vector<int64_t> bias;  // arena offset for each target, -1 for none; empty when none has one
};

struct Lookup {
  int64_t offset;  // of the (rows, width) table in the parameter arena
  int rows;
  Ref index, target;
};

enum class MoveKind : uint8_t { reverse, shift, take, put, repeat, share, sum, mean, max, max_back, count };

struct Move {
  MoveKind kind;
  Ref source, target;
  int number;
  bool add;
  Ref of;
};

struct Attend {
  Ref query, keys, values, target;
  double scale;
  int64_t vector;  // in the parameter arena; -1: the score is a product
};

struct AttendBack {
  Attend attend;
  Ref gradient, query_grad, keys_grad, values_grad;
};

struct Elementwise {
  int program;  // number in Plan::programs
};

using Step = std::variant<Product, Lookup, Move, Attend, AttendBack, Elementwise>;

enum class OperandKind : uint8_t { slot, temp, constant, vector, array, scalar, sum, moment };

struct Operand {
  OperandKind kind;
  int width;
  Ref ref;
  int64_t index;
  double value;
};

// An elementwise program; the instructions' operands are numbers into `operands`, where slots come first.
struct ProgramSource {
  std::vector<Operand> operands;
  std::vector<Instruction<double>> code;
  double work = 0;  // of one row, in multiply-adds of a product, roughly; it decides how many threads a call is worth
  bool sums_up() const;
};

// Slots, or -1.
struct State {
  int width, values, grads, initial, initial_grad;
  bool adds;
  int final, final_grad;
  bool is_free() const { return initial < 0; }  // its initial value is the caller's
};

// Five moments lie from `place` on, each of the width of the source.
struct Meeting {
  Ref source;  // without a slot: there is no meeting
  Ref normalised, gradient;
  int64_t place;
  double epsilon;
  int64_t mean, variance;  // of running moments in the parameter arena, or -1
  double momentum;
  bool is_one() const { return source.slot >= 0; }
  bool goes_back() const { return gradient.slot >= 0; }
};

constexpr int kMoments = 5;

struct Stage {
  int axis;
  std::vector<Step> before, loop, reverse, after;
  std::vector<State> states;
  std::vector<int> clears;
  Meeting meets;
};

enum class GradientKind : uint8_t { matrix, vector, table };

// Vectors use columns = 1 and no source; tables have the index as source, and rows x columns values.
struct Gradient {
  GradientKind kind;
  int64_t offset;  // in the gradient arena
  int rows, columns;
  Ref delta, source;
  int stage;
  int64_t size() const { return int64_t(rows) * columns; }
};

// Slots, or -1; `seed` is dL/d output, where it is given in place of a loss.
struct Goal {
  int target, weight, value, seed;
  double share;
  bool has_loss() const { return target >= 0; }
  int slot() const { return has_loss() ? target : seed; }  // what a backward run begins with
};

struct Plan {
  std::vector<Slot> slots;
  std::vector<Stage> stages;
  std::vector<Matrix> matrices;
  std::vector<ProgramSource> programs;
  std::vector<Gradient> gradients;
  int64_t parameters;
  std::vector<Ref> inputs, outputs;
  std::vector<Goal> goals;
  std::vector<int> input_grads;  // slots, or -1
  bool root;
  int axes;
  int moments;  // of all meetings

  int axis(const Ref& r) const { return slots[r.slot].axis; }
  int losses() const;                                                   // stages, the last ones
  int forward_stages() const { return int(stages.size()) - losses(); }  // the others
};

// An index that is none, or a value that cannot be fed back: what a user has to mend in the data.
struct BadData : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Throws std::invalid_argument, of a bad plan, unless ok.
void expect(bool ok, const std::string& what);
// Throws it where a plan names what it does not have or joins what does not fit.
void check(const Plan& plan);
// The same for one program, whose places in slots and arenas are taken as they are. (program_checks.cpp, like the next)
void check_program(const ProgramSource& program);
// The same for a program that updates flat arrays (an optimiser).
void check_flat(const ProgramSource& program, int arrays, int scalars);

}  // namespace elman
