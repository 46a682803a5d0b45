// Attention of one row to the steps of a memory, and the way back. Included by kernels.inc.h, inside the namespace of
// an instruction set.
//
// A score is folded from lanes as a row's sum is, and what is summed over steps is summed in their order: results
// depend on the row, its widths and the number of steps alone.
#pragma once
#include "rows.inc.h"

template <class T>
ELMAN_INLINE T dot(const T* a, const T* b, int width) {
  Vec<T> sum{};
  each_vector<T>(width, [&](int i, int n) { sum += load_first<T>(a + i, n) * load_first<T>(b + i, n); });
  return fold_sum<T>(sum);
}

// out += factor * x
template <class T>
ELMAN_INLINE void add_scaled(T* out, T factor, const T* x, int width) {
  each_vector<T>(width, [&](int i, int n) {
    store_first<T>(out + i, n, load_first<T>(out + i, n) + factor * load_first<T>(x + i, n));
  });
}

// Some columns, a few vectors of them, of the sum of n rows with weights.
template <class T, int vectors>
ELMAN_INLINE void weighted_columns(T* out, const T* weights, const T* rows, ptrdiff_t apart, int n, int width) {
  Vec<T> sum[vectors] = {};
  for (int s = 0; s < n; ++s)
    for (int v = 0; v < vectors; ++v)
      sum[v] += weights[s] * load_first<T>(rows + s * apart + v * lanes<T>, width - v * lanes<T>);
  for (int v = 0; v < vectors; ++v) store_first<T>(out + v * lanes<T>, width - v * lanes<T>, sum[v]);
}

// out = the sum of n rows with weights.
template <class T>
ELMAN_INLINE void weighted_sum(T* out, const T* weights, const T* rows, ptrdiff_t apart, int n, int width) {
  constexpr int wide = 4 * lanes<T>;
  int i = 0;
  for (; i + wide <= width; i += wide) weighted_columns<T, 4>(out + i, weights, rows + i, apart, n, wide);
  for (; i < width; i += lanes<T>) weighted_columns<T, 1>(out + i, weights, rows + i, apart, n, width - i);
}

template <class T>
ELMAN_INLINE T additive_score(const T* query, const T* key, const T* vector, int width) {
  Vec<T> sum{};
  each_vector<T>(width, [&](int i, int n) {
    sum += load_first<T>(vector + i, n) * tanh_<T>(load_first<T>(query + i, n) + load_first<T>(key + i, n));
  });
  return fold_sum<T>(sum);
}

// The weights of all steps, which sum to 1.
template <class T>
ELMAN_ONE_COPY void attention_weights(const T* query, const Attended<T>& m, T* weights) {
  for (int s = 0; s < m.n; ++s) {
    const T* key = m.keys + s * m.keys_apart;
    weights[s] =
        m.vector ? additive_score<T>(query, key, m.vector, m.key_width) : m.scale * dot<T>(query, key, m.key_width);
  }
  const T most = row_max<T>(weights, m.n);
  Vec<T> sum{};
  each_vector<T>(m.n, [&](int i, int n) {
    const Vec<T> e = exp_<T>(load_first<T>(weights + i, n) - most);
    store_first<T>(weights + i, n, e);
    sum += first_lanes<T>(e, n, Vec<T>{});
  });
  const T all = fold_sum<T>(sum);
  each_vector<T>(m.n, [&](int i, int n) { store_first<T>(weights + i, n, load_first<T>(weights + i, n) / all); });
}

template <class T>
void attend(const T* query, const Attended<T>& m, T* weights, T* out) {
  if (m.n > 0) attention_weights<T>(query, m, weights);
  weighted_sum<T>(out, weights, m.values, m.values_apart, m.n, m.value_width);
}

// dL/d score of each step, in place of dL/d weight.
template <class T>
ELMAN_INLINE void softmax_back(const T* weights, T* gradient, int n) {
  const T mean = dot<T>(weights, gradient, n);
  each_vector<T>(n, [&](int i, int k) {
    store_first<T>(gradient + i, k, load_first<T>(weights + i, k) * (load_first<T>(gradient + i, k) - mean));
  });
}

// The way back from dL/d score of a step, v . tanh(query + key).
template <class T>
ELMAN_INLINE void additive_back(const T* query, const T* key, const T* vector, T gradient, int width, T* query_grad,
                                T* key_grad, T* vector_grad) {
  each_vector<T>(width, [&](int i, int n) {
    const Vec<T> z = tanh_<T>(load_first<T>(query + i, n) + load_first<T>(key + i, n));
    const Vec<T> inside = gradient * load_first<T>(vector + i, n) * (T(1) - z * z);
    if (query_grad) store_first<T>(query_grad + i, n, load_first<T>(query_grad + i, n) + inside);
    if (key_grad) store_first<T>(key_grad + i, n, load_first<T>(key_grad + i, n) + inside);
    if (vector_grad) store_first<T>(vector_grad + i, n, load_first<T>(vector_grad + i, n) + gradient * z);
  });
}

template <class T>
void attend_back(const T* query, const Attended<T>& m, const T* gradient, T* weights,
                 const AttentionGradients<T>& out) {
  T* scores = weights + m.n;
  if (out.query) fill_row<T>(out.query, T(0), m.key_width);
  if (m.n == 0) return;
  attention_weights<T>(query, m, weights);
  for (int s = 0; s < m.n; ++s) scores[s] = dot<T>(gradient, m.values + s * m.values_apart, m.value_width);
  softmax_back<T>(weights, scores, m.n);
  for (int s = 0; out.values && s < m.n; ++s)
    add_scaled<T>(out.values + s * out.values_apart, weights[s], gradient, m.value_width);
  if (m.vector) {
    for (int s = 0; s < m.n; ++s)
      additive_back<T>(query, m.keys + s * m.keys_apart, m.vector, scores[s], m.key_width, out.query,
                       out.keys ? out.keys + s * out.keys_apart : nullptr, out.vector);
    return;
  }
  for (int s = 0; s < m.n; ++s) scores[s] *= m.scale;
  if (out.query) weighted_sum<T>(out.query, scores, m.keys, m.keys_apart, m.n, m.key_width);
  for (int s = 0; out.keys && s < m.n; ++s) add_scaled<T>(out.keys + s * out.keys_apart, scores[s], query, m.key_width);
}
