// Vectors of floats or doubles and what is done to all their lanes. Included by kernels.inc.h's parts, inside the
// namespace of an instruction set; GCC's vector extensions, so that one source serves every width.
#pragma once

template <class T>
struct Real;

template <>
struct Real<float> {
  typedef float Vector __attribute__((vector_size(ELMAN_VECTOR_BYTES)));
  typedef uint32_t Bits __attribute__((vector_size(ELMAN_VECTOR_BYTES)));
  typedef float Memory __attribute__((vector_size(ELMAN_VECTOR_BYTES), aligned(4), may_alias));
  using Word = uint32_t;
  static constexpr int mantissa = 23, bias = 127;
  static constexpr float infinity = __builtin_inff(), nan = __builtin_nanf("");
};

template <>
struct Real<double> {
  typedef double Vector __attribute__((vector_size(ELMAN_VECTOR_BYTES)));
  typedef uint64_t Bits __attribute__((vector_size(ELMAN_VECTOR_BYTES)));
  typedef double Memory __attribute__((vector_size(ELMAN_VECTOR_BYTES), aligned(8), may_alias));
  using Word = uint64_t;
  static constexpr int mantissa = 52, bias = 1023;
  static constexpr double infinity = __builtin_inf(), nan = __builtin_nan("");
};

template <class T>
using Vec = typename Real<T>::Vector;
template <class T>
using Bits = typename Real<T>::Bits;
template <class T>
constexpr int lanes = ELMAN_VECTOR_BYTES / sizeof(T);

template <class T>
ELMAN_INLINE Vec<T> load(const T* p) {
  return *reinterpret_cast<const typename Real<T>::Memory*>(p);
}
template <class T>
ELMAN_INLINE void store(T* p, Vec<T> x) {
  *reinterpret_cast<typename Real<T>::Memory*>(p) = x;
}
template <class T>
ELMAN_INLINE Vec<T> splat(T x) {
  return x - Vec<T>{};
}

// What the microkernels do: one word of a row times a vector of words, one of each column. A word is a number or, in
// units that multiply pairs, two bfloat16 numbers (bfloat16.inc.h), whose two products are added. NEON multiplies by
// one lane of a register, but GCC rather fills a register, which takes the multipliers' time, where it sees that the
// number comes from memory.
#if ELMAN_PAIRS
template <class T>
ELMAN_INLINE Vec<T> broadcast(const T* word) {
  typedef int Bits __attribute__((may_alias));
  return (Vec<T>)_mm512_set1_epi32(*reinterpret_cast<const Bits*>(word));
}
template <class T>
ELMAN_INLINE Vec<T> multiply_add(Vec<T> x, Vec<T> y, Vec<T> sum) {
  return (Vec<T>)_mm512_dpbf16_ps((__m512)sum, (__m512bh)x, (__m512bh)y);
}
#else
template <class T>
ELMAN_INLINE Vec<T> broadcast(const T* word) {
  T x = *word;
#if ELMAN_NEON
  asm("" : "+w"(x));
#endif
  return splat<T>(x);
}
template <class T>
ELMAN_INLINE Vec<T> multiply_add(Vec<T> x, Vec<T> y, Vec<T> sum) {
  return x * y + sum;
}
#endif

// Lane i is lane number[i] of the two vectors' lanes together.
template <class T, class N>
ELMAN_INLINE Vec<T> shuffle(Vec<T> a, Vec<T> b, N number) {
#if defined(__clang__)
  Vec<T> out;
  for (int i = 0; i < lanes<T>; ++i) out[i] = number[i] < lanes<T> ? a[number[i]] : b[number[i] - lanes<T>];
  return out;
#else
  return __builtin_shuffle(a, b, number);
#endif
}

// The first n values of a vector, the others zero, and back: memory behind them is not touched. A whole vector where n
// is more.
#if ELMAN_VECTOR_BYTES == 64 && defined(__x86_64__)
ELMAN_INLINE Vec<float> load_mask(const float* p, uint16_t mask) {
  return __builtin_ia32_loadups512_mask(p, Vec<float>{}, mask);
}
ELMAN_INLINE Vec<double> load_mask(const double* p, uint8_t mask) {
  return __builtin_ia32_loadupd512_mask(p, Vec<double>{}, mask);
}
ELMAN_INLINE void store_mask(float* p, uint16_t mask, Vec<float> x) { __builtin_ia32_storeups512_mask(p, x, mask); }
ELMAN_INLINE void store_mask(double* p, uint8_t mask, Vec<double> x) { __builtin_ia32_storeupd512_mask(p, x, mask); }

template <class T>
ELMAN_INLINE Vec<T> load_first(const T* p, int n) {
  return n >= lanes<T> ? load<T>(p) : Vec<T>(load_mask(p, (1u << n) - 1));
}
template <class T>
ELMAN_INLINE void store_first(T* p, int n, Vec<T> x) {
  if (n >= lanes<T>)
    store<T>(p, x);
  else
    store_mask(p, (1u << n) - 1, x);
}
#else
template <class T>
ELMAN_INLINE Vec<T> load_first(const T* p, int n) {
  if (n >= lanes<T>) return load<T>(p);
  Vec<T> x{};
  for (int i = 0; i < lanes<T> - 1; ++i)
    if (i < n) x[i] = p[i];
  return x;
}
template <class T>
ELMAN_INLINE void store_first(T* p, int n, Vec<T> x) {
  if (n >= lanes<T>) return store<T>(p, x);
  for (int i = 0; i < lanes<T> - 1; ++i)
    if (i < n) p[i] = x[i];
}
#endif

// Rows and columns of a block of values change places: at each distance, the quarters that are off the diagonal do.
template <class T, int distance = lanes<T> / 2>
ELMAN_INLINE void transpose(Vec<T>* block) {
  using Lane = decltype(Bits<T>{} == Bits<T>{});
  Lane upper, lower;
  for (int i = 0; i < lanes<T>; ++i) {
    upper[i] = i & distance ? lanes<T> + i - distance : i;
    lower[i] = i & distance ? lanes<T> + i : i + distance;
  }
  for (int i = 0; i < lanes<T>; ++i)
    if (!(i & distance)) {
      const Vec<T> a = block[i], b = block[i + distance];
      block[i] = shuffle<T>(a, b, upper), block[i + distance] = shuffle<T>(a, b, lower);
    }
  if constexpr (distance > 1) transpose<T, distance / 2>(block);
}

template <class T>
ELMAN_INLINE Bits<T> bits_of(Vec<T> x) {
  return (Bits<T>)x;
}
template <class T>
ELMAN_INLINE Vec<T> real_of(Bits<T> b) {
  return (Vec<T>)b;
}

// The smaller or larger of two; NaN where the second is NaN. One instruction on x86 and NEON, which GCC does not find
// itself.
#if ELMAN_NEON
ELMAN_INLINE Vec<float> smaller(Vec<float> a, Vec<float> b) { return vminq_f32(a, b); }
ELMAN_INLINE Vec<double> smaller(Vec<double> a, Vec<double> b) { return vminq_f64(a, b); }
ELMAN_INLINE Vec<float> larger(Vec<float> a, Vec<float> b) { return vmaxq_f32(a, b); }
ELMAN_INLINE Vec<double> larger(Vec<double> a, Vec<double> b) { return vmaxq_f64(a, b); }
#elif defined(__x86_64__) && !defined(__clang__)
#if ELMAN_VECTOR_BYTES == 64
#define ELMAN_X86(name, a, b) __builtin_ia32_##name##512_mask(a, b, a, -1, 4)
#elif ELMAN_VECTOR_BYTES == 32
#define ELMAN_X86(name, a, b) __builtin_ia32_##name##256(a, b)
#else
#define ELMAN_X86(name, a, b) __builtin_ia32_##name(a, b)
#endif
ELMAN_INLINE Vec<float> smaller(Vec<float> a, Vec<float> b) { return ELMAN_X86(minps, a, b); }
ELMAN_INLINE Vec<double> smaller(Vec<double> a, Vec<double> b) { return ELMAN_X86(minpd, a, b); }
ELMAN_INLINE Vec<float> larger(Vec<float> a, Vec<float> b) { return ELMAN_X86(maxps, a, b); }
ELMAN_INLINE Vec<double> larger(Vec<double> a, Vec<double> b) { return ELMAN_X86(maxpd, a, b); }
#undef ELMAN_X86
#else
template <class V>
ELMAN_INLINE V smaller(V a, V b) {
  return a < b ? a : b;
}
template <class V>
ELMAN_INLINE V larger(V a, V b) {
  return a > b ? a : b;
}
#endif

// These keep a NaN in x.
template <class T>
ELMAN_INLINE Vec<T> at_most(Vec<T> x, T limit) {
  return smaller(splat<T>(limit), x);
}
template <class T>
ELMAN_INLINE Vec<T> at_least(Vec<T> x, T limit) {
  return larger(splat<T>(limit), x);
}
template <class T>
ELMAN_INLINE Vec<T> abs_(Vec<T> x) {
  return real_of<T>(bits_of<T>(x) & (~typename Real<T>::Word(0) >> 1));
}
template <class T>
ELMAN_INLINE Vec<T> with_sign(Vec<T> x, Vec<T> sign) {
  constexpr auto rest = ~typename Real<T>::Word(0) >> 1;
  return real_of<T>((bits_of<T>(x) & rest) | (bits_of<T>(sign) & ~rest));
}

// Whether the sign of any lane is set: that of a number, or of what a comparison gives.
template <class T, class V>
ELMAN_INLINE bool any_negative(V x) {
#if defined(__x86_64__) && ELMAN_VECTOR_BYTES == 64
  typedef int Int __attribute__((vector_size(64)));
  typedef long long Long __attribute__((vector_size(64)));
  if constexpr (sizeof(T) == 4) return __builtin_ia32_cvtd2mask512((Int)x);
  if constexpr (sizeof(T) == 8) return __builtin_ia32_cvtq2mask512((Long)x);
#elif defined(__x86_64__) && ELMAN_VECTOR_BYTES == 32
  if constexpr (sizeof(T) == 4) return __builtin_ia32_movmskps256((Vec<T>)x);
  if constexpr (sizeof(T) == 8) return __builtin_ia32_movmskpd256((Vec<T>)x);
#elif defined(__x86_64__)
  if constexpr (sizeof(T) == 4) return __builtin_ia32_movmskps((Vec<T>)x);
  if constexpr (sizeof(T) == 8) return __builtin_ia32_movmskpd((Vec<T>)x);
#else
  typename Real<T>::Word all = 0;
  for (int i = 0; i < lanes<T>; ++i) all |= ((Bits<T>)x)[i];
  return all >> (8 * sizeof(T) - 1);
#endif
}

// Lane by lane.
template <class T, class F>
ELMAN_INLINE Vec<T> each_lane(Vec<T> x, F f) {
  Vec<T> y;
  for (int i = 0; i < lanes<T>; ++i) y[i] = f(x[i], i);
  return y;
}

template <class T>
ELMAN_INLINE Vec<T> sqrt_(Vec<T> x) {
  return each_lane<T>(x, [](T v, int) { return sizeof(T) == 4 ? T(__builtin_sqrtf(v)) : T(__builtin_sqrt(v)); });
}
