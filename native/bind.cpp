// The native engine as a Python module; only files that begin with `bind` know Python. elman/engine/native.py is their
// caller, and has checked every shape before it calls.
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "bind_arrays.h"
#include "bind_plan.h"
#include "bind_products.h"
#include "bind_smoothing.h"
#include "bind_streams.h"
#include "bind_threads.h"
#include "pool.h"
#include "run.h"

using namespace nb::literals;

namespace elman {
namespace {

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
                    const Optionals<T>& input_grads, const Flats<T>& initial_states, bool low_memory, int truncate,
                    int first, const std::vector<double>& totals) {
  Batch<T> batch = make_batch(engine, inputs, lengths, states, key);
  batch.first = first, batch.totals = totals;
  expect_count(totals.size(), totals.empty() ? 0 : engine.plan.goals.size(), "totals of weights");
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

std::vector<Span> spans_of(const Flat<const int64_t>& spans) {
  std::vector<Span> out;
  for (size_t i = 0; i < spans.shape(0); ++i) {
    const int64_t* s = spans.data() + 3 * i;
    out.push_back({s[0], s[1], s[2]});
  }
  return out;
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
  training.spans = spans_of(spans);
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

// Whether the gradients were finite; if not, nothing is changed.
template <class T>
bool py_update(Engine<T>& engine, const Flat<T>& parameters, const Flat<T>& gradients, const Optimizer<T>& optimizer,
               const Flats<T>& state, const Flat<const int64_t>& spans, const Flat<const double>& scalars,
               double clip_norm) {
  Training<T> training;
  training.parameters = parameters.data();
  training.state = pointers<T>(state);
  training.spans = spans_of(spans);
  training.groups = int(scalars.shape(0)), training.scalars = scalars.data();
  training.clip_norm = clip_norm;
  bool finite = false;
  without_python([&] { finite = update(engine, training, optimizer.program, optimizer.scalars, gradients.data()); });
  return finite;
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
void bind_engine(nb::module_& m, const char* name, const char* repeated, const char* quick, const char* pool,
                 const char* optimizer) {
  nb::class_<Optimizer<T>>(m, optimizer).def("__init__", [](Optimizer<T>* o, nb::tuple code, int states, int scalars) {
    new (o) Optimizer<T>(make_optimizer<T>(code, states, scalars));
  });
  bind_streams<T>(m, repeated, quick, pool);
  nb::class_<Engine<T>>(m, name)
      .def("__init__", [](Engine<T>* e, nb::tuple p, int threads,
                          bool bfloat16) { new (e) Engine<T>(read_plan(p), kernels<T>(bfloat16), threads); })
      .def("add_function", py_add_function<T>, nb::keep_alive<1, 2>(), "engine"_a, "rows"_a, "columns"_a, "place"_a,
           "reads"_a, "parameters"_a)
      .def("forward", py_forward<T>, "parameters"_a, "version"_a, "inputs"_a, "lengths"_a, "states"_a, "key"_a,
           "outputs"_a, "final_states"_a, "low_memory"_a)
      .def("gradients", py_gradients<T>, "parameters"_a, "version"_a, "inputs"_a, "targets"_a, "weights"_a, "lengths"_a,
           "states"_a, "state_gradients"_a, "key"_a, "parameter_gradients"_a, "outputs"_a, "final_states"_a,
           "input_grads"_a, "initial_states"_a, "low_memory"_a, "truncate"_a, "first"_a, "totals"_a)
      .def("update", py_update<T>, "parameters"_a, "gradients"_a, "optimizer"_a, "state"_a, "spans"_a, "scalars"_a,
           "clip_norm"_a)
      .def("train", py_train<T>, "parameters"_a, "inputs"_a, "targets"_a, "weights"_a, "lengths"_a, "rows"_a,
           "offsets"_a, "optimizer"_a, "state"_a, "spans"_a, "scalars"_a, "clip_norm"_a, "keys"_a.none(), "carried"_a,
           "seconds"_a, "losses"_a, "low_memory"_a, "truncate"_a)
      .def("repeated", py_repeated<T>, nb::keep_alive<0, 1>(), nb::keep_alive<0, 2>(), nb::keep_alive<0, 4>(),
           nb::keep_alive<0, 5>(), nb::keep_alive<0, 6>(), "parameters"_a, "version"_a, "inputs"_a, "states"_a,
           "outputs"_a)
      .def("pool", py_pool<T>, nb::keep_alive<0, 1>(), nb::keep_alive<0, 2>(), nb::keep_alive<0, 4>(), "parameters"_a,
           "version"_a, "states"_a)
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
  m.def("most_threads", elman::most_threads);
  m.def("limit_threads", elman::limit_threads, "most"_a);
  m.def("elementwise", elman::py_elementwise<float>);
  m.def("elementwise", elman::py_elementwise<double>);
  elman::bind_products(m, elman::kernels<float>);
  elman::bind_smoothing(m, []() -> const elman::Kernels<double>& { return elman::kernels<double>(); });
  elman::bind_engine<float>(m, "Engine32", "Repeated32", "Quick32", "Pool32", "Program32");
  elman::bind_engine<double>(m, "Engine64", "Repeated64", "Quick64", "Pool64", "Program64");
}
