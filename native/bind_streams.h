// Streams in Python: one step in one call, many steps, and one step of some of many streams.
#pragma once
#include "bind_arrays.h"
#include "bind_plan.h"
#include "bind_threads.h"

namespace elman {

constexpr double kSecondsOfSteps = 0.15;  // between two looks at Ctrl-C
constexpr double kBrief = 5e4;            // multiply-adds of a step that is over before another thread could run Python

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

template <class T>
bool py_run_steps(Repeated<T>& repeated, const Givens& inputs, const Flats<T>& outputs) {
  const Plan& plan = repeated.engine.plan;
  expect_count(inputs.size(), plan.inputs.size(), "inputs");
  Steps<T> steps{{}, pointers<T>(outputs), int64_t(inputs[0].shape(1))};
  for (size_t i = 0; i < inputs.size(); ++i)
    steps.inputs.push_back(source(repeated.engine, plan.inputs[i].slot, inputs[i]));
  size(inputs[0], 1, "time steps");
  int64_t done = 0;
  for (;;) {
    without_python([&] { done = run_steps(repeated, steps, done, kSecondsOfSteps); });
    if (done < 0 || done == steps.count) return done >= 0;
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
  }
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
      brief ? step() : without_python(step);
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
  const Engine<T>& e = repeated.engine;
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
Pool<T> py_pool(Engine<T>& engine, const Flat<const T>& parameters, uint64_t version, const Flats<T>& states) {
  return {engine, {parameters.data(), version}, pointers<T>(states)};
}

template <class T>
bool py_run_some(Pool<T>& pool, const Flat<const int64_t>& places, const Givens& inputs, const Flats<T>& outputs,
                 const Flat<bool>& wrong) {
  Engine<T>& engine = pool.repeated.engine;
  Optionals<const int64_t> all(engine.plan.axes);
  Batch<T> batch = make_batch<T>(engine, inputs, all, {}, 0);
  bool finite = false;
  without_python([&] { finite = run_some(pool, places.data(), batch, pointers<T>(outputs), wrong.data()); });
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
      .def("generate", py_generate<T>, "window"_a, "first"_a, "seconds"_a, "out"_a)
      .def("draw", py_draw<T>, "window"_a, "drawing"_a, "first"_a, "seconds"_a, "out"_a);
  nb::class_<Pool<T>>(m, pool).def("step", py_run_some<T>, "places"_a, "inputs"_a, "outputs"_a, "wrong"_a);
}

}  // namespace elman
