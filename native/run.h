// The runner: what happens to a batch, from the caller's arrays to outputs, gradients and trained parameters.
//
// Goals: a thread takes a block of rows through all stages and all time steps, forward and backward, without meeting
//   another thread; then all gradients are summed over (time x batch), as tasks; then the optimiser runs over chunks.
//   Packing, memory and the borders of blocks are kept between calls. The same numbers for any number of threads, and
//   for a row whether it is alone or in a batch.
// Non-goals: the arithmetic (kernels.h), Python (bind.cpp), the meaning of a plan (plan.py).
//
// Letters: B rows of the batch, T its steps (`steps` in code, where T is the number type), N rows of a data set.
// A row has two numbers: its place in the caller's batch, and its position in the run, where rows are sorted by
// falling length, so that the rows in use at a step are the first ones. Positions are cut into groups, by B alone, and
// gradients are summed group by group; groups are cut into blocks where there are more threads than groups. In a slot's
// memory the rows of a block at all steps lie together: (blocks, axis, rows of a block, width), the axis being T + 1
// long for every slot that has a row for each step. So several steps of a full block are as one matrix, and one
// numbering of rows serves every operand of a gradient.
//
// Each time axis has its own steps, lengths and positions. Those of axis 0 say which rows a group has; on the others
// rows are sorted within each group, which is then one block. What goes from axis to axis goes by the batch's numbers.
#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <mutex>
#include <type_traits>
#include <vector>

#include "batch.h"
#include "calls.h"
#include "denormals.h"
#include "engines.h"
#include "functions.h"
#include "meetings.h"
#include "program.h"
#include "watch.h"

namespace elman {

using Clock = std::chrono::steady_clock;

// Multiply-adds of a product from which on threads that are awake share its columns.
constexpr double kWorthSharing = 1e5;

constexpr int kTableColumns = 64;  // of a task of a table's gradient

// ---- what the engine keeps -----------------------------------------------------------------------------------------

// Whole numbers in slots of them.
template <class T>
using Whole = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;
template <class T>
void put_whole(T* at, int64_t index) {
  const Whole<T> bits = Whole<T>(index);
  std::memcpy(at, &bits, sizeof bits);
}

// The index that lies at a place, as a whole number or as a value of the network; -1 if it is none of n.
template <class T>
int64_t index_at(const T* at, bool whole, int n) {
  if (!whole) return *at >= 0 && *at < T(n) && *at == T(int64_t(*at)) ? int64_t(*at) : -1;
  Whole<T> index;
  std::memcpy(&index, at, sizeof index);
  return index >= 0 && index < n ? int64_t(index) : -1;
}

// A slot's memory.
template <class T>
struct Field {
  T* base;
  int steps, width;
  int axis;  // steps that there is room for, at least `steps`
};

// The rows of a batch on a time axis. Of each position: its batch row, the same as dropout counts it, its length; and
// of each batch row its position.
struct Rows {
  std::vector<int64_t> order, numbers, lengths, position;
  // Memory rows in use, of slots with a row for each step: all, and those but the first step's.
  std::vector<Run> runs, later_runs;
};

// Some neighbouring positions.
struct Block {
  int number, first, count;
};

template <class T>
struct Workspace {
  int B = 0;
  int threads = 0;                 // at most, that its blocks were cut for
  std::vector<int> steps;          // of each axis
  uint64_t number = 0;             // another after each preparation
  bool even = false, ends = true;  // even: all rows have all steps, and stay in the caller's order
  Buffer<T> memory;
  std::vector<Field<T>> fields;
  int first = 0;           // see Batch
  std::vector<Rows> axes;  // that of a single step first
  std::vector<Block> blocks;
  bool streams = false;            // what a block keeps of all its steps is more than stays in a near cache
  int group_rows = 0;              // of all groups but the last
  int block_rows = 0;              // that there is room for in each block
  bool from_zeros = false;         // the last run began with states of zeros
  std::vector<double> row_losses;  // by batch row
  // What programs sum up, of each unit of rows: blocks may be cut between units, so that sums are the same however they
  // are. The sums of some recent steps, and those of the steps before them.
  int unit_rows = 1, units_of_group = 1;
  Buffer<T> recent, total;
  const Rows& rows(int axis) const { return axes[axis + 1]; }
  int steps_of(int axis) const { return axis == kOnce ? 1 : steps[axis]; }
  size_t bytes_of_block() const {
    size_t values = 0;
    for (const Field<T>& f : fields) values += size_t(f.axis) * f.width;
    return values * block_rows * sizeof(T);
  }
  // That have rows: the last group may have fewer than the others.
  size_t units() const {
    int before = blocks.back().first / group_rows,
        rows = blocks.back().first + blocks.back().count - before * group_rows;
    return before * size_t(units_of_group) + (rows + unit_rows - 1) / unit_rows;
  }
};

// What a run in segments keeps, but the workspace of one.
template <class T>
struct Checkpoints {
  Buffer<T> states;           // at the beginning of each segment, (segments + 1, states, B, width)
  Buffer<T> state_gradients;  // at the end of a segment, and then at its beginning
};

// Parameters as products and programs want them.
template <class T>
struct Weights {
  uint64_t version = 0;   // of the parameters they are made from; 0: not known
  uint64_t packings = 0;  // which time they were made
  bool stale = true;      // to be made again by the next run
  Buffer<T> memory;
  std::vector<T*> panels;  // of each matrix
  // Vectors of programs, repeated for all rows of a tile, lie there too; Scratch::operands knows where.
};

// What one thread has to itself.
template <class T>
struct Scratch {
  Buffer<T> memory;                       // temporaries of a program, or what products and gradients copy
  std::vector<std::vector<T*>> operands;  // of each program
  std::vector<Segment<T>> segments;       // of a product
  std::vector<Wanted> ahead;              // of a program
  Buffer<T> attention;                    // for the weights of all steps and their gradients
  Buffer<T> flat_memory;                  // the same for an optimiser's program
  double since_look = 0;                  // multiply-adds, roughly, since it was looked whether to stop
  std::vector<T*> flat_operands;
};

// Sums over rows that are the gradient of a vector: `width` values from `offset` of the arena on, and from `place` on
// in the sums of a unit.
struct VectorSum {
  int64_t offset;
  int width;
  size_t place;
};

// Consecutive steps of a stage's `before` or `after`.
struct Section {
  int first, last;
  bool move;     // a single Move, which needs all time steps of what it reads
  bool merges;   // several time steps may be run as one
  bool sums_up;  // gradients of vectors
};

struct AnyOrder {
  std::vector<Section> sections;
  bool whole = false;  // each takes all time steps before the next one begins, and before the loop begins
};

// Which steps are products that the first time step does without: those of initial states that are zero, and those
// that make nothing but the gradient of initial states, when nobody asks for it.
struct AtStart {
  std::vector<bool> of_states, to_states;  // by number in `loop` and in `reverse`
};

struct StageSections {
  AnyOrder before, after;
  AtStart start;
};

struct PackTask {
  int matrix, segment, first;  // first column of the segment in the product's result
  int begin, count;            // columns of the segment
};

struct GradientTask {
  int gradient, task;
};

// An index found out of range, at the smallest (row, step).
struct IndexFault {
  const char* array = nullptr;
  int64_t row = 0, step = 0;
  double value = 0;
  int limit = 0;
};

// Multiply-adds of a row, roughly: at each step of an axis, with each step of what is attended to.
struct Work {
  struct Term {
    int axis, memory;
    double work;
  };
  std::vector<Term> terms;
  void add(int axis, double work, int memory = kOnce) {
    for (Term& t : terms)
      if (t.axis == axis && t.memory == memory) return void(t.work += work);
    terms.push_back({axis, memory, work});
  }
  template <class T>
  double of(const Batch<T>& batch) const {
    double all = 0;
    for (const Term& t : terms) all += t.work * batch.steps_of(t.axis) * batch.steps_of(t.memory);
    return batch.B * all;
  }
};

// What one call at a time computes with.
template <class T>
struct Engine {
  Plan plan;
  const Kernels<T>& kernels;
  int threads;             // at most
  int awake = 1;           // that this call has used so far
  Watch* watch = nullptr;  // of this call

  std::vector<Program<T>> programs;
  std::vector<StageSections> sections;
  std::vector<PackTask> pack_tasks;
  std::vector<GradientTask> gradient_tasks;
  std::vector<VectorSum> vector_sums;    // without overlap
  size_t unit_size = 0;                  // values of all of them
  std::vector<bool> gradient_adds;       // overlaps an earlier one: summed apart, then added
  std::vector<bool> gradient_of_states;  // the source is a state before the step
  std::vector<Run> without_gradient;     // parameters that no gradient covers
  std::vector<State> states;             // the free ones of all stages
  std::vector<int> first_state;          // of each stage, among these
  int stateful_stages = 0;               // stages up to the last one with free states
  Work forward_work, backward_work, gradient_work;
  bool attends = false;     // somewhere
  double step_product = 0;  // multiply-adds of the largest product that every time step waits for, of one row

  Weights<T> weights;
  Workspace<T> space;
  KnownCalls<T> calls;
  Checkpoints<T> checkpoints;
  Moments moments;
  Buffer<T> gradient_sums;  // of gradients that are added
  Buffer<T> arena;          // gradients of all parameters, in training
  Functions<T> functions;   // that make a part of what it runs on
  std::vector<Scratch<T>> scratch;
  std::mutex fault_lock;
  IndexFault fault;
  int sharing = 1;        // threads that share the columns of a product
  bool in_parts = false;  // the last call went through the batch in parts, of which the workspace holds one

  Engine(Plan plan, const Kernels<T>& kernels, int threads);

  int threads_now() const;                   // at most, of a call by this thread
  int threads_for(double work);              // of the next parallel loop
  int threads_worth(double work) const;      // that share it with profit
  int parts_of(int matrix, int rows) const;  // of a product's columns, for as many threads
  bool holds_indices(int slot) const { return plan.slots[slot].below > 0; }
  int stage_steps(int stage) const { return space.steps_of(plan.stages[stage].axis); }
  size_t bytes() const;  // of what grows with a batch
};

// What lasts as long as a call: an engine that it has to itself. One that was stopped has no last batch.
template <class T>
struct Call {
  Engines<T>& engines;
  Engine<T>& engine;
  FlushDenormals flush;
  explicit Call(Engines<T>& engines) : engines(engines), engine(engines.take()) {
    engine.awake = 1, engine.fault = {}, engine.watch = Watch::mine();
  }
  ~Call() {
    if (engine.watch && engine.watch->stopped()) engine.space.B = 0;
    engine.watch = nullptr;
    engines.give_back(engine);
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
};

// ---- what it does; what has a watch (watch.h) throws Stopped when that says so, and then nothing is changed but what
// results are written to ------------------------------------------------------------------------------------------

// Parameters, and a number that is another after each change of them, and another for those of another network: weights
// are packed again when it differs from that of the last call, or is 0, of which nothing is known.
template <class T>
struct Parameters {
  const T* values;
  uint64_t version;
};

// Goes through a batch that would need much memory in parts.
template <class T>
void forward(Engines<T>& engines, Parameters<T> parameters, const Batch<T>& batch, const Results<T>& results,
             InTime in_time = {});

// The same run again and again, on arrays that stay where they are: one step of a stream, say. The parameters are
// packed by the first run and not looked at again, unless its engine has served another caller in between.
template <class T>
struct Repeated {
  Engines<T>& engines;
  Parameters<T> parameters;
  Batch<T> batch;          // of arrays without gaps
  std::vector<T*> states;  // the batch's; final states come in their place when a run has succeeded
  Buffer<T> finals;        // where they are until then, one behind the other
  Results<T> results;
  Turn turn;                                      // of who uses it
  uint64_t packings = 0;                          // of the weights that the last run used
  Clock::time_point last = {}, next_waking = {};  // the end of the last run; when threads may be woken again

  Repeated(Engines<T>& engines, Parameters<T> parameters, const Batch<T>& batch, const std::vector<T*>& states,
           const std::vector<T*>& outputs);
  int64_t state_size(size_t state) const { return int64_t(batch.B) * engines.alike().states[state].width; }
  void keep_states() const {
    for (size_t i = 0; i < states.size(); ++i) std::copy_n(results.states[i], state_size(i), states[i]);
  }
};

// Where all that goes in and comes out is finite; else the states stay, and it returns false.
template <class T>
bool run_finite(Repeated<T>& repeated);

// Arrays of many steps of a stream: inputs (B, T, F) and outputs (B, T, O), also of what has no time in the plan.
template <class T>
struct Steps {
  std::vector<Source<T>> inputs;
  std::vector<T*> outputs;
  int64_t count;
};

// Steps one after the other: each as run_finite does it, bit for bit, but that the states stay until all are done.
// Returns whether all is finite, and so done. (steps.cpp, like the next two)
template <class T>
bool run_steps(Repeated<T>& repeated, const Steps<T>& steps);

// The states of many streams, of which some go one step at a time.
template <class T>
struct Pool {
  Repeated<T> repeated;    // of batches of those that go
  std::vector<T*> states;  // (streams, width) each
  int64_t streams;
  Buffer<T> before;  // states of those that go

  Pool(Engines<T>& engines, Parameters<T> parameters, const std::vector<T*>& states, int64_t streams)
      : repeated(engines, parameters, {}, {}, {}), states(states), streams(streams) {}
};

// One step of the streams at these places, which are rows of the batch, one each: the numbers of each alone, bit for
// bit. Where something that goes in or comes out of a row is not finite, `wrong` says so of the row, all states stay,
// and it returns false.
template <class T>
bool run_some(Pool<T>& pool, const int64_t* places, const Batch<T>& batch, const std::vector<T*>& outputs, bool* wrong);

// How the index of a class is drawn with an output as logits.
struct Drawing {
  double temperature = 1;  // 0: the likeliest class
  int top_k = 1;           // that many of the likeliest classes at most
  double top_p = 1;        // and the fewest of these that together are so likely
  uint64_t key = 0;        // what is drawn depends on it, the step and the row only
};

// Feeds outputs back, of a plan with one input and one output. `window` (B, W, F) is what `repeated` reads, and its
// output that of the steps seen so far.
// Output t goes to out[:, t] of out (B, steps, F) and into the window's end; the rest moves up. What is fed back is the
// output as it is or, where these arrays hold indices, the index of a class that is drawn. (generate.cpp)
template <class T, class V>
void generate(Repeated<T>& repeated, V* window, const Drawing& how, int64_t steps, V* out);

// Returns the loss. Truncated, the gradients are those of parameters only.
template <class T>
double gradients(Engines<T>& engines, Parameters<T> parameters, const Batch<T>& batch, const Results<T>& results,
                 InTime in_time = {});

// An update that was begun when it is stopped is not done: all is as it was before. Training::done counts the others.
template <class T>
Trained train(Engines<T>& engines, const Training<T>& training, const Program<T>& optimizer, int scalars,
              double* losses);

// One update from given gradients, which are scaled in place where they are clipped. Returns false where they are not
// finite; nothing is changed then. (train.cpp)
template <class T>
bool update(Engines<T>& engines, const Training<T>& training, const Program<T>& optimizer, int scalars, T* gradients);

// A copy of a slot after the last call, (steps, B, width) in the caller's order; 0 past a row's length. Throws when
// the last call went through the batch in parts, or where `out` has room for another number of values.
template <class T>
void read(Engines<T>& engines, int slot, T* out, size_t values);
// Its steps and rows; 0 before any call.
template <class T>
std::pair<int, int> size_of(Engines<T>& engines, int slot);

// ---- its parts -----------------------------------------------------------------------------------------------------

template <class T>
void prepare_space(Engine<T>& engine, const Batch<T>& batch);  // workspace.cpp
template <class T>
void prepare_weights(Engine<T>& engine, const T* parameters, int threads);  // workspace.cpp

// Runs one block of rows along a leg of its way. (block.cpp)
template <class T>
void run_block(Engine<T>& engine, const T* parameters, const Batch<T>& batch, const Results<T>& results,
               const std::vector<double>& weight_sums, const Leg& leg, int block, int thread);
template <class T>
void sum_gradients(Engine<T>& engine, T* out, bool add, int threads);  // gradients.cpp
// A run of a stream, or of some, by an engine of its engines; the weights are packed if they are not those of its last
// run. (run.cpp)
template <class T>
void run_packed(Engine<T>& engine, Repeated<T>& repeated, const Batch<T>& batch, const Results<T>& results);
// Whether all numbers that go in are finite, of arrays as long as those of so many batches. (run.cpp)
template <class T>
bool finite_inputs(const Engine<T>& engine, const std::vector<Source<T>>& inputs, const Batch<T>& batch, int64_t times);
// The same of outputs. (run.cpp)
template <class T>
bool finite_outputs(const Engine<T>& engine, const std::vector<T*>& outputs, const Batch<T>& batch, int64_t times);
// Of each goal, the sum of the weights of all steps in use. (run.cpp, like the next six)
template <class T>
std::vector<double> sums_of_weights(const Engine<T>& engine, const Batch<T>& batch);
// Runs all blocks and returns the sum of their losses; what the results want but the gradients of parameters is done.
template <class T>
double run_blocks(Engine<T>& engine, const T* parameters, const Batch<T>& batch, const Results<T>& results,
                  const std::vector<double>& weight_sums);
// Runs them as far as rows meet next; what they say there is put together, and nothing is concluded.
template <class T>
void run_to_meeting(Engine<T>& engine, const T* parameters, const Batch<T>& batch, const Results<T>& results,
                    const std::vector<double>& weight_sums);
// At the beginning of a call: which parameters its runs will be given.
template <class T>
void expect_version(Engine<T>& engine, uint64_t version);
// Throws if an index of a batch is out of its range: before anything is changed.
template <class T>
void check_indices(const Engine<T>& engine, const Batch<T>& batch, bool with_targets);
// Throws if an index that the network made itself was out of its range.
template <class T>
void stop_at_fault(Engine<T>& engine);
// From the sum of losses to the loss: takes the root where there is one, and scales the gradients accordingly.
template <class T>
double finish(const Engine<T>& engine, const Batch<T>& batch, const Results<T>& results, double sum);
// Forward and, when the results want gradients, backward; returns the loss.
template <class T>
double run_batch(Engine<T>& engine, const T* parameters, const Batch<T>& batch, const Results<T>& results);
// The same in segments of time. (checkpoints.cpp)
template <class T>
double run_in_segments(Engine<T>& engine, const T* parameters, const Batch<T>& batch, const Results<T>& results,
                       InTime in_time);
// Whichever of the two is asked for.
template <class T>
double run_in_time(Engine<T>& engine, const T* parameters, const Batch<T>& batch, const Results<T>& results,
                   InTime in_time) {
  begin_moments(engine);
  if (in_time.in_segments()) return run_in_segments(engine, parameters, batch, results, in_time);
  return run_batch(engine, parameters, batch, results);
}

// Remembers that values of `array` at (row, step) is no index below limit.
template <class T>
void report(Engine<T>& engine, IndexFault fault);

}  // namespace elman
