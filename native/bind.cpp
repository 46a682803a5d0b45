// The native engine as a Python module; only files that begin with `bind` know Python. elman/engine/native.py is their
// caller, and has checked every shape before it calls.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <thread>

#include "bind_plan.h"
#include "bind_products.h"
#include "bind_smoothing.h"
#include "bind_threads.h"
#include "pool.h"
#include "run.h"

using namespace nb::literals;

namespace elman {
namespace {

template <class T>
using Flat = nb::ndarray<T, nb::c_contig, nb::device::cpu>;
template <class T>
using Flats = std::vector<Flat<T>>;
template <class T>
using Optionals = std::vector<std::optional<Flat<T>>>;  // None: not given, or not wanted
using Given = nb::ndarray<nb::ro, nb::device::cpu>;     // of any strides; numbers of an engine, or int64 indices
using Givens = std::vector<Given>;

// ---- arrays

template <class T>
Strided<T> strided(const Given& a) {
  if (a.dtype() != nb::dtype<T>()) throw std::invalid_argument("an array of another type of numbers");
  Strided<T> out{static_cast<const T*>(a.data()), {}};
  for (size_t i = 0; i < a.ndim(); ++i) out.stride[i == a.ndim() - 1 ? 2 : i] = a.stride(i);
  return out;
}

template <class T>
Source<T> source(const Engine<T>& engine, int slot, const Given& a) {
  if (engine.holds_indices(slot)) return {{}, strided<int64_t>(a)};
  return {strided<T>(a), {}};
}

int size(const Given& x, int axis, const char* what) {
  if (x.shape(axis) <= size_t(kMost)) return int(x.shape(axis));
  throw std::invalid_argument("x has " + std::to_string(x.shape(axis)) + " " + what + "; an engine takes at most " +
                              std::to_string(kMost) + " at once");
}

template <class P, class V>
std::vector<P*> pointers(const Flats<V>& arrays) {
  std::vector<P*> out;
  for (const Flat<V>& a : arrays) out.push_back(a.data());
  return out;
}

template <class P, class V>
std::vector<P*> pointers(const Optionals<V>& arrays) {
  std::vector<P*> out;
  for (const auto& a : arrays) out.push_back(a ? a->data() : nullptr);
  return out;
}

template <class V>
V* pointer(const Flat<V>& a) {
  return a.is_valid() ? a.data() : nullptr;
}

// As many arrays as the plan has places for them.
void expect_count(size_t given, size_t expected, const char* what) {
  if (given != expected)
    throw std::invalid_argument(std::to_string(given) + " " + what + "; the plan has " + std::to_string(expected));
}

// ---- engines

template <class T>
const Kernels<T>& kernels(bool bfloat16 = false) {
  const char* wanted = std::getenv("ELMAN_ISA");
  if (wanted && !*wanted) wanted = nullptr;
  if (bfloat16 && sizeof(T) != 4) throw std::runtime_error("products in bfloat16 are those of a float32 engine");
  const Kernels<T>* found = choose_kernels<T>(wanted, bfloat16);
  if (!found)
    throw std::runtime_error("ELMAN_ISA is " + std::string(wanted) + ": this processor or build has no such kernels");
  return *found;
}

template <class T>
Batch<T> make_batch(const Engine<T>& engine, const Givens& inputs, const Optionals<const int64_t>& lengths,
                    const Flats<const T>& states, uint64_t key) {
  const Plan& plan = engine.plan;
  expect_count(inputs.size(), plan.inputs.size(), "inputs");
  expect_count(lengths.size(), plan.axes, "arrays of lengths");
  Batch<T> batch;
  batch.B = size(inputs[0], 0, "rows"), batch.steps.resize(plan.axes);
  for (size_t i = 0; i < inputs.size(); ++i) {
    int axis = plan.axis(plan.inputs[i]);
    batch.inputs.push_back(source(engine, plan.inputs[i].slot, inputs[i]));
    if (axis != kOnce) batch.steps[axis] = size(inputs[i], 1, "time steps");
  }
  batch.lengths = pointers<const int64_t>(lengths);
  batch.weights.resize(plan.goals.size());
  batch.states = pointers<const T>(states);
  batch.key = key;
  return batch;
}

template <class T>
void add_goals(const Engine<T>& engine, const Givens& targets, const Optionals<const T>& weights, Batch<T>& batch) {
  const Plan& plan = engine.plan;
  expect_count(targets.size(), plan.goals.size(), "targets");
  expect_count(weights.size(), plan.goals.size(), "arrays of weights");
  for (size_t i = 0; i < targets.size(); ++i) batch.targets.push_back(source(engine, plan.goals[i].slot(), targets[i]));
  for (size_t i = 0; i < weights.size(); ++i)
    if (const auto& w = weights[i]) batch.weights[i] = {w->data(), w->ndim() == 2 ? int(w->shape(1)) : 1};
}

template <class T>
void py_forward(Engine<T>& engine, const Flat<const T>& parameters, uint64_t version, const Givens& inputs,
                const Optionals<const int64_t>& lengths, const Flats<const T>& states, uint64_t key,
                const Flats<T>& outputs, const Flats<T>& final_states, bool low_memory) {
  Batch<T> batch = make_batch(engine, inputs, lengths, states, key);
  Results<T> results;
  results.outputs = pointers<T>(outputs);
  results.states = pointers<T>(final_states);
  without_python([&] { forward(engine, {parameters.data(), version}, batch, results, {low_memory, 0}); });
}

template <class T>
double py_gradients(Engine<T>& engine, const Flat<const T>& parameters, uint64_t version, const Givens& inputs,
                    const Givens& targets, const Optionals<const T>& weights, const Optionals<const int64_t>& lengths,
                    const Flats<const T>& states, const Flats<const T>& state_gradients, uint64_t key,
                    const Flat<T>& parameter_gradients, const Flats<T>& outputs, const Flats<T>& final_states,
                    const Optionals<T>& input_grads, const Flats<T>& initial_states, bool low_memory, int truncate) {
  Batch<T> batch = make_batch(engine, inputs, lengths, states, key);
  add_goals(engine, targets, weights, batch);
  batch.state_gradients = pointers<const T>(state_gradients);
  Results<T> results;
  results.outputs = pointers<T>(outputs);
  results.states = pointers<T>(final_states);
  results.gradients = parameter_gradients.data();
  results.input_grads = pointers<T>(input_grads);
  results.initial_states = pointers<T>(initial_states);
  expect_count(results.input_grads.size(), results.input_grads.empty() ? 0 : engine.plan.input_grads.size(),
               "gradients of inputs");
  double loss = 0;
  without_python(
      [&] { loss = gradients(engine, {parameters.data(), version}, batch, results, {low_memory, truncate}); });
  return loss;
}

// An optimiser for arrays of one type.
template <class T>
struct Optimizer {
  Program<T> program;
  int scalars;
};

template <class T>
Optimizer<T> make_optimizer(nb::handle code, int states, int scalars) {
  ProgramSource source = read_program(code);
  check_flat(source, states + 2, scalars);
  return {Program<T>(source), scalars};
}

template <class T>
nb::tuple py_train(Engine<T>& engine, const Flat<T>& parameters, const Givens& inputs, const Givens& targets,
                   const Optionals<const T>& weights, const Optionals<const int64_t>& lengths,
                   const Flat<const int64_t>& rows, const Flat<const int64_t>& offsets, const Optimizer<T>& optimizer,
                   const Flats<T>& state, const Flat<const int64_t>& spans, const Flat<const double>& scalars,
                   double clip_norm, const Flat<const uint64_t>& keys, const Flats<T>& carried, double seconds,
                   const Flat<double>& losses, bool low_memory, int truncate) {
  Training<T> training;
  training.data = make_batch<T>(engine, inputs, lengths, {}, 0);
  add_goals(engine, targets, weights, training.data);
  training.rows = rows.data(), training.offsets = offsets.data();
  training.updates = int(losses.size());
  training.parameters = parameters.data();
  training.state = pointers<T>(state);
  for (size_t i = 0; i < spans.shape(0); ++i) {
    const int64_t* s = spans.data() + 3 * i;
    training.spans.push_back({s[0], s[1], s[2]});
  }
  training.groups = int(scalars.shape(1)), training.scalars = scalars.data();
  training.keys = pointer(keys);
  training.clip_norm = clip_norm;
  training.in_time = {low_memory, truncate};
  training.carried = pointers<T>(carried);
  training.seconds = seconds;
  Trained done;
  without_python([&] { done = train(engine, training, optimizer.program, optimizer.scalars, losses.data()); });
  return nb::make_tuple(done.updates, done.finite);
}

// It keeps the arrays alive; the caller leaves them where they are.
template <class T>
Repeated<T> py_repeated(Engine<T>& engine, const Flat<const T>& parameters, uint64_t version, const Givens& inputs,
                        const Flats<T>& states, const Flats<T>& outputs) {
  Optionals<const int64_t> all(engine.plan.axes);
  return {engine,
          {parameters.data(), version},
          make_batch<T>(engine, inputs, all, {}, 0),
          pointers<T>(states),
          pointers<T>(outputs)};
}

template <class T>
bool py_run_finite(Repeated<T>& repeated) {
  bool finite = false;
  without_python([&] { finite = run_finite(repeated); });
  return finite;
}

template <class T, class V>
int64_t generated(Repeated<T>& repeated, const Flat<V>& window, const Drawing& how, int64_t first, double seconds,
                  const Flat<V>& out) {
  int64_t done = 0;
  without_python(
      [&] { done = generate(repeated, window.data(), how, first, int64_t(out.shape(1)), seconds, out.data()); });
  return done;
}

template <class T>
int64_t py_generate(Repeated<T>& repeated, const Flat<T>& window, int64_t first, double seconds, const Flat<T>& out) {
  return generated(repeated, window, {}, first, seconds, out);
}

template <class T>
int64_t py_draw(Repeated<T>& repeated, const Flat<int64_t>& window, nb::tuple drawing, int64_t first, double seconds,
                const Flat<int64_t>& out) {
  Drawing how{item<double>(drawing, 0), item<int>(drawing, 1), item<double>(drawing, 2), item<uint64_t>(drawing, 3)};
  return generated(repeated, window, how, first, seconds, out);
}

template <class T>
nb::tuple py_shape(Engine<T>& engine, int slot) {
  int steps = 0, B = 0;
  without_python([&] {
    std::lock_guard<std::mutex> lock(engine.one_call);
    B = engine.space.B;
    if (B > 0) steps = engine.space.fields.at(slot).steps;
  });
  return nb::make_tuple(steps, B, engine.plan.slots.at(slot).width);
}

template <class T>
size_t py_bytes(Engine<T>& engine) {
  size_t bytes = 0;
  without_python([&] {
    std::lock_guard<std::mutex> lock(engine.one_call);
    bytes = engine.bytes();
  });
  return bytes;
}

template <class T>
void py_read(Engine<T>& engine, int slot, const Flat<T>& out) {
  without_python([&] { read(engine, slot, out.data(), out.size()); });
}

// The engine of the function is kept alive as long as this one.
template <class T>
void py_add_function(Engine<T>& engine, Engine<T>& function, int rows, int columns, int64_t place, nb::list reads,
                     int64_t parameters) {
  Function<T> f{&function, rows, columns, place, {}};
  for (nb::handle h : reads) f.reads.push_back({item<int64_t>(h, 0), item<int64_t>(h, 1), item<int64_t>(h, 2)});
  add_function(engine, std::move(f), parameters);
}

template <class T>
void bind_engine(nb::module_& m, const char* name, const char* repeated, const char* optimizer) {
  nb::class_<Optimizer<T>>(m, optimizer).def("__init__", [](Optimizer<T>* o, nb::tuple code, int states, int scalars) {
    new (o) Optimizer<T>(make_optimizer<T>(code, states, scalars));
  });
  nb::class_<Repeated<T>>(m, repeated)
      .def("__call__", py_run_finite<T>)
      .def("generate", py_generate<T>, "window"_a, "first"_a, "seconds"_a, "out"_a)
      .def("draw", py_draw<T>, "window"_a, "drawing"_a, "first"_a, "seconds"_a, "out"_a);
  nb::class_<Engine<T>>(m, name)
      .def("__init__", [](Engine<T>* e, nb::tuple p, int threads,
                          bool bfloat16) { new (e) Engine<T>(read_plan(p), kernels<T>(bfloat16), threads); })
      .def("add_function", py_add_function<T>, nb::keep_alive<1, 2>(), "engine"_a, "rows"_a, "columns"_a, "place"_a,
           "reads"_a, "parameters"_a)
      .def("forward", py_forward<T>, "parameters"_a, "version"_a, "inputs"_a, "lengths"_a, "states"_a, "key"_a,
           "outputs"_a, "final_states"_a, "low_memory"_a)
      .def("gradients", py_gradients<T>, "parameters"_a, "version"_a, "inputs"_a, "targets"_a, "weights"_a, "lengths"_a,
           "states"_a, "state_gradients"_a, "key"_a, "parameter_gradients"_a, "outputs"_a, "final_states"_a,
           "input_grads"_a, "initial_states"_a, "low_memory"_a, "truncate"_a)
      .def("train", py_train<T>, "parameters"_a, "inputs"_a, "targets"_a, "weights"_a, "lengths"_a, "rows"_a,
           "offsets"_a, "optimizer"_a, "state"_a, "spans"_a, "scalars"_a, "clip_norm"_a, "keys"_a.none(), "carried"_a,
           "seconds"_a, "losses"_a, "low_memory"_a, "truncate"_a)
      .def("repeated", py_repeated<T>, nb::keep_alive<0, 1>(), nb::keep_alive<0, 2>(), nb::keep_alive<0, 4>(),
           nb::keep_alive<0, 5>(), nb::keep_alive<0, 6>(), "parameters"_a, "version"_a, "inputs"_a, "states"_a,
           "outputs"_a)
      .def("shape", py_shape<T>, "slot"_a)
      .def("bytes", py_bytes<T>)
      .def("read", py_read<T>, "slot"_a, "out"_a);
}

// One instruction on whole arrays (rows, width), for tests of the op table.
template <class T>
void py_elementwise(int op, const Flat<T>& out, const std::vector<Flat<const T>>& inputs, double first, double second,
                    uint64_t key, int64_t step) {
  ProgramSource source;
  std::vector<T*> operand{out.data()};
  source.operands.push_back({OperandKind::temp, int(out.shape(1)), {}, 0, 0});
  for (const auto& a : inputs) {
    operand.push_back(const_cast<T*>(a.data()));
    source.operands.push_back({OperandKind::temp, int(a.shape(1)), {}, 0, 0});
  }
  uint16_t n = uint16_t(inputs.size());
  auto input = [&](uint16_t i) { return uint16_t(i <= n ? i : 1); };
  source.code.push_back({Op(op), 0, input(1), input(2), input(3), first, second});
  check_program(source);
  Program<T> program(source);
  std::vector<int64_t> rows(out.shape(0));
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = int64_t(i);
  FlushDenormals flush;
  kernels<T>().elementwise(program.code.data(), 1,
                           {operand.data(), program.widths.data(), int(out.shape(0)), key, step, rows.data()});
}

nb::dict ops() {
  nb::dict out;
#define ELMAN_OP_NUMBER(name, arity) out[#name] = int(Op::name##_);
  ELMAN_OPS(ELMAN_OP_NUMBER)
#undef ELMAN_OP_NUMBER
  return out;
}

nb::dict info() {
  nb::dict out;
  out["isa"] = kernels<float>().isa;
  nb::list isas;
  for (int i = 0; runnable_isa(i); ++i) isas.append(runnable_isa(i));
  out["isas"] = isas;  // best first
  out["threads"] = int(std::thread::hardware_concurrency());
  out["most_threads"] = kMostThreads;
  out["compiler"] = __VERSION__;
  return out;
}

}  // namespace
}  // namespace elman

NB_MODULE(_native, m) {
  m.doc() = "The native engine; elman.engine.native is its face.";
  nb::register_exception_translator(elman::translate);
  nb::set_leak_warnings(false);  // a daemon thread still has its arrays when the process ends
  m.def("ops", elman::ops);
  m.def("info", elman::info);
  m.def("elementwise", elman::py_elementwise<float>);
  m.def("elementwise", elman::py_elementwise<double>);
  elman::bind_products(m, elman::kernels<float>);
  elman::bind_smoothing(m, []() -> const elman::Kernels<double>& { return elman::kernels<double>(); });
  elman::bind_engine<float>(m, "Engine32", "Repeated32", "Program32");
  elman::bind_engine<double>(m, "Engine64", "Repeated64", "Program64");
}
