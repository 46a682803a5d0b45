// NumPy's arrays as the runner takes them. elman/engine/native.py has said what is wrong with a caller's arrays before
// it calls; here every size is compared once more with what the plan makes of it, as the runner writes where it says.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <stdexcept>
#include <string>

#include "run.h"

namespace nb = nanobind;

namespace elman {

template <class T>
using Flat = nb::ndarray<T, nb::c_contig, nb::device::cpu>;
template <class T>
using Flats = std::vector<Flat<T>>;
template <class T>
using Optionals = std::vector<std::optional<Flat<T>>>;  // None: not given, or not wanted
using Given = nb::ndarray<nb::ro, nb::device::cpu>;     // of any strides; numbers of an engine, or int64 indices
using Givens = std::vector<Given>;

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

inline int size(const Given& x, int axis, const char* what) {
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
inline void expect_count(size_t given, size_t expected, const char* what) {
  if (given != expected)
    throw std::invalid_argument(std::to_string(given) + " " + what + "; the plan has " + std::to_string(expected));
}

inline void expect_fit(bool fits, const char* what) {
  if (!fits) throw std::invalid_argument(std::string(what) + " of another size than the plan's");
}

// One array for each, or none at all.
inline bool some(size_t given, size_t expected, const char* what) {
  if (given > 0) expect_count(given, expected, what);
  return given > 0;
}

template <class V>
void expect_size(const Flat<V>& array, int64_t values, const char* what) {
  expect_fit(int64_t(array.size()) == values, what);
}

// Values of a row: those of a slot at all steps.
template <class T>
int64_t row_values(const Engine<T>& engine, const Batch<T>& batch, int slot) {
  const Slot& s = engine.plan.slots[slot];
  return int64_t(batch.steps_of(s.axis)) * s.width;
}

// An array (rows, steps, width), or (rows, width) of what has no time, that fills a slot.
template <class T>
Source<T> fitting(const Engine<T>& engine, const Batch<T>& batch, int slot, const Given& a, const char* what) {
  const Slot& s = engine.plan.slots[slot];
  const size_t axes = s.axis == kOnce ? 2 : 3;
  expect_fit(a.ndim() == axes && int64_t(a.shape(0)) == batch.B && int64_t(a.shape(axes - 1)) == s.width &&
                 (axes == 2 || int64_t(a.shape(1)) == batch.steps_of(s.axis)),
             what);
  return source(engine, slot, a);
}

// States (rows, width) of a batch, or none.
template <class T, class V>
std::vector<V*> states_of(const Engine<T>& engine, int64_t rows, const Flats<V>& arrays, const char* what) {
  if (some(arrays.size(), engine.states.size(), what))
    for (size_t i = 0; i < arrays.size(); ++i) expect_size(arrays[i], rows * engine.states[i].width, what);
  return pointers<V>(arrays);
}

template <class T>
std::vector<T*> outputs_of(const Engine<T>& engine, const Batch<T>& batch, const Flats<T>& arrays) {
  expect_count(arrays.size(), engine.plan.outputs.size(), "outputs");
  for (size_t i = 0; i < arrays.size(); ++i)
    expect_size(arrays[i], batch.B * row_values(engine, batch, engine.plan.outputs[i].slot), "an output");
  return pointers<T>(arrays);
}

// Of an engine that makes some itself, those that the caller has.
template <class T>
int64_t parameters_of(const Engine<T>& engine) {
  return engine.functions.some() ? engine.functions.parameters : engine.plan.parameters;
}

template <class T, class V>
V* parameters_of(const Engine<T>& engine, const Flat<V>& array) {
  expect_size(array, parameters_of(engine), "parameters");
  return array.data();
}

template <class T>
void add_lengths(const Optionals<const int64_t>& lengths, Batch<T>& batch) {
  for (size_t axis = 0; axis < lengths.size(); ++axis) {
    if (!lengths[axis]) continue;
    const auto& found = *lengths[axis];
    expect_size(found, batch.B, "lengths");
    for (int b = 0; b < batch.B; ++b)
      expect_fit(found.data()[b] >= 0 && found.data()[b] <= batch.steps[axis], "a length");
  }
  batch.lengths = pointers<const int64_t>(lengths);
}

template <class T>
Batch<T> make_batch(const Engine<T>& engine, const Givens& inputs, const Optionals<const int64_t>& lengths,
                    const Flats<const T>& states, uint64_t key) {
  const Plan& plan = engine.plan;
  expect_count(inputs.size(), plan.inputs.size(), "inputs");
  expect_count(lengths.size(), size_t(plan.axes), "arrays of lengths");
  Batch<T> batch;
  expect_fit(inputs[0].ndim() > 1 && inputs[0].shape(0) > 0, "an input");
  batch.B = size(inputs[0], 0, "rows"), batch.steps.resize(plan.axes);
  for (size_t i = 0; i < inputs.size(); ++i) {
    const int axis = plan.axis(plan.inputs[i]);
    if (axis != kOnce && inputs[i].ndim() == 3) batch.steps[axis] = size(inputs[i], 1, "time steps");
  }
  for (size_t i = 0; i < inputs.size(); ++i)
    batch.inputs.push_back(fitting(engine, batch, plan.inputs[i].slot, inputs[i], "an input"));
  add_lengths(lengths, batch);
  batch.weights.resize(plan.goals.size());
  batch.states = states_of(engine, batch.B, states, "states");
  batch.key = key;
  return batch;
}

}  // namespace elman
