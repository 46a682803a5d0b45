// Rounding to bfloat16 on the way into products and gradients, against arithmetic.
#include <array>

#include "check.h"

namespace elman::test {
namespace {

float from_bits(uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

// Every upper half, with lower halves next to where rounding turns.
std::vector<float> numbers() {
  std::vector<float> x;
  for (uint32_t upper = 0; upper < 1 << 16; ++upper)
    for (uint32_t lower : {0x0000, 0x0001, 0x7fff, 0x8000, 0x8001, 0xffff}) x.push_back(from_bits(upper << 16 | lower));
  return x;
}

bool rounded(const std::vector<float>& got, const std::vector<float>& x) {
  for (size_t i = 0; i < x.size(); ++i) {
    const float expected = to_bfloat16(x[i]);
    if (!(std::isnan(expected) ? std::isnan(got[i]) : got[i] == expected)) return false;
  }
  return true;
}

// Each number times 1.
void test_every_number(const Kernels<float>& kernels) {
  const std::vector<float> x = numbers(), one = {1};
  const int n = int(x.size());
  std::vector<float> out(n), packed(kernels.packed_size(1, 1));
  kernels.pack(one.data(), 1, 1, 1, 1, 0, 1, packed.data());
  Segment<float> segment = {out.data(), nullptr, 1};
  kernels.product(x.data(), 1, n, packed.data(), 1, &segment, 1, false, 0, segment.n, nullptr);
  check(rounded(out, x), name_of(kernels, "rounds rows of an operand"));
  packed.resize(kernels.packed_size(n, 1));
  segment.n = n;
  for (bool columns_contiguous : {true, false}) {
    kernels.pack(x.data(), 1, columns_contiguous ? n : 1, n, 1, 0, n, packed.data());
    kernels.product(one.data(), 1, 1, packed.data(), 1, &segment, 1, false, 0, segment.n, nullptr);
    check(rounded(out, x), name_of(kernels, "rounds weights"));
  }
  const Run run = {0, 1};
  std::vector<float> scratch(std::max(kernels.gradient_scratch(1, n), kernels.gradient_scratch(n, 1)));
  for (int task = 0; task < kernels.gradient_tasks(1, n); ++task)
    kernels.gradient(task, one.data(), 1, x.data(), n, &run, 1, out.data(), false, scratch.data(), {});
  check(rounded(out, x), name_of(kernels, "rounds sources"));
  for (int task = 0; task < kernels.gradient_tasks(n, 1); ++task)
    kernels.gradient(task, x.data(), n, one.data(), 1, &run, 1, out.data(), false, scratch.data(), {});
  check(rounded(out, x), name_of(kernels, "rounds deltas"));
}

std::vector<float> product_of(const Kernels<float>& kernels, const std::vector<float>& a, const std::vector<float>& w,
                              int m, int n, int k, bool turned) {
  std::vector<float> packed(kernels.packed_size(n, k)), out(size_t(m) * n);
  kernels.pack(w.data(), turned ? 1 : k, turned ? n : 1, n, k, 0, n, packed.data());
  const Segment<float> segment = {out.data(), nullptr, n};
  kernels.product(a.data(), k, m, packed.data(), k, &segment, 1, false, 0, segment.n, nullptr);
  return out;
}

std::vector<float> gradient_of(const Kernels<float>& kernels, const std::vector<float>& delta,
                               const std::vector<float>& source, int m, int k, int rows) {
  std::vector<float> dw(size_t(m) * k), scratch(kernels.gradient_scratch(m, k));
  const Run run = {0, rows};
  for (int task = 0; task < kernels.gradient_tasks(m, k); ++task)
    kernels.gradient(task, delta.data(), m, source.data(), k, &run, 1, dw.data(), false, scratch.data(), {});
  return dw;
}

// At every place: operands give what they give once rounded, bit for bit.
void test_every_place(const Kernels<float>& kernels) {
  for (const auto& [m, n, k] : {std::array{1, 1, 1}, {7, 33, 31}, {40, 100, 65}, {300, 20, 17}, {20, 70, 1100}}) {
    const std::vector<float> a = random_values<float>(size_t(m) * k), w = random_values<float>(size_t(n) * k);
    for (bool turned : {false, true})
      check(same_bits(product_of(kernels, a, w, m, n, k, turned),
                      product_of(kernels, in_bfloat16(a), in_bfloat16(w), m, n, k, turned)),
            name_of(kernels, "product of numbers that are not rounded"));
    check(same_bits(gradient_of(kernels, a, w, m, n, k), gradient_of(kernels, in_bfloat16(a), in_bfloat16(w), m, n, k)),
          name_of(kernels, "gradient of numbers that are not rounded"));
  }
}

}  // namespace

void test_rounding(const Kernels<float>& kernels) {
  test_every_number(kernels);
  test_every_place(kernels);
}

}  // namespace elman::test
