// Outputs fed back as inputs: a loop of steps in one call, and the drawing of classes from logits.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <type_traits>

#include "run.h"

namespace elman {
namespace {

constexpr uint64_t kGolden = 0x9E3779B97F4A7C15;

// The finaliser of splitmix64 (Steele, Lea & Flood, 2014).
uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

// A number in [0, 1), a function of its arguments only.
double uniform(uint64_t key, int64_t step, int64_t row) {
  uint64_t bits = mix(mix(mix(key + kGolden) + uint64_t(step) * kGolden) + uint64_t(row) * kGolden);
  return double(bits >> 11) * 0x1p-53;
}

template <class T>
struct Sampler {
  const Drawing& how;
  int classes;
  std::vector<int> order = std::vector<int>(classes);
  std::vector<double> weights = std::vector<double>(classes);  // of each class, before they are scaled to sum to 1

  int draw(const T* logits, int64_t step, int64_t row) {
    int best = int(std::max_element(logits, logits + classes) - logits);
    if (how.temperature == 0) return best;
    for (int i = 0; i < classes; ++i)
      weights[i] = std::exp((double(logits[i]) - double(logits[best])) / how.temperature);
    if (how.top_k < classes || how.top_p < 1) keep_likely(logits);
    return at(uniform(how.key, step, row));
  }

  // Leaves the top_k likeliest classes, and of these the fewest that together are as likely as top_p.
  void keep_likely(const T* logits) {
    std::iota(order.begin(), order.end(), 0);
    auto likelier = [&](int a, int b) { return logits[a] > logits[b] || (logits[a] == logits[b] && a < b); };
    int k = std::clamp(how.top_k, 1, classes);
    std::partial_sort(order.begin(), order.begin() + k, order.end(), likelier);
    double total = 0, sum = 0;
    for (int i = 0; i < k; ++i) total += weights[order[i]];
    int kept = 0;
    while (kept < k && (kept == 0 || sum < how.top_p * total)) sum += weights[order[kept++]];
    for (int i = kept; i < classes; ++i) weights[order[i]] = 0;
  }

  // The class in whose share of the sum of weights a place in [0, 1) lies.
  int at(double place) const {
    double total = 0, sum = 0;
    int last = 0;
    for (double w : weights) total += w;
    for (int i = 0; i < classes; ++i) {
      if (weights[i] == 0) continue;
      sum += weights[i], last = i;
      if (sum > place * total) break;
    }
    return last;
  }
};

template <class T>
void check_finite(const T* y, int width, int64_t row, int64_t step) {
  for (int i = 0; i < width; ++i)
    if (!std::isfinite(y[i])) {
      char text[160];
      std::snprintf(text, sizeof text, "output[%lld, %lld] has become %g: what was fed back has grown without bound",
                    (long long)row, (long long)step, double(y[i]));
      throw BadData(text);
    }
}

}  // namespace

template <class T, class V>
void generate(Repeated<T>& r, V* window, const Drawing& how, int64_t steps, V* out) {
  constexpr bool draws = std::is_same_v<V, int64_t>;
  Call<T> call(r.engines);
  Engine<T>& e = call.engine;
  const Plan& plan = e.plan;
  int width = plan.slots[plan.inputs[0].slot].width, outputs = plan.slots[plan.outputs[0].slot].width;
  int64_t seen = int64_t(r.batch.steps_of(plan.axis(plan.inputs[0]))) * width;  // values of the window of a row
  Sampler<T> sampler{how, outputs};
  for (int64_t t = 0; t < steps; ++t) {
    look(e.watch);
    for (int64_t b = 0; b < r.batch.B; ++b) {
      const T* y = r.results.outputs[0] + b * outputs;
      V *next = out + (b * steps + t) * width, *sees = window + b * seen;
      check_finite(y, outputs, b, t);
      if constexpr (draws)
        *next = sampler.draw(y, t, b);
      else
        std::copy_n(y, width, next);
      std::copy(sees + width, sees + seen, sees);
      std::copy_n(next, width, sees + seen - width);
    }
    if (t + 1 == steps) return;
    check_indices(e, r.batch, false);
    run_packed(e, r, r.batch, r.results);
    r.keep_states();
  }
}

#define ELMAN_INSTANTIATE(T, V) template void generate(Repeated<T>&, V*, const Drawing&, int64_t, V*);
ELMAN_INSTANTIATE(float, float)
ELMAN_INSTANTIATE(float, int64_t)
ELMAN_INSTANTIATE(double, double)
ELMAN_INSTANTIATE(double, int64_t)
#undef ELMAN_INSTANTIATE

}  // namespace elman
