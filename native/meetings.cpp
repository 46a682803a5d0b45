#include "meetings.h"

#include <algorithm>
#include <cmath>

#include "run.h"

namespace elman {
namespace {

enum Moment { mean, variance, inverse_deviation, gradient_mean, gradient_along };

// What is found out at a meeting; of a unit: how many rows and steps it has, and two vectors.
template <class T>
struct Meet {
  Engine<T>& e;
  const Gathering& gathering;
  const Stage& stage = e.plan.stages[gathering.stage];
  const Meeting& meeting = stage.meets;
  Workspace<T>& space = e.space;
  int width = e.plan.slots[meeting.source.slot].width;

  double& count() const { return e.moments.counts[gathering.stage]; }
  double* moment(Moment which) const { return e.moments.values.data() + meeting.place + which * size_t(width); }
  double* of_unit(size_t unit) const { return e.moments.of_units.data() + unit * e.moments.unit_size; }

  const T* rows(const Ref& r) const { return space.fields[r.slot].base + size_t(r.offset) * space.block_rows * width; }

  // Memory rows in use of the positions first .. end of a block, step after step.
  std::vector<Run> runs(const Block& block, int first, int end) const {
    const int64_t* lengths = space.rows(stage.axis).lengths.data() + block.first;
    int steps = space.steps_of(stage.axis), n = end - first;
    std::vector<Run> out;
    for (int t = 0; t < steps; ++t) {
      while (n > 0 && lengths[first + n - 1] <= t) --n;
      if (n > 0) out.push_back({(int64_t(block.number) * (steps + 1) + t) * space.block_rows + first, n});
    }
    return out;
  }

  void unit(const std::vector<Run>& runs, double* out) const {
    int n = int(runs.size());
    double *first = out + 1, *second = first + width;
    out[0] = 0;
    for (const Run& run : runs) out[0] += double(run.count);
    const T* x = rows(gathering.back ? meeting.gradient : meeting.source);
    const T* y = gathering.back ? rows(meeting.normalised) : x;
    e.kernels.long_sums(x, width, runs.data(), n, first);
    std::vector<double> centre(width);
    for (int j = 0; !gathering.back && j < width; ++j) centre[j] = first[j] /= std::max(1.0, out[0]);
    e.kernels.long_products(x, y, centre.data(), width, runs.data(), n, second);
  }

  void speak(const Block& block) const {
    int in_group = block.first % space.group_rows;
    size_t number = size_t(block.first / space.group_rows) * space.units_of_group + in_group / space.unit_rows;
    for (int first = 0; first < block.count; first += space.unit_rows) {
      look(e.watch);
      unit(runs(block, first, std::min(block.count, first + space.unit_rows)), of_unit(number++));
    }
  }

  // The mean and the sum of squares around it, of more rows.
  void add(const double* unit) const {
    if (unit[0] == 0) return;
    double before = count(), all = count() += unit[0], share = unit[0] / all;
    for (int j = 0; j < width; ++j) {
      double apart = unit[1 + j] - moment(mean)[j];
      moment(variance)[j] += unit[1 + width + j] + apart * apart * before * share;
      moment(mean)[j] += apart * share;
    }
  }

  void add_back(const double* unit) const {
    double all = std::max(1.0, count());
    for (int j = 0; j < width; ++j) {
      moment(gradient_mean)[j] += unit[1 + j] / all;
      moment(gradient_along)[j] += unit[1 + width + j] / all;
    }
  }

  void conclude() const {
    for (int j = 0; !gathering.back && j < width; ++j) {
      moment(variance)[j] /= std::max(1.0, count());
      moment(inverse_deviation)[j] = 1 / std::sqrt(moment(variance)[j] + meeting.epsilon);
    }
  }
};

// Values that programs read lie in their memory as often as a tile has rows.
template <class T>
void give_to_programs(Engine<T>& e) {
  for (size_t p = 0; p < e.programs.size(); ++p)
    for (size_t i = 0; i < e.programs[p].operands.size(); ++i) {
      const Operand& o = e.programs[p].operands[i];
      if (o.kind != OperandKind::moment) continue;
      T* out = e.scratch[0].operands[p][i];
      for (int row = 0; row < e.programs[p].rows; ++row)
        out = std::transform(e.moments.values.data() + o.index, e.moments.values.data() + o.index + o.width, out,
                             [](double value) { return T(value); });
    }
}

// f(stage's number, width, place in the moments, place in the parameters) for all running moments, in order.
template <class T, class F>
void each_running(const Engine<T>& e, F&& f) {
  for (size_t s = 0; s < e.plan.stages.size(); ++s) {
    const Meeting& m = e.plan.stages[s].meets;
    if (!m.is_one()) continue;
    int width = e.plan.slots[m.source.slot].width;
    if (m.mean >= 0) f(s, width, m.place, m.mean);
    if (m.variance >= 0) f(s, width, m.place + width, m.variance);
  }
}

}  // namespace

template <class T>
void begin_moments(Engine<T>& e) {
  Moments& m = e.moments;
  m.known = 0;
  std::fill(m.values.begin(), m.values.end(), 0.0);
  std::fill(m.counts.begin(), m.counts.end(), 0.0);
}

template <class T>
std::vector<Leg> legs(const Engine<T>& e, int end) {
  std::vector<Leg> out;
  int first = 0;
  bool begins = true;
  for (size_t i = e.moments.known; i < e.moments.gatherings.size(); ++i) {
    const Gathering& g = e.moments.gatherings[i];
    if (g.place >= end) break;
    out.push_back({first, g.place, &g, begins, false});
    first = g.place, begins = false;
  }
  out.push_back({first, end, nullptr, begins, true});
  return out;
}

template <class T>
void speak(Engine<T>& e, const Gathering& gathering, int block) {
  Meet<T>{e, gathering}.speak(e.space.blocks[block]);
}

template <class T>
void join(Engine<T>& e, const Gathering& gathering) {
  Meet<T> meet{e, gathering};
  for (size_t unit = 0; unit < e.space.units(); ++unit)
    gathering.back ? meet.add_back(meet.of_unit(unit)) : meet.add(meet.of_unit(unit));
}

template <class T>
void conclude(Engine<T>& e, const Gathering& gathering) {
  Meet<T>{e, gathering}.conclude();
  give_to_programs(e);
  ++e.moments.known;
}

template <class T>
std::vector<T> running_moments(const Engine<T>& e, const T* parameters) {
  std::vector<T> out;
  each_running(e, [&](size_t, int width, int64_t, int64_t at) {
    out.insert(out.end(), parameters + at, parameters + at + width);
  });
  return out;
}

template <class T>
void move_running_moments(const Engine<T>& e, const std::vector<T>& before, T* parameters) {
  const T* old = before.data();
  each_running(e, [&](size_t, int width, int64_t, int64_t at) {
    std::copy_n(old, width, parameters + at);
    old += width;
  });
  each_running(e, [&](size_t stage, int width, int64_t place, int64_t at) {
    double momentum = e.moments.counts[stage] > 0 ? e.plan.stages[stage].meets.momentum : 1;
    for (int j = 0; j < width; ++j)
      parameters[at + j] = T(momentum * double(parameters[at + j]) + (1 - momentum) * e.moments.values[place + j]);
  });
}

#define ELMAN_INSTANTIATE(T)                                           \
  template void begin_moments(Engine<T>&);                             \
  template std::vector<Leg> legs(const Engine<T>&, int);               \
  template void speak(Engine<T>&, const Gathering&, int);              \
  template void join(Engine<T>&, const Gathering&);                    \
  template void conclude(Engine<T>&, const Gathering&);                \
  template std::vector<T> running_moments(const Engine<T>&, const T*); \
  template void move_running_moments(const Engine<T>&, const std::vector<T>&, T*);
ELMAN_INSTANTIATE(float)
ELMAN_INSTANTIATE(double)
#undef ELMAN_INSTANTIATE

}  // namespace elman
