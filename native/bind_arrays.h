// NumPy's arrays as the runner takes them. elman/engine/native.py has checked every shape before it calls.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <stdexcept>

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

}  // namespace elman
