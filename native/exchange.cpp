// Between the caller's arrays and the slots of a block.
#include <algorithm>

#include "block.h"

namespace elman {
namespace {

// f(where the caller has them, step, row) for the steps in use.
template <class T, class V, class F>
void each_value(const BlockPlaces<T>& b, const Strided<V>& data, int slot, F&& f) {
  int on = b.axis(slot);
  b.each_row(on, [&](int row, int64_t) {
    b.worked(double(b.length(on, row)) * b.space.fields[slot].width);
    const V* from = data.at(b.data_row(on, row), b.first_step(on, row));
    for (int64_t t = 0; t < b.length(on, row); ++t, from += data.stride[1]) f(from, t, row);
  });
}

template <class T>
void gather_values(const BlockPlaces<T>& b, const Strided<T>& data, int slot) {
  int width = b.space.fields[slot].width;
  each_value(b, data, slot, [&](const T* from, int64_t t, int row) {
    T* to = b.cell(slot, t, row);
    if (data.stride[2] == 1)
      std::copy_n(from, width, to);
    else
      for (int i = 0; i < width; ++i) to[i] = from[i * data.stride[2]];
  });
}

}  // namespace

template <class T>
void gather(const BlockPlaces<T>& b, const Source<T>& source, int slot) {
  if (b.e.holds_indices(slot))
    each_value(b, source.indices, slot,
               [&](const int64_t* from, int64_t t, int row) { put_whole(b.cell(slot, t, row), *from); });
  else
    gather_values(b, source.values, slot);
}

template <class T>
void scatter(const BlockPlaces<T>& b, const Ref& from, T* out) {
  const Batch<T>& batch = b.batch;
  int on = b.axis(from), wide = b.width(from);
  int64_t steps = b.space.steps_of(on), apart = on != kOnce && batch.whole ? batch.whole : steps;
  b.each_row(on, [&](int row, int64_t number) {
    b.worked(double(steps) * wide);
    T* to = out + (number * apart + b.first_step(on, row)) * wide;
    T* end = batch.ends ? out + (number + 1) * apart * wide : to + steps * wide;
    for (int64_t t = 0; t < b.length(on, row); ++t, to += wide) std::copy_n(b.at(from, t, row), wide, to);
    std::fill(to, end, T(0));
  });
}

template <class T>
void scatter_states(const BlockPlaces<T>& b, const std::vector<T*>& out, bool gradients) {
  int number = 0;
  for (const Stage& stage : b.plan.stages)
    for (const State& state : stage.states) {
      if (!state.is_free()) continue;
      T* to = out[number++];
      if (gradients && state.grads < 0) continue;
      b.each_row(stage.axis, [&](int row, int64_t at) {
        const T* from = gradients ? b.cell(state.grads, 0, row) : b.final_value(stage, state, row);
        std::copy_n(from, state.width, to + at * state.width);
      });
    }
}

#define ELMAN_INSTANTIATE(T)                                          \
  template void gather(const BlockPlaces<T>&, const Source<T>&, int); \
  template void scatter(const BlockPlaces<T>&, const Ref&, T*);       \
  template void scatter_states(const BlockPlaces<T>&, const std::vector<T*>&, bool);
ELMAN_INSTANTIATE(float)
ELMAN_INSTANTIATE(double)
#undef ELMAN_INSTANTIATE

}  // namespace elman
