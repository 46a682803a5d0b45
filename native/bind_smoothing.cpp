#include "bind_smoothing.h"

#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/vector.h>

#include <stdexcept>
#include <vector>

#include "bind_threads.h"
#include "denormals.h"
#include "memory.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace elman {
namespace {

using Numbers = nb::ndarray<const double, nb::c_contig, nb::device::cpu>;
using Results = nb::ndarray<double, nb::c_contig, nb::device::cpu>;
using Whole = nb::ndarray<const int64_t, nb::c_contig, nb::device::cpu>;

void expect(bool fits, const char* what) {
  if (!fits) throw std::invalid_argument(std::string("smooth: ") + what);
}

void expect_sizes(const Smoothing<double>& s, const Numbers& indices, const Results& out, size_t phases) {
  const size_t candidates = size_t(s.candidates), problems = size_t(s.problems);
  expect(candidates >= 1 && candidates <= size_t(kMostCandidates), "too many candidates, or none");
  expect(s.seasons <= kMostSeasons, "too many seasons");
  for (int k = 0; k < s.seasons; ++k) expect(s.periods[k] > 0, "a season without steps");
  expect(indices.size() == phases * (s.one_season ? 1 : candidates) * problems, "indices of another size");
  expect(out.size() == problems * candidates * (s.sizes ? candidates : 1), "results of another size");
  for (int64_t r = 0; r < s.problems; ++r)
    expect(s.which[r] >= 0 && s.which[r] < s.series, "a problem of a series that is not there");
}

void smooth_all(const Numbers& y, const Whole& which, const Numbers& relative, const std::vector<Numbers>& rates,
                const Numbers& gamma, const Numbers& indices, const std::vector<int>& periods, bool multiplied,
                bool fading, const std::optional<Numbers>& sizes, const Results& out, const Kernels<double>& kernels) {
  expect(y.ndim() == 2 && rates.size() == 5 && rates[0].ndim() == 2, "arrays of another kind");
  const size_t candidates = rates[0].shape(0), problems = which.size();
  expect(relative.size() == problems, "relative of another size");
  for (const Numbers& each : rates) expect(each.size() == candidates * problems, "rates of another size");
  expect(gamma.size() == periods.size() * candidates * problems, "gamma of another size");
  expect(!sizes || sizes->size() == (candidates - 1) * problems, "sizes of another size");
  size_t phases = 0;
  for (int period : periods) phases += size_t(period > 0 ? period : 0);
  Smoothing<double> s{};
  s.steps = int64_t(y.shape(0)), s.series = int64_t(y.shape(1)), s.problems = int64_t(problems);
  s.candidates = int(candidates < 1000 ? candidates : 1000), s.seasons = int(periods.size());
  s.multiplied = multiplied, s.fading = fading;
  s.one_season = candidates > 1 && indices.size() == phases * problems;
  s.periods = periods.data(), s.y = y.data(), s.which = which.data(), s.relative = relative.data();
  s.alpha = rates[0].data(), s.beta = rates[1].data(), s.phi = rates[2].data();
  s.level = rates[3].data(), s.trend = rates[4].data();
  s.gamma = gamma.data(), s.indices = indices.data(), s.sizes = sizes ? sizes->data() : nullptr, s.out = out.data();
  expect_sizes(s, indices, out, phases);
  without_python([&] {
    FlushDenormals flush;
    Buffer<double> scratch;
    scratch.reserve(kernels.smoothing_scratch(s));
    s.stop = stop_of(Watch::mine());
    for (int64_t first = 0; first < s.problems && !s.stop(); first += kernels.lanes)
      kernels.smooth(s, first, scratch.data());
  });
}

void theta_all(const Numbers& y, const Numbers& lines, const Numbers& alpha, int64_t skipped,
               const std::optional<Numbers>& level, const std::optional<Numbers>& share, const Results& out,
               const Kernels<double>& kernels) {
  if (y.ndim() != 2 || alpha.ndim() != 2) throw std::invalid_argument("theta: arrays of another kind");
  Theta<double> t{};
  t.series = int64_t(y.shape(0)), t.steps = int64_t(y.shape(1)), t.candidates = int64_t(alpha.shape(0));
  t.skipped = skipped, t.y = y.data(), t.start = lines.data(), t.slope = lines.data() + y.size();
  t.alpha = alpha.data(), t.out = out.data();
  if (level && share) t.level = level->data(), t.share = share->data();
  const bool levels = t.level != nullptr;
  const bool fits = lines.size() == 2 * y.size() && alpha.shape(1) == y.shape(0) &&
                    (!levels || (level->size() == y.shape(0) && share->size() == y.shape(0) && t.candidates == 1)) &&
                    out.size() == (levels ? y.size() : 6 * alpha.size());
  if (!fits) throw std::invalid_argument("theta: arrays of other sizes");
  without_python([&] {
    FlushDenormals flush;
    t.stop = stop_of(Watch::mine());
    for (int64_t s = 0; s < t.series && !t.stop(); ++s) kernels.theta(t, s);
  });
}

}  // namespace

void bind_smoothing(nb::module_& m, const Kernels<double>& (*kernels)()) {
  m.def(
      "smooth",
      [kernels](const Numbers& y, const Whole& which, const Numbers& relative, const std::vector<Numbers>& rates,
                const Numbers& gamma, const Numbers& indices, const std::vector<int>& periods, bool multiplied,
                bool fading, const std::optional<Numbers>& sizes, const Results& out) {
        smooth_all(y, which, relative, rates, gamma, indices, periods, multiplied, fading, sizes, out, kernels());
      },
      "y"_a, "which"_a, "relative"_a, "rates"_a, "gamma"_a, "indices"_a, "periods"_a, "multiplied"_a, "fading"_a,
      "sizes"_a.none(), "out"_a);
  m.def(
      "theta",
      [kernels](const Numbers& y, const Numbers& lines, const Numbers& alpha, int64_t skipped,
                const std::optional<Numbers>& level, const std::optional<Numbers>& share,
                const Results& out) { theta_all(y, lines, alpha, skipped, level, share, out, kernels()); },
      "y"_a, "lines"_a, "alpha"_a, "skipped"_a, "level"_a.none(), "share"_a.none(), "out"_a);
}

}  // namespace elman
