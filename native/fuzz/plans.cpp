// Plans of any kind, handed to the engine: it refuses them or runs them, within its memory (the sanitizers look on).
//
// A plan comes as bytes, eight for each number, a list with its length before it: as
// `python -m tests.engine.plan_files FOLDER` writes real ones. libFuzzer changes them (clang, -DELMAN_LIBFUZZER), or
// what is below does: plans SECONDS SEED FOLDER.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "../engines.h"
#include "../run.h"

namespace elman::fuzz {
namespace {

constexpr int kRows = 5, kSteps = 4, kUpdates = 2;
constexpr double kMostValues = 2e5;  // of what a plan needs for a row and a step: larger ones are only made

// ---- from bytes

struct Reader {
  const uint8_t* at;
  const uint8_t* end;

  int64_t number() {
    int64_t value = 0;
    if (end - at < 8) throw std::invalid_argument("the plan ends here");
    std::memcpy(&value, at, 8), at += 8;
    return value;
  }
  template <class I>
  I whole() {
    const int64_t value = number();
    if (value < int64_t(std::numeric_limits<I>::min()) || value > int64_t(std::numeric_limits<I>::max()))
      throw std::invalid_argument("too large a number");
    return I(value);
  }
  double real() {
    const int64_t bits = number();
    double value;
    std::memcpy(&value, &bits, 8);
    return value;
  }
  template <class F>
  auto list(F make) {
    std::vector<decltype(make())> out;
    for (int64_t n = number(); n > 0; --n) out.push_back(make());
    return out;
  }

  int i() { return whole<int>(); }
  bool flag() { return number() != 0; }
  uint16_t small() { return whole<uint16_t>(); }
  template <class E>
  E kind() {
    return E(uint8_t(whole<int>()));
  }

  // The fields of a braced list are read in their order.
  Ref ref() { return Ref{i(), i()}; }
  Slot slot() { return Slot{i(), kind<Time>(), i(), i(), i()}; }
  MatrixSegment segment() { return MatrixSegment{number(), i(), i()}; }
  Matrix matrix() {
    return Matrix{list([&] { return segment(); }), flag()};
  }
  Operand operand() { return Operand{kind<OperandKind>(), i(), ref(), number(), real()}; }
  Instruction<double> instruction() {
    return Instruction<double>{Op(small()), small(), small(), small(), small(), real(), real()};
  }
  ProgramSource program() {
    return ProgramSource{list([&] { return operand(); }), list([&] { return instruction(); }), real()};
  }
  Attend attend() {
    number();  // says that it is one
    return Attend{ref(), ref(), ref(), ref(), real(), number()};
  }
  Step step() {
    switch (number()) {
      case 0:
        return Product{i(), ref(), list([&] { return ref(); }), flag(), list([&] { return number(); })};
      case 1:
        return Lookup{number(), i(), ref(), ref()};
      case 2:
        return Move{kind<MoveKind>(), ref(), ref(), i(), flag(), ref()};
      case 3:
        at -= 8;
        return attend();
      case 4:
        return AttendBack{attend(), ref(), ref(), ref(), ref()};
      default:
        return Elementwise{i()};
    }
  }
  std::vector<Step> steps() {
    return list([&] { return step(); });
  }
  State state() { return State{i(), i(), i(), i(), i(), flag(), i(), i()}; }
  Meeting meeting() { return Meeting{ref(), ref(), ref(), number(), real(), number(), number(), real()}; }
  Stage stage() {
    return Stage{i(),      steps(), steps(), steps(), steps(), list([&] { return state(); }), list([&] { return i(); }),
                 meeting()};
  }
  Gradient gradient() { return Gradient{kind<GradientKind>(), number(), i(), i(), ref(), ref(), i()}; }
  Goal goal() { return Goal{i(), i(), i(), i(), real()}; }
  Plan plan() {
    return Plan{list([&] { return slot(); }),
                list([&] { return stage(); }),
                list([&] { return matrix(); }),
                list([&] { return program(); }),
                list([&] { return gradient(); }),
                number(),
                list([&] { return ref(); }),
                list([&] { return ref(); }),
                list([&] { return goal(); }),
                list([&] { return i(); }),
                flag(),
                i(),
                i()};
  }
};

// ---- what is run

// Whether a plan is worth its memory.
bool is_small(const Plan& plan) {
  double values = double(plan.parameters);
  for (const Slot& s : plan.slots) values += s.width;
  for (const Matrix& m : plan.matrices)
    for (const MatrixSegment& s : m.segments) values += double(s.rows) * s.columns;
  for (const Gradient& g : plan.gradients) values += double(g.size());
  for (const ProgramSource& p : plan.programs)
    for (const Operand& o : p.operands) values += o.width;
  return values < kMostValues;
}

template <class T>
struct Case {
  Engines<T>& engines;
  std::mt19937 random;
  const Engine<T>& engine = engines.alike();
  const Plan& plan = engine.plan;
  std::vector<std::vector<T>> arrays = {};
  std::vector<std::vector<int64_t>> numbers = {};
  Batch<T> batch = {};

  T* values(int64_t count) {
    arrays.emplace_back(size_t(count));
    for (T& value : arrays.back()) value = T(int(random() % 7)) / 4 - T(0.5);
    return arrays.back().data();
  }
  int64_t* wholes(int64_t count, int64_t below) {
    numbers.emplace_back(size_t(count));
    for (int64_t& value : numbers.back()) value = int64_t(random() % uint64_t(below));
    return numbers.back().data();
  }

  int64_t row_values(int slot) const { return int64_t(batch.steps_of(plan.slots[slot].axis)) * plan.slots[slot].width; }

  Source<T> source(int slot) {
    const int64_t width = plan.slots[slot].width, row = row_values(slot);
    const int below = plan.slots[slot].below;
    if (below > 0) return {{}, {wholes(kRows * row, below), {row, width, 1}}};
    return {{values(kRows * row), {row, width, 1}}, {}};
  }

  std::vector<T*> states() {
    std::vector<T*> out;
    for (const State& s : engine.states) out.push_back(values(int64_t(kRows) * s.width));
    return out;
  }

  std::vector<T*> outputs() {
    std::vector<T*> out;
    for (const Ref& r : plan.outputs) out.push_back(values(kRows * row_values(r.slot)));
    return out;
  }

  void make_batch(int steps, bool ragged) {
    batch = {};
    batch.B = kRows, batch.steps.assign(size_t(plan.axes), steps);
    for (int axis = 0; axis < plan.axes; ++axis) batch.lengths.push_back(ragged ? wholes(kRows, steps + 1) : nullptr);
    for (const Ref& r : plan.inputs) batch.inputs.push_back(source(r.slot));
    for (const Goal& g : plan.goals) batch.targets.push_back(source(g.slot()));
    batch.weights.resize(plan.goals.size());
    batch.key = random();
  }

  void forward(InTime in_time) {
    Results<T> results;
    results.outputs = outputs(), results.states = states();
    elman::forward(engines, {values(plan.parameters), 1 + random() % 2}, batch, results, in_time);
  }

  void gradients(InTime in_time) {
    Results<T> results;
    results.outputs = outputs(), results.states = states(), results.gradients = values(plan.parameters);
    if (in_time.truncate == 0) {
      for (size_t i = 0; i < plan.input_grads.size(); ++i)
        results.input_grads.push_back(plan.input_grads[i] < 0 ? nullptr
                                                              : values(kRows * row_values(plan.inputs[i].slot)));
      results.initial_states = states();
      for (T* state : states()) batch.state_gradients.push_back(state);
    }
    for (T* state : states()) batch.states.push_back(state);
    elman::gradients(engines, {values(plan.parameters), 0}, batch, results, in_time);
  }

  void train() {
    ProgramSource sgd;  // p = p - 0.1 g
    sgd.operands = {{OperandKind::array, 1, {}, 0, 0},
                    {OperandKind::array, 1, {}, 1, 0},
                    {OperandKind::constant, 0, {}, 0, 0.1},
                    {OperandKind::temp, 1, {}, 0, 0}};
    sgd.code = {{Op::mul_, 3, 1, 2, 2, 0, 0}, {Op::sub_, 0, 0, 3, 3, 0, 0}};
    const std::vector<int64_t> offsets = {0, 2, 4};
    double losses[kUpdates], scalars[1] = {};
    int64_t done = 0;
    Training<T> training;
    training.data = batch;
    training.rows = wholes(4, kRows), training.offsets = offsets.data(), training.updates = kUpdates;
    training.parameters = values(plan.parameters);
    training.spans = {{0, plan.parameters, 0}};
    training.scalars = scalars, training.clip_norm = 1, training.seconds = 1e9, training.done = &done;
    elman::train(engines, training, Program<T>(sgd), 0, losses);
  }

  void stream() {
    make_batch(1, false);
    std::vector<T*> kept = states();
    Repeated<T> repeated(engines, {values(plan.parameters), 0}, batch, kept, outputs());
    run_finite(repeated);
    Steps<T> steps{{}, {}, 3};
    for (const Ref& r : plan.inputs) {
      const int64_t width = plan.slots[r.slot].width;
      const int below = plan.slots[r.slot].below;
      Source<T> given;
      if (below > 0)
        given.indices = {wholes(kRows * 3 * width, below), {3 * width, width, 1}};
      else
        given.values = {values(kRows * 3 * width), {3 * width, width, 1}};
      steps.inputs.push_back(given);
    }
    for (const Ref& r : plan.outputs) steps.outputs.push_back(values(int64_t(kRows) * 3 * plan.slots[r.slot].width));
    run_steps(repeated, steps);
  }

  template <class F>
  void attempt(F f) {
    try {
      f();
    } catch (const std::runtime_error&) {
    } catch (const std::invalid_argument&) {
    }
  }

  void all() {
    for (bool ragged : {false, true})
      for (InTime in_time : {InTime{}, InTime{true, 0}, InTime{false, 2}}) {
        make_batch(kSteps, ragged);
        if (in_time.truncate == 0) attempt([&] { forward(in_time); });
        if (!plan.goals.empty()) attempt([&] { gradients(in_time); });
      }
    make_batch(kSteps, true);
    if (!plan.goals.empty()) attempt([&] { train(); });
    attempt([&] { stream(); });
  }
};

template <class T>
void try_plan(const Plan& plan, uint32_t seed) {
  Engines<T> engines(plan, *choose_kernels<T>(nullptr), 1 + int(seed % 2));
  Case<T>{engines, std::mt19937(seed)}.all();
}

}  // namespace

// Returns whether the plan was taken.
bool try_bytes(const uint8_t* data, size_t size) {
  try {
    Reader reader{data, data + size};
    const Plan plan = reader.plan();
    if (!is_small(plan)) return false;
    const uint32_t seed = uint32_t(size) + data[size / 2];
    seed % 3 ? try_plan<float>(plan, seed) : try_plan<double>(plan, seed);
    return true;
  } catch (const std::invalid_argument&) {
  } catch (const std::runtime_error&) {
  } catch (const std::bad_alloc&) {
  }
  return false;
}

}  // namespace elman::fuzz

#if defined(ELMAN_LIBFUZZER)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  elman::fuzz::try_bytes(data, size);
  return 0;
}
#else
#include <chrono>
#include <filesystem>
#include <fstream>

namespace {

using Bytes = std::vector<uint8_t>;

std::vector<Bytes> files_of(const char* folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().string());
  std::sort(names.begin(), names.end());
  std::vector<Bytes> out;
  for (const std::string& name : names) {
    std::ifstream file(name, std::ios::binary);
    out.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return out;
}

// Some numbers become others, or those of another place.
void change(Bytes& bytes, std::mt19937_64& random) {
  const int64_t edges[] = {-2,  -1,  0,     1,       2,         3,         7,         31,
                           255, 256, 65535, 1 << 20, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
  const size_t n = bytes.size() / 8;
  auto number = [&](size_t i) {
    int64_t value;
    return std::memcpy(&value, bytes.data() + 8 * i, 8), value;
  };
  for (int left = 1 + int(random() % 3); left > 0; --left) {
    const size_t at = random() % n;
    int64_t value = number(at);
    switch (random() % 5) {
      case 0:
        value = edges[random() % (sizeof edges / sizeof *edges)];
        break;
      case 1:
        value = int64_t(uint64_t(value) + 1 - 2 * (random() % 2));  // which may go round
        break;
      case 2:
        value = int64_t(uint64_t(value) * 2);
        break;
      default:
        value = number(random() % n);
    }
    std::memcpy(bytes.data() + 8 * at, &value, 8);
  }
}

}  // namespace

int main(int count, char** given) {
  if (count != 4) return std::fprintf(stderr, "plans SECONDS SEED FOLDER\n"), 2;
  const std::vector<Bytes> plans = files_of(given[3]);
  std::mt19937_64 random(std::strtoull(given[2], nullptr, 10));
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(std::atof(given[1]));
  size_t tried = 0, taken = 0, whole = 0;
  for (const Bytes& plan : plans) whole += elman::fuzz::try_bytes(plan.data(), plan.size());
  if (plans.empty() || whole < plans.size())
    return std::fprintf(stderr, "%zu of %zu plans are refused as they are\n", plans.size() - whole, plans.size()), 1;
  for (; std::chrono::steady_clock::now() < end; ++tried) {
    Bytes bytes = plans[random() % plans.size()];
    change(bytes, random);
    taken += elman::fuzz::try_bytes(bytes.data(), bytes.size());
  }
  std::printf("%zu plans as they are, %zu changed ones: %zu refused, the others run\n", plans.size(), tried,
              tried - taken);
}
#endif
