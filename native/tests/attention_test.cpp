// Attention and the way back, beside a plain loop in numbers of more bits.
#include "check.h"

namespace elman::test {
namespace {

// What is attended to, with room between the steps.
template <class T>
struct Memory {
  int n, key_width, value_width;
  ptrdiff_t keys_apart = key_width + 3, values_apart = value_width + 5;
  std::vector<T> query = random_values<T>(key_width), vector = random_values<T>(key_width);
  std::vector<T> keys = random_values<T>(n * keys_apart + 1), values = random_values<T>(n * values_apart + 1);
  std::vector<T> gradient = random_values<T>(value_width);
  T scale = T(0.7);

  Attended<T> attended(bool additive) const {
    return {keys.data(),
            values.data(),
            keys_apart,
            values_apart,
            n,
            key_width,
            value_width,
            scale,
            additive ? vector.data() : nullptr};
  }
};

// The same, a number at a time.
template <class T>
struct Expected {
  using W = Wider<T>;
  const Memory<T>& m;
  bool additive;
  std::vector<W> weights, out, query, keys, values, vector;

  W inside(int s, int i) const { return std::tanh(W(m.query[i]) + W(m.keys[s * m.keys_apart + i])); }

  Expected(const Memory<T>& m, bool additive)
      : m(m),
        additive(additive),
        weights(m.n),
        out(m.value_width),
        query(m.key_width),
        keys(m.n * m.key_width),
        values(m.n * m.value_width),
        vector(m.key_width) {
    forward();
    backward();
  }

  void forward() {
    W all = 0;
    for (int s = 0; s < m.n; ++s) {
      W score = 0;
      for (int i = 0; i < m.key_width; ++i)
        score +=
            additive ? W(m.vector[i]) * inside(s, i) : W(m.scale) * W(m.query[i]) * W(m.keys[s * m.keys_apart + i]);
      all += weights[s] = std::exp(score);
    }
    for (int s = 0; s < m.n; ++s) {
      weights[s] /= all;
      for (int i = 0; i < m.value_width; ++i) out[i] += weights[s] * W(m.values[s * m.values_apart + i]);
    }
  }

  void backward() {
    std::vector<W> of_weights(m.n);
    W mean = 0;
    for (int s = 0; s < m.n; ++s) {
      for (int i = 0; i < m.value_width; ++i) {
        of_weights[s] += W(m.gradient[i]) * W(m.values[s * m.values_apart + i]);
        values[s * m.value_width + i] = weights[s] * W(m.gradient[i]);
      }
      mean += weights[s] * of_weights[s];
    }
    for (int s = 0; s < m.n; ++s) score_back(s, weights[s] * (of_weights[s] - mean));
  }

  void score_back(int s, W g) {
    for (int i = 0; i < m.key_width; ++i) {
      const W z = inside(s, i), slope = g * W(m.vector[i]) * (1 - z * z);
      query[i] += additive ? slope : g * W(m.scale) * W(m.keys[s * m.keys_apart + i]);
      keys[s * m.key_width + i] = additive ? slope : g * W(m.scale) * W(m.query[i]);
      vector[i] += additive ? g * z : 0;
    }
  }
};

// Rows of so many values, `apart` from one another, that were added to rows of ones; between them nothing has changed.
template <class T>
bool near(const std::vector<T>& found, ptrdiff_t apart, const std::vector<Wider<T>>& expected, int width, T before) {
  bool good = true;
  for (size_t k = 0; k < found.size(); ++k) {
    const size_t row = k / apart, i = k % apart;
    const bool mine = i < size_t(width) && row * width + i < expected.size();
    const Wider<T> value = before + (mine ? expected[row * width + i] : Wider<T>(0));
    good &= mine ? std::fabs(found[k] - value) <= 60 * std::numeric_limits<T>::epsilon() * (1 + std::fabs(value))
                 : found[k] == before;
  }
  return good;
}

template <class T>
void test_size(const Kernels<T>& kernels, int n, int key_width, int value_width, bool additive) {
  const Memory<T> m{n, key_width, value_width};
  const Expected<T> expected(m, additive);
  const Attended<T> attended = m.attended(additive);
  const std::string what = name_of(kernels, additive ? "additive attention " : "attention ") + std::to_string(n) +
                           " steps, widths " + std::to_string(key_width) + ", " + std::to_string(value_width);
  std::vector<T> scratch(2 * n + 1, T(-77)), out(value_width, T(-77));
  kernels.attend(m.query.data(), attended, scratch.data(), out.data());
  check(near(out, value_width, expected.out, value_width, T(0)), what);

  std::vector<T> query(key_width, T(-77)), keys(m.keys.size(), T(1)), values(m.values.size(), T(1));
  std::vector<T> vector(key_width, T(1));
  const AttentionGradients<T> gradients{query.data(), keys.data(),   values.data(), additive ? vector.data() : nullptr,
                                        m.keys_apart, m.values_apart};
  kernels.attend_back(m.query.data(), attended, m.gradient.data(), scratch.data(), gradients);
  check(near(query, key_width, expected.query, key_width, T(0)), what + ": gradient of the query");
  check(near(keys, m.keys_apart, expected.keys, key_width, T(1)), what + ": gradient of the keys");
  check(near(values, m.values_apart, expected.values, value_width, T(1)), what + ": gradient of the values");
  check(near(vector, key_width, expected.vector, key_width, T(1)), what + ": gradient of the vector");
  check(scratch[2 * n] == T(-77), what + ": scratch");
}

// Each gradient alone is as it is among the others, and nothing is written where none is wanted.
template <class T>
void test_wanted(const Kernels<T>& kernels, bool additive) {
  const Memory<T> m{7, 19, 21};
  std::vector<T> scratch(14), all(19), alone(19);
  auto run = [&](T* query, T* values) {
    const AttentionGradients<T> wanted{query, nullptr, values, nullptr, m.keys_apart, m.values_apart};
    kernels.attend_back(m.query.data(), m.attended(additive), m.gradient.data(), scratch.data(), wanted);
  };
  std::vector<T> values(m.values.size());
  run(all.data(), values.data()), run(alone.data(), nullptr), run(nullptr, nullptr);
  check(same_bits(all, alone), name_of(kernels, "attention: a gradient alone"));
}

}  // namespace

template <class T>
void test_attention(const Kernels<T>& kernels) {
  for (bool additive : {false, true}) {
    for (int n : {0, 1, 2, 5, 8, 17, 40})
      for (int key_width : {1, 3, 8, 16, 19, 33, 70})
        for (int value_width : {1, 4, 15, 32, 67})
          if (chosen()) test_size(kernels, n, key_width, value_width, additive);
    test_wanted(kernels, additive);
  }
}

template void test_attention(const Kernels<float>&);
template void test_attention(const Kernels<double>&);

}  // namespace elman::test
