// Rows that attend to the steps of another axis, or of their own.
#include <algorithm>

#include "block.h"

namespace elman {
namespace {

// A step of attention, row by row.
template <class T>
struct Attention {
  const BlockPlaces<T>& b;
  const Attend& a;
  int here = b.axis(a.query), there = b.axis(a.keys);

  ptrdiff_t apart(const Ref& r) const { return ptrdiff_t(b.space.block_rows) * b.width(r); }

  Attended<T> attended(int row) const {
    return {b.at(a.keys, 0, row),
            b.at(a.values, 0, row),
            apart(a.keys),
            apart(a.values),
            int(b.length(there, row)),
            b.width(a.keys),
            b.width(a.values),
            T(a.scale),
            a.vector < 0 ? nullptr : b.parameters + a.vector};
  }

  // f(step, row, row of what is attended to)
  template <class F>
  void each(int t, int count, F f) const {
    for (int i = 0; i < count; ++i) {
      const int row = i % b.space.block_rows;
      b.worked(double(b.length(there, row)) * (b.width(a.keys) + b.width(a.values)));
      f(t + i / b.space.block_rows, row, b.across(here, there, row));
    }
  }

  // Where the vector's gradient is among the sums of a unit of rows.
  size_t place_of_vector() const {
    for (const VectorSum& s : b.e.vector_sums)
      if (s.offset == a.vector && s.width == b.width(a.keys)) return s.place;
    return 0;
  }
};

}  // namespace

template <class T>
void run_attend(const BlockPlaces<T>& b, const Attend& a, int t, int count) {
  const Attention<T> attention{b, a};
  attention.each(t, count, [&](int step, int row, int memory) {
    b.e.kernels.attend(b.at(a.query, step, row), attention.attended(memory), b.scratch.attention.data(),
                       b.at(a.target, step, row));
  });
}

template <class T>
void run_attend_back(const BlockPlaces<T>& b, const AttendBack& back, int t, int count) {
  const Attention<T> attention{b, back.attend};
  auto wanted = [&](const Ref& r, int step, int row) { return r.slot < 0 ? nullptr : b.at(r, step, row); };
  const size_t place = attention.place_of_vector();
  attention.each(t, count, [&](int step, int row, int memory) {
    AttentionGradients<T> out;
    out.query = wanted(back.query_grad, step, row);
    out.keys = wanted(back.keys_grad, 0, memory), out.values = wanted(back.values_grad, 0, memory);
    out.keys_apart = attention.apart(back.attend.keys), out.values_apart = attention.apart(back.attend.values);
    if (back.attend.vector >= 0) out.vector = b.recent_sums() + row / b.space.unit_rows * b.e.unit_size + place;
    b.e.kernels.attend_back(b.at(back.attend.query, step, row), attention.attended(memory),
                            b.at(back.gradient, step, row), b.scratch.attention.data(), out);
  });
}

#define ELMAN_INSTANTIATE(T)                                                \
  template void run_attend(const BlockPlaces<T>&, const Attend&, int, int); \
  template void run_attend_back(const BlockPlaces<T>&, const AttendBack&, int, int);
ELMAN_INSTANTIATE(float)
ELMAN_INSTANTIATE(double)
#undef ELMAN_INSTANTIATE

}  // namespace elman
