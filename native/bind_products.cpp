#include "bind_products.h"

#include <nanobind/ndarray.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "bind_threads.h"
#include "denormals.h"
#include "memory.h"
#include "watch.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace elman {
namespace {

constexpr double kLongProduct = 1e9;  // multiply-adds between two looks whether to stop

using Given = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Result = nb::ndarray<float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

void expect(bool fits) {
  if (!fits) throw std::invalid_argument("a product of arrays that do not fit one another");
}

std::vector<Buffer<float>> scratch_of_threads(int threads, size_t size) {
  std::vector<Buffer<float>> out(threads);
  for (Buffer<float>& each : out) each.reserve(size);
  return out;
}

// A matrix (N, K), packed; threads share the columns of its products.
struct Weights {
  const Kernels<float>& kernels;
  int n, k, threads;
  Buffer<float> packed;
  std::vector<Buffer<float>> scratch;

  Weights(const Given& w, int threads, const Kernels<float>& kernels)
      : kernels(kernels), n(int(w.shape(0))), k(int(w.shape(1))), threads(std::clamp(threads, 1, kMostThreads)) {
    expect(n > 0 && k > 0);
    packed.reserve(kernels.packed_size(n, k));
    scratch = scratch_of_threads(this->threads, kernels.product_scratch(n, k));
    pack(w);
  }

  template <class F>
  void share(F f) const {
    const int panels = (n + kernels.nr - 1) / kernels.nr, parts = std::min(threads, panels);
    parallel_watched(Watch::mine(), parts, parts, [&](int part, int) {
      f(part, panels * part / parts * kernels.nr, std::min(n, panels * (part + 1) / parts * kernels.nr));
    });
  }

  void pack(const Given& w) {
    expect(int(w.shape(0)) == n && int(w.shape(1)) == k);
    share([&](int, int first, int end) {
      kernels.pack(w.data() + size_t(first) * k, k, 1, end - first, k, first, n, packed.data());
    });
  }

  void multiply(const Given& a, const Result& out) const {
    expect(int(a.shape(1)) == k && int(out.shape(1)) == n && out.shape(0) == a.shape(0));
    Watch* watch = Watch::mine();
    const int64_t all = int64_t(a.shape(0)), most = std::max(int64_t(256), int64_t(kLongProduct / (double(n) * k)));
    share([&](int part, int first, int end) {
      for (int64_t row = 0; row < all; row += most) {
        look(watch);
        const Segment<float> segment = {out.data() + row * n, nullptr, n};
        kernels.product(a.data() + row * k, k, int(std::min(most, all - row)), packed.data(), k, &segment, 1, false,
                        first, end, scratch[part].data());
      }
    });
  }
};

void matrix_gradient(const Given& delta, const Given& source, const Result& out, int threads,
                     const Kernels<float>& kernels) {
  const int m = int(delta.shape(1)), k = int(source.shape(1));
  expect(m > 0 && k > 0 && delta.shape(0) == source.shape(0) && int(out.shape(0)) == m && int(out.shape(1)) == k);
  threads = std::clamp(threads, 1, kMostThreads);
  std::vector<Buffer<float>> scratch = scratch_of_threads(threads, kernels.gradient_scratch(m, k));
  const Run rows = {0, int64_t(delta.shape(0))};
  Watch* watch = Watch::mine();
  parallel_watched(watch, kernels.gradient_tasks(m, k), threads, [&](int task, int thread) {
    kernels.gradient(task, delta.data(), m, source.data(), k, &rows, 1, out.data(), false, scratch[thread].data(),
                     stop_of(watch));
  });
}

template <class F>
void compute(F f) {
  without_python([&] {
    FlushDenormals flush;
    f();
  });
}

}  // namespace

void bind_products(nb::module_& m, const Kernels<float>& (*kernels)(bool)) {
  nb::class_<Weights>(m, "Weights32")
      .def(
          "__init__",
          [kernels](Weights* self, const Given& w, int threads, bool bfloat16) {
            new (self) Weights(w, threads, kernels(bfloat16));
          },
          "w"_a, "threads"_a, "bfloat16"_a = false)
      .def(
          "pack", [](Weights& self, const Given& w) { compute([&] { self.pack(w); }); }, "w"_a)
      .def(
          "multiply",
          [](const Weights& self, const Given& a, const Result& out) { compute([&] { self.multiply(a, out); }); },
          "a"_a, "out"_a);
  m.def(
      "matrix_gradient",
      [kernels](const Given& delta, const Given& source, const Result& out, int threads, bool bfloat16) {
        compute([&] { matrix_gradient(delta, source, out, threads, kernels(bfloat16)); });
      },
      "delta"_a, "source"_a, "out"_a, "threads"_a, "bfloat16"_a = false);
}

}  // namespace elman
