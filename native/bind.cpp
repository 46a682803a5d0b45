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
#include "engines.h"
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

// Targets of all rows, and their weights: (N) or, where the output has all steps, (N, T).
template <class T>
void add_goals(const Engine<T>& engine, const Givens& targets, const Optionals<const T>& weights, Batch<T>& batch) {
  const Plan& plan = engine.plan;
  expect_count(targets.size(), plan.goals.size(), "targets");
  expect_count(weights.size(), plan.goals.size(), "arrays of weights");
  for (size_t i = 0; i < targets.size(); ++i)
    batch.targets.push_back(fitting(engine, batch, plan.goals[i].slot(), targets[i], "a target"));
  for (size_t i = 0; i < weights.size(); ++i) {
    if (!weights[i]) continue;
    const auto& w = *weights[i];
    const int64_t steps = w.ndim() == 2 ? int64_t(w.shape(1)) : 1;
    expect_size(w, batch.B * steps, "weights");
    expect_fit(steps == 1 || steps == batch.steps_of(plan.slots[plan.goals[i].slot()].axis), "weights");
    batch.weights[i] = {w.data(), int(steps)};
  }
}

template <class T>
void py_forward(Engines<T>& engines, const Flat<const T>& parameters, uint64_t version, const Givens& inputs,
                const Optionals<const int64_t>& lengths, const Flats<const T>& states, uint64_t key,
                const Flats<T>& outputs, const Flats<T>& final_states, bool low_memory) {
  const Engine<T>& engine = engines.alike();
  Batch<T> batch = make_batch(engine, inputs, lengths, states, key);
  Results<T> results;
  results.outputs = outputs_of(engine, batch, outputs);
  results.states = states_of(engine, batch.B, final_states, "final states");
  const Parameters<T> of{parameters_of(engine, parameters), version};
  without_python([&] { forward(engines, of, batch, results, {low_memory, 0}); });
}

// Places for dL/d inputs, or none; null for those that have none.
template <class T>
std::vector<T*> input_gradients_of(const Engine<T>& engine, const Batch<T>& batch, const Optionals<T>& arrays) {
  const Plan& plan = engine.plan;
  if (some(arrays.size(), plan.input_grads.size(), "gradients of inputs"))
    for (size_t i = 0; i < arrays.size(); ++i) {
      expect_fit(arrays[i].has_value() == (plan.input_grads[i] >= 0), "gradients of inputs");
      if (arrays[i]) expect_size(*arrays[i], batch.B * row_values(engine, batch, plan.inputs[i].slot), "a gradient");
    }
  return pointers<T>(arrays);
}

template <class T>
double py_gradients(Engines<T>& engines, const Flat<const T>& parameters, uint64_t version, const Givens& inputs,
                    const Givens& targets, const Optionals<const T>& weights, const Optionals<const int64_t>& lengths,
                    const Flats<const T>& states, const Flats<const T>& state_gradients, uint64_t key,
                    const Flat<T>& parameter_gradients, const Flats<T>& outputs, const Flats<T>& final_states,
                    const Optionals<T>& input_grads, const Flats<T>& initial_states, bool low_memory, int truncate,
                    int first, const std::vector<double>& totals) {
  const Engine<T>& engine = engines.alike();
  Batch<T> batch = make_batch(engine, inputs, lengths, states, key);
  batch.first = first, batch.totals = totals;
  some(totals.size(), engine.plan.goals.size(), "totals of weights");
  add_goals(engine, targets, weights, batch);
  batch.state_gradients = states_of(engine, batch.B, state_gradients, "gradients of states");
  Results<T> results;
  results.outputs = outputs_of(engine, batch, outputs);
  results.states = states_of(engine, batch.B, final_states, "final states");
  results.gradients = parameters_of(engine, parameter_gradients);
  results.input_grads = input_gradients_of(engine, batch, input_grads);
  results.initial_states = states_of(engine, batch.B, initial_states, "gradients of initial states");
  const Parameters<T> of{parameters_of(engine, parameters), version};
  double loss = 0;
  without_python([&] { loss = gradients(engines, of, batch, results, {low_memory, truncate}); });
  return loss;
}

// An optimiser for arrays of one type.
template <class T>
struct Optimizer {
  Program<T> program;
  int states, scalars;
};

template <class T>
Optimizer<T> make_optimizer(nb::handle code, int states, int scalars) {
  ProgramSource source = read_program(code);
  check_flat(source, states + 2, scalars);
  return {Program<T>(source), states, scalars};
}

// Neighbouring parameters, in order, and the group of each.
std::vector<Span> spans_of(const Flat<const int64_t>& spans, int64_t parameters, int groups) {
  std::vector<Span> out;
  expect_fit(spans.ndim() == 2 && spans.shape(1) == 3, "spans");
  int64_t end = 0;
  for (size_t i = 0; i < spans.shape(0); ++i) {
    const int64_t* s = spans.data() + 3 * i;
    expect_fit(s[0] >= end && s[0] <= parameters && s[1] >= 0 && s[1] <= parameters - s[0], "a span");
    expect_fit(s[2] >= 0 && s[2] < groups, "the group of a span");
    out.push_back({s[0], s[1], s[2]}), end = s[0] + s[1];
  }
  return out;
}

// What an update changes, and how: `scalars` (updates, groups, of a group).
template <class T>
Training<T> training_of(const Engine<T>& engine, const Flat<T>& parameters, const Optimizer<T>& optimizer,
                        const Flats<T>& state, const Flat<const int64_t>& spans, const Flat<const double>& scalars,
                        int updates, double clip_norm, const Flat<double>& norms) {
  Training<T> training;
  training.parameters = parameters_of(engine, parameters);
  expect_count(state.size(), size_t(optimizer.states), "arrays of the optimiser's state");
  for (const Flat<T>& each : state) expect_size(each, parameters.size(), "the optimiser's state");
  training.state = pointers<T>(state);
  training.updates = updates;
  expect_fit(scalars.ndim() == 3 && int64_t(scalars.shape(0)) >= updates && scalars.shape(1) <= size_t(kMost) &&
                 int64_t(scalars.shape(2)) == optimizer.scalars,
             "scalars");
  training.groups = int(scalars.shape(1)), training.scalars = scalars.data();
  training.spans = spans_of(spans, int64_t(parameters.size()), training.groups);
  training.clip_norm = clip_norm;
  training.norms = pointer(norms);
  if (training.norms) expect_size(norms, updates, "norms of gradients");
  return training;
}

// The rows of each update: at least one, of those that there are; where states are carried, as many each time.
void check_batches(const Flat<const int64_t>& rows, const Flat<const int64_t>& offsets, int updates, int64_t all,
                   bool alike) {
  expect_size(offsets, int64_t(updates) + 1, "borders of batches");
  const int64_t* border = offsets.data();
  expect_fit(border[0] == 0 && border[updates] <= int64_t(rows.size()), "borders of batches");
  for (int i = 0; i < updates; ++i) {
    const int64_t count = border[i + 1] - border[i];
    expect_fit(count > 0 && count <= kMost && (!alike || count == border[1]), "a batch");
  }
  for (size_t i = 0; i < rows.size(); ++i) expect_fit(rows.data()[i] >= 0 && rows.data()[i] < all, "a row's number");
}

template <class T>
nb::tuple py_train(Engines<T>& engines, const Flat<T>& parameters, const Givens& inputs, const Givens& targets,
                   const Optionals<const T>& weights, const Optionals<const int64_t>& lengths,
                   const Flat<const int64_t>& rows, const Flat<const int64_t>& offsets, const Optimizer<T>& optimizer,
                   const Flats<T>& state, const Flat<const int64_t>& spans, const Flat<const double>& scalars,
                   double clip_norm, const Flat<const uint64_t>& keys, const Flats<T>& carried, double seconds,
                   const Flat<double>& losses, const Flat<int64_t>& done, const Flat<double>& norms, bool low_memory,
                   int truncate) {
  const Engine<T>& engine = engines.alike();
  expect_fit(losses.size() <= size_t(kMost), "losses");
  expect_size(done, 1, "the number of updates");
  const int updates = int(losses.size());
  Training<T> training = training_of(engine, parameters, optimizer, state, spans, scalars, updates, clip_norm, norms);
  training.data = make_batch<T>(engine, inputs, lengths, {}, 0);
  add_goals(engine, targets, weights, training.data);
  check_batches(rows, offsets, updates, training.data.B, !carried.empty());
  training.rows = rows.data(), training.offsets = offsets.data();
  training.keys = pointer(keys);
  if (training.keys) expect_size(keys, updates, "keys");
  training.in_time = {low_memory, truncate};
  training.carried = states_of(engine, updates > 0 ? offsets.data()[1] : 0, carried, "carried states");
  training.seconds = seconds;
  training.done = done.data();
  Trained trained;
  without_python([&] { trained = train(engines, training, optimizer.program, optimizer.scalars, losses.data()); });
  return nb::make_tuple(trained.updates, trained.finite);
}

// Whether the gradients were finite; if not, nothing is changed.
template <class T>
bool py_update(Engines<T>& engines, const Flat<T>& parameters, const Flat<T>& gradients, const Optimizer<T>& optimizer,
               const Flats<T>& state, const Flat<const int64_t>& spans, const Flat<const double>& scalars,
               double clip_norm, const Flat<double>& norms) {
  const Engine<T>& engine = engines.alike();
  Training<T> training = training_of(engine, parameters, optimizer, state, spans, scalars, 1, clip_norm, norms);
  T* given = parameters_of(engine, gradients);
  bool finite = false;
  without_python([&] { finite = update(engines, training, optimizer.program, optimizer.scalars, given); });
  return finite;
}

template <class T>
nb::tuple py_shape(Engines<T>& engines, int slot) {
  const int width = engines.alike().plan.slots.at(slot).width;
  const auto [steps, rows] = size_of(engines, slot);
  return nb::make_tuple(steps, rows, width);
}

template <class T>
void py_read(Engines<T>& engines, int slot, const Flat<T>& out) {
  engines.alike().plan.slots.at(slot);
  without_python([&] { read(engines, slot, out.data(), out.size()); });
}

// The engines of the function are kept alive as long as these.
template <class T>
void py_add_function(Engines<T>& engines, Engines<T>& function, int rows, int columns, int64_t place, nb::list reads,
                     int64_t parameters) {
  Function<T> f{&function, rows, columns, place, {}};
  for (nb::handle h : reads) f.reads.push_back({item<int64_t>(h, 0), item<int64_t>(h, 1), item<int64_t>(h, 2)});
  engines.add(std::move(f), parameters);
}

template <class T>
void bind_engine(nb::module_& m, const char* name, const char* repeated, const char* quick, const char* pool,
                 const char* optimizer) {
  nb::class_<Optimizer<T>>(m, optimizer).def("__init__", [](Optimizer<T>* o, nb::tuple code, int states, int scalars) {
    new (o) Optimizer<T>(make_optimizer<T>(code, states, scalars));
  });
  bind_streams<T>(m, repeated, quick, pool);
  nb::class_<Engines<T>>(m, name)
      .def("__init__", [](Engines<T>* e, nb::tuple p, int threads,
                          bool bfloat16) { new (e) Engines<T>(read_plan(p), kernels<T>(bfloat16), threads); })
      .def("add_function", py_add_function<T>, nb::keep_alive<1, 2>(), "engine"_a, "rows"_a, "columns"_a, "place"_a,
           "reads"_a, "parameters"_a)
      .def("forward", py_forward<T>, "parameters"_a, "version"_a, "inputs"_a, "lengths"_a, "states"_a, "key"_a,
           "outputs"_a, "final_states"_a, "low_memory"_a)
      .def("gradients", py_gradients<T>, "parameters"_a, "version"_a, "inputs"_a, "targets"_a, "weights"_a, "lengths"_a,
           "states"_a, "state_gradients"_a, "key"_a, "parameter_gradients"_a, "outputs"_a, "final_states"_a,
           "input_grads"_a, "initial_states"_a, "low_memory"_a, "truncate"_a, "first"_a, "totals"_a)
      .def("update", py_update<T>, "parameters"_a, "gradients"_a, "optimizer"_a, "state"_a, "spans"_a, "scalars"_a,
           "clip_norm"_a, "norms"_a.none())
      .def("train", py_train<T>, "parameters"_a, "inputs"_a, "targets"_a, "weights"_a, "lengths"_a, "rows"_a,
           "offsets"_a, "optimizer"_a, "state"_a, "spans"_a, "scalars"_a, "clip_norm"_a, "keys"_a.none(), "carried"_a,
           "seconds"_a, "losses"_a, "done"_a, "norms"_a.none(), "low_memory"_a, "truncate"_a)
      .def("repeated", py_repeated<T>, nb::keep_alive<0, 1>(), nb::keep_alive<0, 2>(), nb::keep_alive<0, 4>(),
           nb::keep_alive<0, 5>(), nb::keep_alive<0, 6>(), "parameters"_a, "version"_a, "inputs"_a, "states"_a,
           "outputs"_a)
      .def("pool", py_pool<T>, nb::keep_alive<0, 1>(), nb::keep_alive<0, 2>(), nb::keep_alive<0, 4>(), "parameters"_a,
           "version"_a, "states"_a)
      .def("shape", py_shape<T>, "slot"_a)
      .def("bytes", [](const Engines<T>& engines) { return engines.bytes(); })
      .def("read", py_read<T>, "slot"_a, "out"_a);
}

// One instruction on whole arrays (rows, width), for tests of the op table.
template <class T>
void py_elementwise(int op, const Flat<T>& out, const std::vector<Flat<const T>>& inputs, double first, double second,
                    uint64_t key, int64_t step) {
  ProgramSource source;
  std::vector<T*> operand{out.data()};
  auto rows_of = [](const auto& a) { return a.ndim() == 2 ? int64_t(a.shape(0)) : -1; };
  for (const auto& a : inputs) expect_fit(rows_of(a) == rows_of(out) && rows_of(a) >= 0, "an operand");
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
