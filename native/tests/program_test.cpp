// What an instruction does to a tile: the same bits in every place, constants, rows, dropout.
#include "check.h"

namespace elman::test {
namespace {

using L = long double;
template <class T>
using WholeNumber = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;

// Of ops whose rounding depends on how products and sums are fused: within a few roundings of the parts.
template <class T>
void test_compound(const Kernels<T>& kernels) {
  const int n = 1003;
  std::vector<T> a = random_values<T>(n, -3, 3), b = random_values<T>(n, -3, 3), c = random_values<T>(n, -3, 3), out(n);
  const struct {
    Op op;
    L (*value)(L, L, L);
    L (*size)(L, L, L);
  } cases[] = {
      {Op::sigmoid_grad_, [](L g, L s, L) { return g * s * (1 - s); },
       [](L g, L s, L) { return std::fabs(g * s) * (1 + std::fabs(s)); }},
      {Op::tanh_grad_, [](L g, L y, L) { return g * (1 - y * y); },
       [](L g, L y, L) { return std::fabs(g) * (1 + y * y); }},
      {Op::fma_, [](L p, L q, L r) { return p * q + r; },
       [](L p, L q, L r) { return std::fabs(p * q) + std::fabs(r); }},
      {Op::blend_, [](L p, L q, L r) { return p * q + (1 - p) * r; },
       [](L p, L q, L r) { return std::fabs(p * q) + (1 + std::fabs(p)) * std::fabs(r); }},
  };
  for (const auto& f : cases) {
    run_one(kernels, f.op, {out.data(), a.data(), b.data(), c.data()}, {1, 1, 1, 1}, n);
    bool good = true;
    for (int i = 0; i < n; ++i)
      good &= std::fabs(out[i] - f.value(a[i], b[i], c[i])) <=
              2 * std::numeric_limits<T>::epsilon() * f.size(a[i], b[i], c[i]);
    check(good, name_of(kernels, "compound op ") + std::to_string(int(f.op)));
  }
}

// Each value alone, in tiles of every size, in place, and with constants: always the same bits.
template <class T>
void test_places(const Kernels<T>& kernels) {
  const int n = 75;
  const std::vector<T> a = random_values<T>(n, -4, 4), b = random_values<T>(n, 0.1, 3), c = random_values<T>(n, -4, 4);
  for (int op = 0; op < int(Op::sum_); ++op) {
    const std::string what = name_of(kernels, "op ") + std::to_string(op);
    auto run = [&](std::vector<T> p, std::vector<T> q, std::vector<T> r, std::vector<int> widths, int rows) {
      std::vector<T> out(rows * widths[0], T(-77));
      run_one(kernels, Op(op), {out.data(), p.data(), q.data(), r.data()}, widths, rows);
      return out;
    };
    auto part = [](const std::vector<T>& x, int first, int count) {
      return std::vector<T>(x.begin() + first, x.begin() + first + count);
    };
    const std::vector<T> whole = run(a, b, c, {1, 1, 1, 1}, n);
    check(same_bits(whole, run(a, b, c, {5, 5, 5, 5}, n / 5)), what + ": width 5");
    bool good = true;
    for (int count = 1; count <= n; ++count)
      for (int first = 0; first + count <= n; first += 7)
        good &= same_bits(part(whole, first, count), run(part(a, first, count), part(b, first, count),
                                                         part(c, first, count), {1, 1, 1, 1}, count));
    check(good, what + ": parts of a tile");
    for (int constants = 0; constants < 8; ++constants) {
      auto at = [&](const std::vector<T>& x, int bit) { return constants & bit ? std::vector<T>(n, x[3]) : x; };
      auto short_at = [&](const std::vector<T>& x, int bit) {
        return constants & bit ? std::vector<T>(kConstantBytes / sizeof(T), x[3]) : x;
      };
      auto width = [&](int bit) { return constants & bit ? 0 : 1; };
      check(same_bits(run(at(a, 1), at(b, 2), at(c, 4), {1, 1, 1, 1}, n),
                      run(short_at(a, 1), short_at(b, 2), short_at(c, 4), {1, width(1), width(2), width(4)}, n)),
            what + ": constants " + std::to_string(constants));
    }
    std::vector<T> p = a, q = b, r = c;
    run_one(kernels, Op(op), {p.data(), p.data(), q.data(), r.data()}, {1, 1, 1, 1}, n);
    check(same_bits(whole, p), what + ": in place");
  }
}

template <class T>
void test_rows(const Kernels<T>& kernels) {
  const T nan = std::numeric_limits<T>::quiet_NaN();
  for (int width : {1, 2, 3, 7, 16, 17, 40, 100})
    for (int rows : {1, 2, 5}) {
      const std::vector<T> x = random_values<T>(rows * width);
      const std::string what = name_of(kernels, "rows ") + std::to_string(rows) + " x " + std::to_string(width) + ": ";
      std::vector<T> in = x, sum(rows), mean(rows), most(rows), picked(rows), wide(rows * width, T(-77));
      std::vector<T> index(rows), whole(rows), picked_whole(rows), wide_whole(rows * width, T(-77));
      for (int r = 0; r < rows; ++r) {
        const WholeNumber<T> at = (r * 3 + 1) % (width + 1) - 1 + (r == 4 ? width : 0);  // some outside
        index[r] = T(at);
        std::memcpy(&whole[r], &at, sizeof at);
      }
      run_one(kernels, Op::sum_, {sum.data(), in.data()}, {1, width}, rows);
      run_one(kernels, Op::mean_, {mean.data(), in.data()}, {1, width}, rows);
      run_one(kernels, Op::max_, {most.data(), in.data()}, {1, width}, rows);
      run_one(kernels, Op::pick_, {picked.data(), in.data(), index.data()}, {1, width, 1}, rows, T(0));
      run_one(kernels, Op::pick_, {picked_whole.data(), in.data(), whole.data()}, {1, width, 1}, rows, T(1));
      bool good_sum = true, good_max = true, good_pick = true, alone = true;
      for (int r = 0; r < rows; ++r) {
        L exact = 0, size = 0;
        T largest = -std::numeric_limits<T>::infinity();
        for (int i = 0; i < width; ++i)
          exact += x[r * width + i], size += std::fabs(x[r * width + i]), largest = std::max(largest, x[r * width + i]);
        const L bound = width * std::numeric_limits<T>::epsilon() * size;
        good_sum &= std::fabs(sum[r] - exact) <= bound && std::fabs(mean[r] - exact / width) <= 2 * bound / width;
        good_max &= most[r] == largest;
        const int at = int(index[r]);
        good_pick &= at >= 0 && at < width ? picked[r] == x[r * width + at] : std::isnan(picked[r]);
        T one;
        run_one(kernels, Op::sum_, {&one, in.data() + r * width}, {1, width}, 1);
        alone &= one == sum[r];
      }
      check(good_sum, what + "sum, mean");
      check(good_max, what + "max");
      check(good_pick, what + "pick");
      check(same_bits(picked, picked_whole), what + "pick by whole numbers");
      check(alone, what + "a row's sum alone");

      run_one(kernels, Op::expand_, {wide.data(), sum.data()}, {width, 1}, rows);
      bool good = true;
      for (int i = 0; i < rows * width; ++i) good &= wide[i] == sum[i / width];
      check(good, what + "expand");
      run_one(kernels, Op::place_, {wide.data(), sum.data(), index.data()}, {width, 1, 1}, rows, T(0));
      run_one(kernels, Op::place_, {wide_whole.data(), sum.data(), whole.data()}, {width, 1, 1}, rows, T(1));
      good = true;
      for (int i = 0; i < rows * width; ++i)
        good &= wide[i] == (i % width == int(index[i / width]) ? sum[i / width] : 0);
      check(good, what + "place");
      check(same_bits(wide, wide_whole), what + "place by whole numbers");
      std::vector<T> constant(kConstantBytes / sizeof(T), T(2.5));
      run_one(kernels, Op::expand_, {wide.data(), constant.data()}, {width, 0}, rows);
      good = true;
      for (T v : wide) good &= v == constant[0];
      check(good, what + "expand a constant");

      in[0] = nan;
      run_one(kernels, Op::max_, {most.data(), in.data()}, {1, width}, rows);
      check(std::isnan(most[0]) && (rows == 1 || !std::isnan(most[1])), what + "max keeps NaN");
      picked[0] = nan;
      run_one(kernels, Op::pick_, {most.data(), in.data(), picked.data()}, {1, width, 1}, 1);
      check(std::isnan(most[0]), what + "pick at NaN");
    }
}

// Rows beside one another, parts of rows, rows among zeros: of any widths.
template <class T>
void test_beside(const Kernels<T>& kernels) {
  const int rows = 3;
  for (int n : {1, 3, 8, 16, 33})
    for (int m : {1, 2, 7, 16, 40}) {
      const int width = n + m;
      std::vector<T> a = random_values<T>(rows * n), b = random_values<T>(rows * m), out(rows * width, T(-77));
      std::vector<T> part(rows * m, T(-77)), padded(rows * width, T(-77));
      run_one(kernels, Op::concat_, {out.data(), a.data(), b.data()}, {width, n, m}, rows);
      run_one(kernels, Op::slice_, {part.data(), out.data()}, {m, width}, rows, T(n));
      run_one(kernels, Op::pad_, {padded.data(), a.data()}, {width, n}, rows, T(m));
      bool good = same_bits(part, b);
      for (int r = 0; r < rows; ++r)
        for (int i = 0; i < width; ++i) {
          good &= out[r * width + i] == (i < n ? a[r * n + i] : b[r * m + i - n]);
          good &= padded[r * width + i] == (i < m ? T(0) : a[r * n + i - m]);
        }
      check(good, name_of(kernels, "beside ") + std::to_string(n) + ", " + std::to_string(m));
    }
}

// Products of vectors that make matrices, and of matrices that are vectors.
template <class T>
void test_outer(const Kernels<T>& kernels) {
  const int tile_rows = 2;
  for (int n : {1, 2, 7, 16, 33})
    for (int m : {1, 3, 8, 17, 40}) {
      std::vector<T> a = random_values<T>(tile_rows * n), b = random_values<T>(tile_rows * m), x(tile_rows * n * m);
      std::vector<T> along = random_values<T>(x.size()), right(tile_rows * n), left(tile_rows * m), one(n), other(m);
      run_one(kernels, Op::outer_, {x.data(), a.data(), b.data()}, {n * m, n, m}, tile_rows);
      run_one(kernels, Op::matvec_, {right.data(), along.data(), b.data()}, {n, n * m, m}, tile_rows);
      run_one(kernels, Op::vecmat_, {left.data(), a.data(), along.data()}, {m, n, n * m}, tile_rows);
      bool good = true, alone = true;
      std::vector<T> added(x.size()), scaled(x.size()), dots(tile_rows), dot(1);
      run_one(kernels, Op::outer_add_, {added.data(), a.data(), b.data(), along.data()}, {n * m, n, m, n * m},
              tile_rows);
      run_one(kernels, Op::scale_, {scaled.data(), along.data(), dots.data()}, {n * m, n * m, 1}, tile_rows);
      run_one(kernels, Op::dot_, {dots.data(), along.data(), x.data()}, {1, n * m, n * m}, tile_rows);
      for (T v : scaled) good &= v == 0;
      run_one(kernels, Op::scale_, {scaled.data(), along.data(), dots.data()}, {n * m, n * m, 1}, tile_rows);
      for (int r = 0; r < tile_rows; ++r) {
        L sum = 0, size = 0;
        for (int i = r * n * m; i < (r + 1) * n * m; ++i) {
          good &= scaled[i] == along[i] * dots[r];
          good &= std::fabs(added[i] - (L(x[i]) + along[i])) <=
                  2 * std::numeric_limits<T>::epsilon() * (std::fabs(x[i]) + std::fabs(along[i]));
          sum += L(along[i]) * x[i], size += std::fabs(L(along[i]) * x[i]);
        }
        good &= std::fabs(sum - dots[r]) <= n * m * std::numeric_limits<T>::epsilon() * size;
        run_one(kernels, Op::dot_, {dot.data(), along.data() + r * n * m, x.data() + r * n * m}, {1, n * m, n * m}, 1);
        alone &= dot[0] == dots[r];
      }
      for (int r = 0; r < tile_rows; ++r) {
        const T *y = along.data() + r * n * m, *p = a.data() + r * n, *q = b.data() + r * m;
        std::vector<L> sums(n + m), sizes(n + m);
        for (int i = 0; i < n; ++i)
          for (int j = 0; j < m; ++j) {
            good &= x[(r * n + i) * m + j] == p[i] * q[j];
            sums[i] += L(y[i * m + j]) * q[j], sizes[i] += std::fabs(L(y[i * m + j]) * q[j]);
            sums[n + j] += L(y[i * m + j]) * p[i], sizes[n + j] += std::fabs(L(y[i * m + j]) * p[i]);
          }
        for (int i = 0; i < n + m; ++i)
          good &= std::fabs(sums[i] - (i < n ? right[r * n + i] : left[r * m + i - n])) <=
                  (n + m) * std::numeric_limits<T>::epsilon() * sizes[i];
        run_one(kernels, Op::matvec_, {one.data(), const_cast<T*>(y), const_cast<T*>(q)}, {n, n * m, m}, 1);
        run_one(kernels, Op::vecmat_, {other.data(), const_cast<T*>(p), const_cast<T*>(y)}, {m, n, n * m}, 1);
        alone &= std::equal(one.begin(), one.end(), right.begin() + r * n);
        alone &= std::equal(other.begin(), other.end(), left.begin() + r * m);
      }
      const std::string what = name_of(kernels, "outer ") + std::to_string(n) + " x " + std::to_string(m);
      check(good, what);
      check(alone, what + ": a row alone");
    }
}

// Against the same in long double; and a row alone gives the bits that it gives among others, in place too.
template <class T>
void test_normalise(const Kernels<T>& kernels) {
  const int rows = 5;
  const T epsilon = T(0.01);
  for (int width : {1, 2, 7, 8, 16, 31, 100, 130}) {
    std::vector<T> x = random_values<T>(rows * width), g = random_values<T>(rows * width), r(rows);
    std::vector<T> y(x.size()), d(x.size()), one(width);
    run_one(kernels, Op::inverse_deviation_, {r.data(), x.data()}, {1, width}, rows, epsilon);
    run_one(kernels, Op::normalise_, {y.data(), x.data(), r.data()}, {width, width, 1}, rows);
    run_one(kernels, Op::normalise_grad_, {d.data(), g.data(), y.data(), r.data()}, {width, width, width, 1}, rows);
    bool good = true, alone = true;
    for (int row = 0; row < rows; ++row) {
      const T *xs = x.data() + row * width, *gs = g.data() + row * width;
      L mean = 0, variance = 0, mean_g = 0, along = 0, largest = 0;
      for (int i = 0; i < width; ++i) mean += L(xs[i]) / width, mean_g += L(gs[i]) / width;
      for (int i = 0; i < width; ++i) variance += (xs[i] - mean) * (xs[i] - mean) / width;
      const L inverse = 1 / std::sqrt(variance + epsilon);
      for (int i = 0; i < width; ++i) along += gs[i] * (xs[i] - mean) * inverse / width;
      for (int i = 0; i < width; ++i) largest = std::max(largest, std::fabs(L(xs[i])) + std::fabs(L(gs[i])));
      const L bound =
          8 * std::numeric_limits<T>::epsilon() * (1 + inverse) * (1 + inverse) * (1 + largest) * (1 + largest);
      for (int i = 0; i < width; ++i) {
        const L normal = (xs[i] - mean) * inverse;
        good &= std::fabs(y[row * width + i] - normal) <= bound;
        good &= std::fabs(d[row * width + i] - (gs[i] - mean_g - normal * along) * inverse) <= width * bound;
      }
      run_one(kernels, Op::normalise_grad_, {one.data(), g.data() + row * width, y.data() + row * width, &r[row]},
              {width, width, width, 1}, 1);
      for (int i = 0; i < width; ++i) alone &= one[i] == d[row * width + i];
    }
    const std::string what = name_of(kernels, "normalise, width ") + std::to_string(width);
    check(good, what);
    check(alone, what + ": a row alone");
    run_one(kernels, Op::normalise_grad_, {y.data(), g.data(), y.data(), r.data()}, {width, width, width, 1}, rows);
    run_one(kernels, Op::normalise_, {one.data(), x.data(), r.data()}, {width, width, 1}, 1);
    run_one(kernels, Op::normalise_, {x.data(), x.data(), r.data()}, {width, width, 1}, 1);
    check(same_bits(y, d) && std::equal(one.begin(), one.end(), x.begin()), what + ": in place");
  }
}

// However a tile's rows are cut, the sums of each unit are the same bits.
template <class T>
void test_accumulate(const Kernels<T>& kernels) {
  const int rows = 21, unit_rows = 4, units = 6;
  for (int width : {1, 5, 16, 37, 70, 130}) {
    const std::vector<T> a = random_values<T>(rows * width), b = random_values<T>(rows * width);
    std::vector<T> whole;
    for (int piece : {rows, 1, 3, 5, 8}) {
      std::vector<T> sums(units * width, T(0.5)), p = a, q = b;
      for (int row = 0; row < rows; row += piece) {
        T* operands[] = {sums.data(), p.data() + row * width, q.data() + row * width};
        const int widths[] = {width, width, width};
        const Instruction<T> code = {Op::accumulate_, 0, 1, 2, 1, 0, 0};
        kernels.elementwise(&code, 1,
                            {operands, widths, std::min(piece, rows - row), 0, 0, nullptr, row, unit_rows, width});
      }
      if (whole.empty()) whole = sums;
      check(same_bits(whole, sums), name_of(kernels, "accumulate in pieces of ") + std::to_string(piece));
    }
    bool good = true;
    for (int unit = 0; unit < units; ++unit)
      for (int i = 0; i < width; ++i) {
        L exact = 0.5, size = 0.5;
        for (int row = unit * unit_rows; row < std::min(rows, (unit + 1) * unit_rows); ++row)
          exact += L(a[row * width + i]) * b[row * width + i],
              size += std::fabs(L(a[row * width + i]) * b[row * width + i]);
        good &= std::fabs(whole[unit * width + i] - exact) <= 8 * std::numeric_limits<T>::epsilon() * size;
      }
    check(good, name_of(kernels, "accumulate, width ") + std::to_string(width));
  }
}

uint64_t mixed(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

template <class T>
void test_dropout(const Kernels<T>& kernels) {
  const uint64_t golden = 0x9e3779b97f4a7c15u;
  const std::vector<int64_t> row = {5, 0, -1, 123456789012};
  for (T rate : {T(0), T(0.1), T(0.5), T(0.9)})
    for (int width : {1, 3, 16, 100}) {
      std::vector<T> x = random_values<T>(4 * width), out(4 * width);
      run_one(kernels, Op::dropout_, {out.data(), x.data()}, {width, width}, 4, rate, T(3), 0xfedcba9876543210u, 42,
              row.data());
      bool good = true;
      for (int i = 0; i < 4 * width; ++i) {
        uint64_t k = mixed(0xfedcba9876543210u + golden * 4);
        k = mixed(k + 42 * golden);
        k = mixed(k + uint64_t(row[i / width]) * golden);
        const uint64_t bits = mixed(k + uint64_t(i % width) * golden) >> 40;
        const bool keep = double(bits) >= double(rate) * 16777216.0;
        good &= out[i] == (keep ? x[i] * T(1 / (1 - double(rate))) : T(0));
      }
      check(good, name_of(kernels, "dropout ") + std::to_string(double(rate)) + " width " + std::to_string(width));
      run_one(kernels, Op::dropout_, {x.data(), x.data()}, {width, width}, 4, rate, T(3), 0xfedcba9876543210u, 42,
              row.data());
      check(same_bits(x, out), name_of(kernels, "dropout in place"));
      std::vector<T> ones(4 * width, T(1)), again(4 * width);
      for (int64_t step : {0, 42})
        run_one(kernels, Op::dropout_once_, {(step ? again : out).data(), ones.data()}, {width, width}, 4, rate, T(3),
                0xfedcba9876543210u, step, row.data());
      check(same_bits(again, out), name_of(kernels, "one dropout for all steps"));
    }
  std::vector<T> ones(100000, T(1)), out(100000);
  const int64_t zero = 0;
  run_one(kernels, Op::dropout_, {out.data(), ones.data()}, {100000, 100000}, 1, T(0.25), T(0), 1, 0, &zero);
  double kept = 0;
  for (T v : out) kept += v != 0;
  check(std::fabs(kept / 100000 - 0.75) < 0.006, name_of(kernels, "dropout: share of units kept"));
}

}  // namespace

template <class T>
void test_programs(const Kernels<T>& kernels) {
  test_compound(kernels);
  test_places(kernels);
  test_rows(kernels);
  test_beside(kernels);
  test_outer(kernels);
  test_normalise(kernels);
  test_accumulate(kernels);
  test_dropout(kernels);
}
template void test_programs(const Kernels<float>&);
template void test_programs(const Kernels<double>&);

}  // namespace elman::test
