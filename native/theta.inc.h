// The theta method for several rates at once. Included by kernels.inc.h, inside the namespace of an instruction set.
//
// A lane is a rate. What is summed over steps is summed in their order, so that a rate's numbers depend on nothing
// else.
#pragma once
#include "smoothing.inc.h"
#include "vectors.inc.h"

// What a series is at a step: its value, and the line through the values before it.
template <class T>
struct ThetaStep {
  T y, start, slope;
  bool seen, alive, counted;
};

// step(what the series is) for each step of a series.
template <class T, class Step>
ELMAN_INLINE void each_theta_step(const Theta<T>& theta, int64_t series, Step step) {
  const T *y = theta.y + series * theta.steps, *start = theta.start + series * theta.steps,
          *slope = theta.slope + series * theta.steps;
  int64_t age = 0;
  for (int64_t t = 0; t < theta.steps; ++t) {
    if (t % kLookSteps == kLookSteps - 1 && theta.stop()) return;
    const bool seen = y[t] == y[t];
    age += age > 0 || seen;
    const int64_t before = t > 0 ? t - 1 : 0;
    step(ThetaStep<T>{seen ? y[t] : T(0), start[before], slope[before], seen, age > 0, seen && age > theta.skipped});
  }
}

// The parts of the level: it is base + d u + c drift, with d the first level and c the share of the line.
template <class V>
struct ThetaState {
  V alpha, slower, inverse, base, u, drift, power;

  // The line's part in the next value, as it is before a step.
  template <class T>
  ELMAN_INLINE V line(const ThetaStep<T>& at) const {
    return power * at.start + (T(1) - power * slower) * inverse * at.slope;
  }
  template <class T>
  ELMAN_INLINE void go_on(const ThetaStep<T>& at, V line) {
    if (at.seen) {
      base += alpha * (at.y - base), u -= alpha * u, drift -= alpha * drift;
    } else if (at.alive) {
      drift += alpha * line;
    }
    if (at.alive) power *= slower;
  }
};

template <class T, class V>
ELMAN_INLINE ThetaState<V> begin_theta(V alpha, V one) {
  return {alpha, one - alpha, one / alpha, one - one, one, one - one, one};
}

template <class T>
ELMAN_ONE_COPY void theta_sums(const Theta<T>& theta, int64_t series) {
  constexpr int together = 3, sums = 6;  // vectors of rates, so that a step does not wait for the one before it
  const int64_t C = theta.candidates;
  for (int64_t first = 0; first < C; first += together * lanes<T>) {
    ThetaState<Vec<T>> state[together];
    Vec<T> sum[together][sums] = {};
    for (int v = 0; v < together; ++v) {
      Vec<T> alpha = splat<T>(1);
      for (int i = 0; i < lanes<T>; ++i)
        if (first + v * lanes<T> + i < C) alpha[i] = theta.alpha[(first + v * lanes<T> + i) * theta.series + series];
      state[v] = begin_theta<T, Vec<T>>(alpha, splat<T>(1));
    }
    each_theta_step(theta, series, [&](const ThetaStep<T>& at) {
#pragma GCC unroll 3
      for (int v = 0; v < together; ++v) {
        const Vec<T> line = state[v].line(at);
        if (at.counted) {
          const Vec<T> e = at.y - state[v].base, u = state[v].u, w = state[v].drift + line;
          sum[v][0] += e * e, sum[v][1] += e * u, sum[v][2] += e * w;
          sum[v][3] += u * u, sum[v][4] += u * w, sum[v][5] += w * w;
        }
        state[v].go_on(at, line);
      }
    });
    for (int v = 0; v < together; ++v)
      for (int i = 0; i < lanes<T> && first + v * lanes<T> + i < C; ++i)
        for (int k = 0; k < sums; ++k)
          theta.out[(k * C + first + v * lanes<T> + i) * theta.series + series] = sum[v][k][i];
  }
}

template <class T>
ELMAN_ONE_COPY void theta_levels(const Theta<T>& theta, int64_t series) {
  ThetaState<T> state = begin_theta<T, T>(theta.alpha[series], T(1));
  const T level = theta.level[series], share = theta.share[series];
  T* out = theta.out + series * theta.steps;
  each_theta_step(theta, series, [&](const ThetaStep<T>& at) {
    state.go_on(at, state.line(at));
    *out++ = state.base + level * state.u + share * state.drift;
  });
}

template <class T>
void theta(const Theta<T>& theta, int64_t series) {
  if (theta.level) return theta_levels<T>(theta, series);
  theta_sums<T>(theta, series);
}
