// What callers give to the runner and get back: batches, results, trainings.
//
// Goals: views of the caller's arrays, and which steps of each row a run goes through.
// Non-goals: checks of shapes (elman/engine/arrays.py), the order of rows in a run (run.h).
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "plan.h"

namespace elman {

// An array (N, T, width) with any strides, in values.
template <class T>
struct Strided {
  const T* data = nullptr;
  int64_t stride[3] = {0, 0, 0};
  const T* at(int64_t row, int64_t step) const { return data + row * stride[0] + step * stride[1]; }
};

// What a slot is filled from: indices, where it holds whole numbers.
template <class T>
struct Source {
  Strided<T> values;
  Strided<int64_t> indices;
  void begin_at(int64_t row) { values.data += row * values.stride[0], indices.data += row * indices.stride[0]; }
};

// Weights in a loss, of each row of a data set or of each of its steps: (N) or (N, T).
template <class T>
struct StepWeights {
  const T* values = nullptr;  // null: all 1
  int steps = 1;              // weights of each row
  double at(int64_t row, int64_t step) const {
    return values ? double(values[row * steps + (steps > 1 ? step : 0)]) : 1;
  }
};

template <class T>
struct Batch {
  int B = 0;
  std::vector<int> steps;                  // of each axis
  std::vector<Source<T>> inputs, targets;  // of those of the plan
  const int64_t* rows = nullptr;           // the data set's row for each batch row; null: row b is b
  int first = 0;                           // number of row 0 for dropout, when this is a part of a larger batch
  // Of each row of the data set:
  std::vector<const int64_t*> lengths;  // for each axis; null: all T
  std::vector<StepWeights<T>> weights;  // for each goal
  // When this is a shard of a larger batch: the sum of all its weights, for each goal. Loss and gradients are then what
  // these rows add to those of that batch, before any root. Empty: the sums over these rows.
  std::vector<double> totals;
  // When this is a segment of longer sequences, whose lengths and arrays these are, and which have one axis:
  int64_t start = 0;    // of its steps in them
  int64_t whole = 0;    // how many steps they have; 0: as many as here
  bool ends = true;     // it is the last one: stages of a single step run with it
  bool at_end = false;  // steps are counted so that all rows end together; else so that they begin together
  // For each free state of the plan, (B, width) in the caller's order:
  std::vector<const T*> states;           // initial states; empty: zeros
  std::vector<const T*> state_gradients;  // dL/d(final state); empty: zeros
  uint64_t key = 0;                       // of dropout

  int steps_of(int axis) const { return axis == kOnce ? 1 : steps[axis]; }
  const int64_t* lengths_of(int axis) const { return axis == kOnce ? nullptr : lengths[axis]; }
  int64_t data_row(int64_t b) const { return rows ? rows[b] : b; }
  bool ragged() const {
    return std::any_of(lengths.begin(), lengths.end(), [](const int64_t* l) { return l != nullptr; });
  }

  // Which steps of its own a row of the data set has in this run; a single step goes with the last segment.
  struct Span {
    int64_t first, count;
  };
  Span span(int axis, int64_t row) const {
    if (axis == kOnce) return {0, ends};
    int64_t length = lengths[axis] ? lengths[axis][row] : whole ? whole : steps[axis];
    int64_t late = at_end ? whole - length : 0;
    int64_t first = std::max<int64_t>(0, start - late), end = std::min(length, start + steps[axis] - late);
    return {first, std::max<int64_t>(0, end - first)};
  }
};

// How a batch is taken through time: all steps in one run; in segments of about sqrt(steps), with the gradients of the
// whole; or, truncated, in segments of so many steps, the last one full, with no gradient from one into that before it.
struct InTime {
  bool low_memory = false;
  int truncate = 0;
  bool in_segments() const { return low_memory || truncate > 0; }
};

// Where results go; null where they are not wanted.
template <class T>
struct Results {
  std::vector<T*> outputs;  // (B, T, O) or (B, O); of a segment too, which writes its steps
  std::vector<T*> states;
  T* gradients = nullptr;          // (P)
  std::vector<T*> input_grads;     // (B, T, F) or (B, F), like the outputs
  std::vector<T*> initial_states;  // dL/d(initial state)

  static bool wants(const std::vector<T*>& arrays) {
    return std::any_of(arrays.begin(), arrays.end(), [](T* array) { return array != nullptr; });
  }
};

// Neighbouring parameters that an update changes, and whose scalars it takes for them.
struct Span {
  int64_t first, count, group;
};

template <class T>
struct Training {
  Batch<T> data;                     // all of it, the caller's
  const int64_t* rows = nullptr;     // all batches, one after the other
  const int64_t* offsets = nullptr;  // (updates + 1): where each batch begins in rows
  int updates = 0;
  T* parameters = nullptr;
  std::vector<T*> state;            // of the optimiser, (P) each
  std::vector<Span> spans;          // in order; parameters in none stay as they are
  int groups = 1;                   // of spans, each with scalars of its own
  const double* scalars = nullptr;  // (updates, groups, of a group)
  const uint64_t* keys = nullptr;
  double clip_norm = 0;
  InTime in_time;
  std::vector<T*> carried;  // states of the network taken from batch to batch, updated in place; empty: zeros each time
  double seconds = 0;       // no update begins after so much time, but the first
  int64_t* done = nullptr;  // updates that are done, also where an exception ends the call
  double* norms = nullptr;  // (updates) of gradients, as they were before they were clipped; null: not wanted
};

struct Trained {
  int updates;  // done
  bool finite;  // false when the next one's loss or gradient is not
};

}  // namespace elman
