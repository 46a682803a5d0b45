// Streams in Python: one step in one call, many steps, and one step of some of many streams.
#pragma once
#include "bind_arrays.h"
#include "bind_plan.h"
#include "bind_threads.h"

namespace elman {

constexpr double kBrief = 5e4;  // multiply-adds of a step that is over before another thread could run Python

// Values that lie one behind the other.
inline void expect_dense(const Given& a, const char* what) {
  int64_t apart = 1;
  for (size_t i = a.ndim(); i-- > 0; apart *= int64_t(a.shape(i)))
    if (a.shape(i) != 1 && a.stride(i) != apart) throw std::invalid_argument(std::string(what) + " with gaps");
}

// It keeps the arrays alive; the caller leaves them where they are.
template <class T>
Repeated<T> py_repeated(Engines<T>& engines, const Flat<const T>& parameters, uint64_t version, const Givens& inputs,
                        const Flats<T>& states, const Flats<T>& outputs) {
  const Engine<T>& engine = engines.alike();
  Optionals<const int64_t> all(engine.plan.axes);
  for (const Given& input : inputs) expect_dense(input, "an input");
  const Batch<T> batch = make_batch<T>(engine, inputs, all, {}, 0);
  return {engines,
          {parameters_of(engine, parameters), version},
          batch,
          states_of(engine, batch.B, states, "states"),
          outputs_of(engine, batch, outputs)};
}

// Its steps, while no other thread uses it.
template <class T, class F>
void in_turn(Repeated<T>& repeated, F f) {
  without_python([&] {
    InTurn mine(repeated.turn);
    f();
  });
}

// A step goes on from states; whoever sees a window begins with zeros each time, and has none.
template <class T>
void expect_states(const Repeated<T>& repeated) {
  expect_count(repeated.states.size(), repeated.engines.alike().states.size(), "states");
}

template <class T>
bool py_run_finite(Repeated<T>& repeated) {
  expect_states(repeated);
  bool finite = false;
  in_turn(repeated, [&] { finite = run_finite(repeated); });
  return finite;
}

// Many steps: (B, T, width) of everything.
template <class T>
bool py_run_steps(Repeated<T>& repeated, const Givens& inputs, const Flats<T>& outputs) {
  const Engine<T>& engine = repeated.engines.alike();
  const Plan& plan = engine.plan;
  const int64_t B = repeated.batch.B;
  expect_states(repeated);
  expect_count(inputs.size(), plan.inputs.size(), "inputs");
  expect_count(outputs.size(), plan.outputs.size(), "outputs");
  expect_fit(inputs[0].ndim() == 3, "an input");
  Steps<T> steps{{}, pointers<T>(outputs), size(inputs[0], 1, "time steps")};
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Given& x = inputs[i];
    const int slot = plan.inputs[i].slot;
    expect_dense(x, "an input");
    expect_fit(x.ndim() == 3 && int64_t(x.shape(0)) == B && int64_t(x.shape(1)) == steps.count &&
                   int64_t(x.shape(2)) == plan.slots[slot].width,
               "an input");
    steps.inputs.push_back(source(engine, slot, x));
  }
  for (size_t i = 0; i < outputs.size(); ++i)
    expect_size(outputs[i], B * steps.count * plan.slots[plan.outputs[i].slot].width, "an output");
  for (int each : repeated.batch.steps) expect_fit(each == 1, "a step");
  bool finite = false;
  in_turn(repeated, [&] { finite = run_steps(repeated, steps); });
  return finite;
}

template <class T, class V>
void generated(Repeated<T>& repeated, const Flat<V>& window, const Drawing& how, const Flat<V>& out) {
  const Engine<T>& engine = repeated.engines.alike();
  const Plan& plan = engine.plan;
  expect_fit(plan.inputs.size() == 1 && plan.outputs.size() == 1, "inputs and outputs");
  const int slot = plan.inputs[0].slot, width = plan.slots[slot].width;
  expect_fit(engine.holds_indices(slot) == std::is_same_v<V, int64_t>, "numbers to be fed back");
  expect_fit(std::is_same_v<V, int64_t> || plan.slots[plan.outputs[0].slot].width == width, "an output");
  expect_size(window, repeated.batch.B * row_values(engine, repeated.batch, slot), "the window");
  expect_fit(out.ndim() == 3, "room for what is made");
  expect_size(out, repeated.batch.B * int64_t(out.shape(1)) * width, "room for what is made");
  in_turn(repeated, [&] { generate(repeated, window.data(), how, int64_t(out.shape(1)), out.data()); });
}

template <class T>
void py_generate(Repeated<T>& repeated, const Flat<T>& window, const Flat<T>& out) {
  generated(repeated, window, {}, out);
}

template <class T>
void py_draw(Repeated<T>& repeated, const Flat<int64_t>& window, nb::tuple drawing, const Flat<int64_t>& out) {
  Drawing how{item<double>(drawing, 0), item<int>(drawing, 1), item<double>(drawing, 2), item<uint64_t>(drawing, 3)};
  generated(repeated, window, how, out);
}

// The memory of an array for as long as this lives; none if it is not an array of NumPy, of native numbers, without
// gaps.
struct Look {
  Py_buffer view{};
  bool has = false;
  Look(nb::handle array, PyTypeObject* type) {
    if (Py_TYPE(array.ptr()) != type) return;
    has = PyObject_GetBuffer(array.ptr(), &view, PyBUF_ND | PyBUF_FORMAT) == 0;
    if (!has) PyErr_Clear();
  }
  Look(const Look&) = delete;
  ~Look() {
    if (has) PyBuffer_Release(&view);
  }
  bool is(Py_ssize_t rows, Py_ssize_t width) const {
    return has && view.ndim == 2 && view.shape[0] == rows && view.shape[1] == width && view.format && !view.format[1];
  }
};

template <class V, class To>
bool converted(const Py_buffer& view, To* to) {
  if (view.itemsize != Py_ssize_t(sizeof(V))) return false;
  const V* from = static_cast<const V*>(view.buf);
  for (Py_ssize_t i = 0, n = view.shape[0] * view.shape[1]; i < n; ++i) to[i] = To(from[i]);
  return true;
}

// One step of a network with one input and one output, of an array that needs no look but at its type and shape.
template <class T>
struct Quick {
  Repeated<T>& repeated;
  nb::object alive;  // that
  PyTypeObject* arrays;
  nb::object copy;  // makes the array that is returned
  Py_ssize_t rows, width;
  T* values;         // the input, or
  int64_t* indices;  // if that is what it has
  bool brief;

  template <class V>
  bool put(const Py_buffer& view) const {
    if (!indices) return converted<V>(view, values);
    if constexpr (std::is_integral_v<V>) return converted<V>(view, indices);
    return false;
  }

  bool take(const Py_buffer& view) const {
    switch (view.format[0]) {
      case 'f':
        return put<float>(view);
      case 'd':
        return put<double>(view);
      case 'i':
        return put<int32_t>(view);
      case 'l':
      case 'q':
        return put<int64_t>(view);
      default:
        return false;
    }
  }

  bool run() const {
    bool finite = false;
    auto step = [&] { finite = run_finite(repeated); };
    try {
      if (!brief || !repeated.turn.take_if_free()) {  // never waits with the interpreter in hand
        in_turn(repeated, step);
      } else {
        struct End {
          Turn& turn;
          ~End() { turn.end(); }
        } end{repeated.turn};
        step();
      }
    } catch (const BadData&) {
      return false;
    }
    return finite;
  }

  // None where the step was not done, for whatever reason.
  nb::object operator()(nb::handle x) const {
    {
      Look look(x, arrays);
      if (!look.is(rows, width) || !take(look.view)) return nb::none();
    }
    return run() ? copy() : nb::none();
  }
};

template <class T>
nb::object py_quick(nb::object self, nb::object input, nb::object output) {
  Repeated<T>& repeated = nb::cast<Repeated<T>&>(self);
  expect_states(repeated);
  const Engine<T>& e = repeated.engines.alike();
  const Ref& place = e.plan.inputs[0];
  const Source<T>& source = repeated.batch.inputs[0];
  bool whole = e.holds_indices(place.slot);
  bool brief = e.forward_work.of(repeated.batch) < kBrief;
  nb::object quick =
      nb::cast(Quick<T>{repeated, self, Py_TYPE(input.ptr()), output.attr("copy"), repeated.batch.B,
                        e.plan.slots[place.slot].width, whole ? nullptr : const_cast<T*>(source.values.data),
                        whole ? const_cast<int64_t*>(source.indices.data) : nullptr, brief});
  return quick.attr("step");  // a method, which Python calls faster than an object
}

// It keeps the arrays of states alive; the caller leaves them where they are.
template <class T>
Pool<T> py_pool(Engines<T>& engines, const Flat<const T>& parameters, uint64_t version, const Flats<T>& states) {
  const Engine<T>& engine = engines.alike();
  const int64_t streams = states.empty() ? 0 : int64_t(states[0].size()) / engine.states.at(0).width;
  expect_count(states.size(), engine.states.size(), "states");
  return {engines, {parameters_of(engine, parameters), version}, states_of(engine, streams, states, "states"), streams};
}

template <class T>
bool py_run_some(Pool<T>& pool, const Flat<const int64_t>& places, const Givens& inputs, const Flats<T>& outputs,
                 const Flat<bool>& wrong) {
  const Engine<T>& engine = pool.repeated.engines.alike();
  Optionals<const int64_t> all(engine.plan.axes);
  for (const Given& input : inputs) expect_dense(input, "an input");
  Batch<T> batch = make_batch<T>(engine, inputs, all, {}, 0);
  expect_size(places, batch.B, "places"), expect_size(wrong, batch.B, "marks");
  for (int b = 0; b < batch.B && !pool.states.empty(); ++b)
    expect_fit(places.data()[b] >= 0 && places.data()[b] < pool.streams, "a place");
  for (int each : batch.steps) expect_fit(each == 1, "a step");
  const std::vector<T*> to = outputs_of(engine, batch, outputs);
  bool finite = false;
  in_turn(pool.repeated, [&] { finite = run_some(pool, places.data(), batch, to, wrong.data()); });
  return finite;
}

template <class T>
void bind_streams(nb::module_& m, const char* repeated, const char* quick, const char* pool) {
  using namespace nb::literals;
  nb::class_<Quick<T>>(m, quick).def("step", [](Quick<T>& q, nb::handle x) { return q(x); }, "x"_a.none());
  nb::class_<Repeated<T>>(m, repeated)
      .def("__call__", py_run_finite<T>)
      .def("run", py_run_steps<T>, "inputs"_a, "outputs"_a)
      .def("quick", py_quick<T>, "input"_a, "output"_a)
      .def("generate", py_generate<T>, "window"_a, "out"_a)
      .def("draw", py_draw<T>, "window"_a, "drawing"_a, "out"_a);
  nb::class_<Pool<T>>(m, pool).def("step", py_run_some<T>, "places"_a, "inputs"_a, "outputs"_a, "wrong"_a);
}

}  // namespace elman
