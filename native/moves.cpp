// Values taken to other steps, or from one axis to another.
#include <algorithm>

#include "block.h"

namespace elman {
namespace {

constexpr int kFeatures = 64;  // of which the steps are gone through at once

template <class T>
struct Mover {
  const BlockPlaces<T>& b;
  const Move& m;
  int width = b.width(m.source), from = b.axis(m.source), to = b.axis(m.target);

  int64_t counted(int64_t L) const { return m.number < 0 ? L + m.number : m.number; }

  // Writes or adds values, or zeros where there are none.
  void give(T* target, const T* values) const {
    if (m.add)
      for (int i = 0; values && i < width; ++i) target[i] += values[i];
    else if (values)
      std::copy_n(values, width, target);
    else
      std::fill_n(target, width, T(0));
  }

  // Every step t of a target has what lies at step `which(t, length)` of the source, if its row has such a step.
  template <class F>
  void each_step(F which) const {
    for (int row = 0; row < b.block.count; ++row) {
      const int source = b.across(to, from, row);
      const int64_t L = b.length(to, row), there = b.length(from, source);
      b.worked(double(L) * width);
      for (int64_t t = 0; t < L; ++t) {
        const int64_t s = which(t, L);
        give(b.at(m.target, t, row), s >= 0 && s < there ? b.at(m.source, s, source) : nullptr);
      }
    }
  }

  void take() const {
    for (int row = 0; row < b.block.count; ++row) {
      const int source = b.across(to, from, row);
      const int64_t L = b.length(from, source), s = counted(L);
      give(b.at(m.target, 0, row), s >= 0 && s < L ? b.at(m.source, s, source) : nullptr);
    }
  }

  void share() const {
    for (int row = 0; row < b.block.count; ++row) {
      const T* source = b.at(m.source, 0, b.across(to, from, row));
      const int64_t L = b.length(to, row);
      b.worked(double(L) * width);
      for (int64_t t = 0; t < L; ++t) {
        T* target = b.at(m.target, t, row);
        for (int i = 0; i < width; ++i) target[i] = (m.add ? target[i] : T(0)) + source[i] / T(L);
      }
    }
  }

  // One row of the source's steps to one of the target: `reduce(first feature, how many, row, length, results)`.
  template <class F>
  void pool(F reduce) const {
    T found[kFeatures];
    for (int row = 0; row < b.block.count; ++row) {
      const int source = b.across(to, from, row);
      const int64_t L = b.length(from, source);
      b.worked(double(L) * width);
      for (int first = 0; first < width; first += kFeatures) {
        const int n = std::min(kFeatures, width - first);
        T* target = b.at(m.target, 0, row) + first;
        reduce(first, n, source, L, found);
        for (int i = 0; i < n; ++i) target[i] = (m.add ? target[i] : T(0)) + found[i];
      }
    }
  }

  void sum(bool mean) const {
    pool([&](int first, int n, int row, int64_t L, T* out) {
      double sums[kFeatures] = {};
      for (int64_t t = 0; t < L; ++t) {
        const T* x = b.at(m.source, t, row) + first;
        for (int i = 0; i < n; ++i) sums[i] += double(x[i]);
      }
      for (int i = 0; i < n; ++i) out[i] = T(mean && L > 0 ? sums[i] / double(L) : sums[i]);
    });
  }

  // At which step each of some features of a row is largest, first; a NaN is larger than any number.
  void largest(const Ref& of, int first, int n, int row, int64_t L, T* most, int64_t* where) const {
    std::fill_n(most, n, T(0)), std::fill_n(where, n, -1);
    for (int64_t t = 0; t < L; ++t) {
      const T* x = b.at(of, t, row) + first;
      for (int i = 0; i < n; ++i)
        if (t == 0 || x[i] > most[i] || (x[i] != x[i] && most[i] == most[i])) most[i] = x[i], where[i] = t;
    }
  }

  void max() const {
    pool([&](int first, int n, int row, int64_t L, T* out) {
      int64_t where[kFeatures];
      largest(m.source, first, n, row, L, out, where);
    });
  }

  void max_back() const {
    T most[kFeatures];
    int64_t where[kFeatures];
    if (!m.add) each_step([](int64_t, int64_t) { return -1; });
    for (int row = 0; row < b.block.count; ++row) {
      const T* source = b.at(m.source, 0, b.across(to, from, row));
      b.worked(double(b.length(to, row)) * width);
      for (int first = 0; first < width; first += kFeatures) {
        const int n = std::min(kFeatures, width - first);
        largest(m.of, first, n, row, b.length(to, row), most, where);
        for (int i = 0; i < n; ++i)
          if (where[i] >= 0) b.at(m.target, where[i], row)[first + i] += source[first + i];
      }
    }
  }
};

}  // namespace

template <class T>
void run_move(const BlockPlaces<T>& block, const Move& m) {
  const Mover<T> mover{block, m};
  switch (m.kind) {
    case MoveKind::reverse:
      return mover.each_step([](int64_t t, int64_t L) { return L - 1 - t; });
    case MoveKind::shift:
      return mover.each_step([&](int64_t t, int64_t) { return t - m.number; });
    case MoveKind::take:
      return mover.take();
    case MoveKind::put:
      return mover.each_step([&](int64_t t, int64_t L) { return t == mover.counted(L) ? 0 : -1; });
    case MoveKind::repeat:
      return mover.each_step([](int64_t, int64_t) { return 0; });
    case MoveKind::share:
      return mover.share();
    case MoveKind::sum:
      return mover.sum(false);
    case MoveKind::mean:
      return mover.sum(true);
    case MoveKind::max:
      return mover.max();
    default:
      return mover.max_back();
  }
}

template void run_move(const BlockPlaces<float>&, const Move&);
template void run_move(const BlockPlaces<double>&, const Move&);

}  // namespace elman
