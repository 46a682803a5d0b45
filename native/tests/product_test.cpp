// Products against plain loops, and the same bits wherever a row or column lies.
#include <array>

#include "check.h"

namespace elman::test {
namespace {

// A product with its weights cut into segments; every second segment has a bias.
template <class T>
struct ProductCase {
  int m, k;
  std::vector<int> widths;
  std::vector<T> a, w, bias, start;  // (m, k), (n, k), (n), (m, n)
  int n = 0;

  ProductCase(int m, int k, std::vector<int> widths, bool bfloat16) : m(m), k(k), widths(std::move(widths)) {
    for (int width : this->widths) n += width;
    a = random_values<T>(size_t(m) * k);
    w = random_values<T>(size_t(n) * k);
    bias = random_values<T>(n);
    start = random_values<T>(size_t(m) * n);
    if (bfloat16) a = in_bfloat16(a), w = in_bfloat16(w);
  }

  std::vector<T> packed(const Kernels<T>& kernels, bool columns_contiguous) const {
    std::vector<T> out(kernels.packed_size(n, k), std::numeric_limits<T>::quiet_NaN());
    std::vector<T> turned(w.size());
    for (int j = 0; j < n; ++j)
      for (int i = 0; i < k; ++i) turned[size_t(i) * n + j] = w[size_t(j) * k + i];
    int first = 0;
    for (int width : widths) {
      if (columns_contiguous)
        kernels.pack(turned.data() + first, 1, n, width, k, first, n, out.data());
      else
        kernels.pack(w.data() + size_t(first) * k, k, 1, width, k, first, n, out.data());
      first += width;
    }
    return out;
  }

  // Rows `first` .. of the operand, with `gap` values between its rows.
  std::vector<T> run(const Kernels<T>& kernels, bool add, int first, int rows, int gap = 0, bool turned = false,
                     int parts = 1) const {
    const std::vector<T> weights = packed(kernels, turned);
    const int lda = k + gap;
    std::vector<T> operand(rows ? size_t(rows - 1) * lda + k : 0, std::numeric_limits<T>::quiet_NaN());
    for (int r = 0; r < rows; ++r) std::copy_n(&a[size_t(first + r) * k], k, &operand[size_t(r) * lda]);
    std::vector<std::vector<T>> out;
    std::vector<Segment<T>> segments;
    int column = 0;
    for (size_t s = 0; s < widths.size(); ++s) {
      out.emplace_back(size_t(rows) * widths[s], std::numeric_limits<T>::quiet_NaN());
      if (add)
        for (int r = 0; r < rows; ++r)
          std::copy_n(&start[size_t(first + r) * n + column], widths[s], &out[s][size_t(r) * widths[s]]);
      segments.push_back({out[s].data(), s % 2 ? nullptr : bias.data() + column, widths[s]});
      column += widths[s];
    }
    std::vector<T> scratch(kernels.product_scratch(n, k), std::numeric_limits<T>::quiet_NaN());
    const int panels = (n + kernels.nr - 1) / kernels.nr;
    for (int p = parts - 1; p >= 0; --p) {
      const int from = panels * p / parts * kernels.nr, to = std::min(n, panels * (p + 1) / parts * kernels.nr);
      if (from < to)
        kernels.product(operand.data(), lda, rows, weights.data(), k, segments.data(), int(segments.size()), add, from,
                        to, scratch.data());
    }
    std::vector<T> joined(size_t(rows) * n);
    column = 0;
    for (size_t s = 0; s < widths.size(); column += widths[s++])
      for (int r = 0; r < rows; ++r)
        std::copy_n(&out[s][size_t(r) * widths[s]], widths[s], &joined[size_t(r) * n + column]);
    return joined;
  }

  // Within the rounding of k multiply-adds.
  bool right(const std::vector<T>& result, bool add) const {
    std::vector<T> first_value(n);
    int column = 0;
    for (size_t s = 0; s < widths.size(); column += widths[s++])
      for (int j = 0; j < widths[s]; ++j) first_value[column + j] = s % 2 ? T(0) : bias[column + j];
    for (int r = 0; r < m; ++r)
      for (int j = 0; j < n; ++j) {
        Wider<T> sum = add ? start[size_t(r) * n + j] : first_value[j], size = std::fabs(sum);
        for (int i = 0; i < k; ++i) {
          const Wider<T> term = Wider<T>(a[size_t(r) * k + i]) * w[size_t(j) * k + i];
          sum += term, size += std::fabs(term);
        }
        const Wider<T> bound = (k + 1) * Wider<T>(std::numeric_limits<T>::epsilon()) * size;
        if (!(std::fabs(result[size_t(r) * n + j] - sum) <= bound)) return false;
      }
    return true;
  }
};

std::vector<std::vector<int>> cuts_of(int n) {
  std::vector<std::vector<int>> cuts = {{n}};
  if (n >= 3) cuts.push_back({1, n - 2, 1});
  if (n >= 33) cuts.push_back({n / 4, n / 4, n / 4, n - 3 * (n / 4)});
  return cuts;
}

template <class T>
void test_shapes(const Kernels<T>& kernels, bool bfloat16) {
  for (int m = 1; m <= 33; ++m)
    for (int n : {1, 3, 17, 32, 33, 100, 130})
      for (int k : {1, 2, 7, 8, 33, 70}) {
        for (const std::vector<int>& widths : cuts_of(n)) {
          if (!chosen()) continue;
          const ProductCase<T> c(m, k, widths, bfloat16);
          const std::string what = name_of(kernels, "product m=") + std::to_string(m) + " n=" + std::to_string(n) +
                                   " k=" + std::to_string(k) + " segments=" + std::to_string(widths.size());
          for (bool add : {false, true}) {
            const std::vector<T> whole = c.run(kernels, add, 0, m);
            check(c.right(whole, add), what + (add ? " add" : " bias"));
            const int row = (m * 7 + n) % m;
            const std::vector<T> alone = c.run(kernels, add, row, 1, 3, true);
            check(!std::memcmp(alone.data(), &whole[size_t(row) * n], n * sizeof(T)), what + ": a row alone");
            check(same_bits(c.run(kernels, add, 0, m, 0, false, 3), whole), what + ": columns in parts");
          }
        }
      }
}

// The same row at every place of batches of every size, and the same columns whatever segments they lie in.
template <class T>
void test_product_places(const Kernels<T>& kernels, int k, bool bfloat16) {
  const ProductCase<T> c(40, k, {100}, bfloat16), cut(c.m, c.k, {3, 40, 57}, bfloat16);
  ProductCase<T> other = cut;
  other.a = c.a, other.w = c.w, other.start = c.start;
  for (bool add : {false, true}) {
    const std::vector<T> whole = c.run(kernels, add, 0, 40);
    if (add) check(same_bits(whole, other.run(kernels, add, 0, 40)), name_of(kernels, "product: segments change bits"));
    for (int rows = 1; rows <= 40; ++rows)
      for (int first = 0; first + rows <= 40; first += 3) {
        if (!chosen()) continue;
        const std::vector<T> part = c.run(kernels, add, first, rows, rows % 3);
        check(!std::memcmp(part.data(), &whole[size_t(first) * 100], part.size() * sizeof(T)),
              name_of(kernels, "product: rows ") + std::to_string(first) + "+" + std::to_string(rows));
      }
  }
  check(c.run(kernels, false, 0, 0).empty(), name_of(kernels, "product of no rows"));
}

// Long sums, which are made in blocks, and many rows.
template <class T>
void test_large(const Kernels<T>& kernels, bool bfloat16) {
  for (const auto& [m, n, k] : {std::array{5, 33, 511}, {5, 33, 513}, {70, 40, 1025}, {3, 130, 2100}, {300, 17, 130}}) {
    const ProductCase<T> c(m, k, {n}, bfloat16);
    for (bool add : {false, true}) check(c.right(c.run(kernels, add, 0, m), add), name_of(kernels, "large product"));
  }
}

// Rows that are copied: the bits of a row alone, which is not, however large the cache is.
template <class T>
void test_caches(const Kernels<T>& kernels, bool bfloat16) {
  const int found = std::exchange(near_cache, 0);
  for (const auto& [m, n, k] : {std::array{6, 256, 512}, {15, 300, 513}, {29, 257, 1100}, {47, 289, 2050}})
    for (int cache : {1 << 10, 1 << 16, 1 << 17, 300000, 1 << 20, 1 << 24}) {
      if (!chosen()) continue;
      near_cache = cache;
      const ProductCase<T> c(m, k, {3, n - 40, 37}, bfloat16);
      const std::string what = name_of(kernels, "product with a cache of ") + std::to_string(cache);
      for (bool add : {false, true}) {
        const std::vector<T> whole = c.run(kernels, add, 0, m, m % 3, false, 1 + cache % 3);
        for (int row = 0; row < m; ++row) {
          const std::vector<T> alone = c.run(kernels, add, row, 1);
          check(!std::memcmp(alone.data(), &whole[size_t(row) * n], n * sizeof(T)), what);
        }
      }
    }
  near_cache = found;
}

}  // namespace

template <class T>
void test_product(const Kernels<T>& kernels, bool bfloat16) {
  test_shapes(kernels, bfloat16);
  for (int k : {37, 600}) test_product_places(kernels, k, bfloat16);
  test_large(kernels, bfloat16);
  test_caches(kernels, bfloat16);
}
template void test_product(const Kernels<float>&, bool);
template void test_product(const Kernels<double>&, bool);

}  // namespace elman::test
