"""Functions: what C has no function of, and own forms of exp, tanh and their like.

`@R` is the type of numbers, `@f` what ends the names of its functions in math.h, `@l` what ends its literals. The
polynomials are those of the native engine (`native/vector_math.inc.h`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

OWN = {  # the largest errors of own functions, over every 17th float there is; tests/interop/c holds a part of that
    "own_exp": "1.1 units in the last place",
    "own_log": "0.9 units in the last place",
    "own_log1p": "0.9 units in the last place",
    "own_tanh": "2.5 units in the last place",
    "sigmoid": "2.5 units in the last place",
    "own_sin": "1.2e-7 up to |x| = 8192, from where on it is the library's",
    "own_cos": "1.2e-7 up to |x| = 8192, from where on it is the library's",
    "own_erf": "2.5 units in the last place",
    "gelu": "1.3e-7 of the larger of 1 and |x|",
    "softplus": "1.7 units in the last place",
    "silu": "1.5e-7 of the larger of 1 and |x|",
    "elu": "1.6 units in the last place",
}

BLOCK = 64  # rows that a product of bytes sums up before it scales them

_SHARED = {
    "square": "static inline @R square(@R x) {\n    return x * x;\n}",
    "sign": "static inline @R sign(@R x) {\n    return x > 0 ? 1 : x < 0 ? -1 : x;\n}",
    "relu": "static inline @R relu(@R x) {\n    return x <= 0 ? 0 : x;\n}",
    "leaky_relu": "static inline @R leaky_relu(@R x, @R slope) {\n    return x > 0 ? x : slope * x;\n}",
    "clip": "static inline @R clip(@R x, @R low, @R high) {\n    return x < low ? low : x > high ? high : x;\n}",
    "maximum": """
static inline @R maximum(@R a, @R b) {
    return a >= b ? a : b > a ? b : a + b; /* NaN of a NaN */
}""",
    "minimum": """
static inline @R minimum(@R a, @R b) {
    return a <= b ? a : b < a ? b : a + b; /* NaN of a NaN */
}""",
    "spike": "static inline @R spike(@R x) {\n    return x > 0 ? 1 : x <= 0 ? 0 : x;\n}",
    "lgamma_": (
        "static inline @R lgamma_(@R x) {\n    return x > 0 ? lgamma@f(x) : x == 0 ? (@R)INFINITY : (@R)NAN;\n}"
    ),
    "digamma": """
/* digamma(x) = digamma(x + 1) - 1 / x up to 10, and from there Stirling's series. */
static inline @R digamma(@R x) {
    double shifted = (double)x, sum = 0, inverse, series;
    if (!(x > 0)) {
        return x == 0 ? (@R)-INFINITY : (@R)NAN;
    }
    while (shifted < 10) {
        sum -= 1 / shifted;
        shifted += 1;
    }
    inverse = 1 / (shifted * shifted);
    series = 1.0 / 252 - inverse * (1.0 / 240 - inverse / 132);
    series = inverse * (1.0 / 12 - inverse * (1.0 / 120 - inverse * series));
    return (@R)(sum + log(shifted) - 0.5 / shifted - series);
}""",
    "multiply": """
/* y += W x, with W (rows, columns) written column after column: this order lets a compiler use its vector registers. */
static inline void multiply(const @W *restrict w, const @R *restrict x, size_t rows, size_t columns, @R *restrict y) {
    for (size_t left = columns / 4; left > 0; left--) {
        const @W *const w1 = w + rows, *const w2 = w1 + rows, *const w3 = w2 + rows;
        const @R x0 = x[0], x1 = x[1], x2 = x[2], x3 = x[3];
        for (size_t r = 0; r < rows; r++) {
            y[r] += w[r] * x0 + w1[r] * x1 + w2[r] * x2 + w3[r] * x3;
        }
        w = w3 + rows;
        x += 4;
    }
    for (size_t left = columns % 4; left > 0; left--) {
        const @R x0 = x[0];
        for (size_t r = 0; r < rows; r++) {
            y[r] += w[r] * x0;
        }
        w += rows;
        x++;
    }
}""",
    "multiply_rows": """
/* y += W x, with W (rows, columns) written row after row. */
static inline void multiply_rows(const @R *restrict w, const @R *restrict x, size_t rows, size_t columns,
                                 @R *restrict y) {
    for (size_t r = 0; r < rows; r++) {
        @R sum = 0;
        for (size_t c = 0; c < columns; c++) {
            sum += w[c] * x[c];
        }
        y[r] += sum;
        w += columns;
    }
}""",
    "multiply_bytes": """
/* y += scale * (W x), with bytes W (rows, columns) written column after column and a scale for each row. */
static void multiply_bytes(const int8_t *restrict w, const @R *restrict scale, const @R *restrict x, size_t rows,
                           size_t columns, @R *restrict y) {
    for (size_t first = 0; first < rows; first += @B) {
        const size_t count = rows - first < @B ? rows - first : @B;
        const int8_t *w0 = w + first;
        const @R *x0 = x;
        @R sum[@B] = {0};
        for (size_t left = columns / 4; left > 0; left--) {
            const int8_t *const w1 = w0 + rows, *const w2 = w1 + rows, *const w3 = w2 + rows;
            for (size_t r = 0; r < count; r++) {
                sum[r] += (@R)w0[r] * x0[0] + (@R)w1[r] * x0[1] + (@R)w2[r] * x0[2] + (@R)w3[r] * x0[3];
            }
            w0 = w3 + rows;
            x0 += 4;
        }
        for (size_t left = columns % 4; left > 0; left--) {
            for (size_t r = 0; r < count; r++) {
                sum[r] += (@R)w0[r] * x0[0];
            }
            w0 += rows;
            x0++;
        }
        for (size_t r = 0; r < count; r++) {
            y[first + r] += scale[first + r] * sum[r];
        }
    }
}""",
    "copy": """
static inline void copy(@R *restrict to, const @R *restrict from, size_t count) {
    for (size_t i = 0; i < count; i++) {
        to[i] = from[i];
    }
}""",
    "fill": """
static inline void fill(@R *to, @R value, size_t count) {
    for (size_t i = 0; i < count; i++) {
        to[i] = value;
    }
}""",
    "dot": """
static inline @R dot(const @R *restrict a, const @R *restrict b, size_t count) {
    @R sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}""",
    "score": """
static inline @R score(const @R *restrict query, const @R *restrict key, const @R *restrict vector, size_t count) {
    @R sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += vector[i] * TANH(query[i] + key[i]);
    }
    return sum;
}""",
}

_LIBM = {
    "sigmoid": """
static inline @R sigmoid(@R x) {
    const @R e = exp@f(-fabs@f(x)); /* stays finite */
    return (x < 0 ? e : 1) / (1 + e);
}""",
    "softplus": """
static inline @R softplus(@R x) {
    return (x > 0 ? x : x < 0 ? 0 : x) + log1p@f(exp@f(-fabs@f(x)));
}""",
    "silu": "static inline @R silu(@R x) {\n    return x * sigmoid(x);\n}",
    "elu": "static inline @R elu(@R x, @R alpha) {\n    return x > 0 ? x : alpha * expm1@f(x);\n}",
    "gelu": """
static inline @R gelu(@R x) {
    return 0.5@l * x * erfc@f(x * -0.70710678118654752440@l);
}""",
}

_OWN = {
    "bits": """
/* The bits of a float as a whole number, and back. */
static inline uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float float_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}""",
    "exp_rest": """
/* (e^r - 1 - r) / r^2, for |r| up to ln(2) / 2. */
static inline float exp_rest(float r) {
    return 0.5f + r * (0.16666573f + r * (0.041666362f + r * (0.008363772f + r * 0.001394215f)));
}""",
    "size_up_to": """
/* The bits of |x|, or those of a limit where that is less. NaN stays NaN. */
static inline uint32_t size_up_to(int32_t limit, float x) {
    const int32_t size = (int32_t)(bits_of(x) & 0x7FFFFFFFu);
    return (uint32_t)(size > 0x7F800000 ? size : size < limit ? size : limit);
}""",
    "own_exp": """
/* e^x: x = n ln(2) + r, where n is in the last bits of a float whose last bit counts 1. |x| is 110 at most. */
static inline float own_exp(float x) {
    const float y = float_of(size_up_to(0x42DC0000, x) | (bits_of(x) & 0x80000000u));
    const float shifted = y * 1.44269504f + 12582912.0f, n = shifted - 12582912.0f;
    const float r = (y - n * 0.69314575f) - n * 1.4286068e-06f;
    const uint32_t both = bits_of(shifted) - 0x4B400000u + 254u, half = both >> 1; /* 2^n in two factors */
    return ((r * r * exp_rest(r) + r) + 1.0f) * float_of(half << 23) * float_of((both - half) << 23);
}""",
    "own_expm1": """
/* e^x - 1, for |x| up to 40. */
static inline float own_expm1(float x) {
    const float shifted = x * 1.44269504f + 12582912.0f, n = shifted - 12582912.0f;
    const float r = (x - n * 0.69314575f) - n * 1.4286068e-06f;
    const float power = float_of((bits_of(shifted) - 0x4B400000u + 127u) << 23);
    return power * (r * r * exp_rest(r) + r) + (power - 1.0f);
}""",
    "own_tanh": """
static inline float own_tanh(float x) {
    const float e = own_expm1(2.0f * float_of(size_up_to(0x41A00000, x))), y = e / (e + 2.0f);
    return x < 0.0f ? -y : y;
}""",
    "sigmoid": """
static inline float sigmoid(float x) {
    const float e = own_exp(-fabsf(x)); /* stays finite */
    return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}""",
    "log_scaled": """
/* log(x) + rest of a normal x > 0: x = 2^n (1 + f) with 1 + f from sqrt(1/2) to sqrt(2). */
static inline float log_scaled(float x, float rest) {
    const uint32_t bits = bits_of(x), biased = (bits - 0x3F3504F3u + 0x3F800000u) >> 23;
    const float n = float_of(biased | 0x4B000000u) - 8388735.0f;
    const float f = float_of(bits - (biased << 23) + 0x3F800000u) - 1.0f;
    float p = 0.118751444f + f * (-0.117990695f + f * 0.06921515f);
    p = 0.20002247f + f * (-0.16669309f + f * (0.14218225f + f * (-0.12383018f + f * p)));
    p = 0.3333331f + f * (-0.24999985f + f * p);
    return n * 0.69314575f + (f - (0.5f * f * f - (f * f * f * p + (n * 1.4286068e-06f + rest))));
}""",
    "own_log": """
static inline float own_log(float x) {
    const int small = x < 1.17549435e-38f;
    const float y = log_scaled(small ? x * 8388608.0f : x, small ? -15.9423847f : 0.0f);
    const float outside = x == 0.0f ? -INFINITY : NAN;
    return x == INFINITY ? x : x > 0.0f ? y : outside;
}""",
    "own_log1p": """
static inline float own_log1p(float x) {
    const float u = 1.0f + x;
    const float y = log_scaled(u, (x - (u - 1.0f)) / u), outside = x == -1.0f ? -INFINITY : NAN;
    return x == INFINITY || fabsf(x) < 1.17549435e-38f ? x : x > -1.0f ? y : outside;
}""",
    "softplus": """
static inline float softplus(float x) {
    const float e = own_exp(-fabsf(x)), u = 1.0f + e;
    return (x > 0.0f ? x : x < 0.0f ? 0.0f : x) + log_scaled(u, (e - (u - 1.0f)) / u);
}""",
    "silu": "static inline float silu(float x) {\n    return x * sigmoid(x);\n}",
    "elu": """
static inline float elu(float x, float alpha) {
    return x > 0.0f ? x : alpha * own_expm1(x < -40.0f ? -40.0f : x);
}""",
    "own_turn": """
/* The sine (quarter 0) or cosine (quarter 1) of x: x = n pi/2 + r, with pi/2 in three parts. */
static inline float own_turn(float x, uint32_t quarter) {
    const float shifted = x * 0.63661977f + 12582912.0f, n = shifted - 12582912.0f;
    const float r = ((x - n * 1.5703125f) - n * 4.8351288e-04f) - n * 3.1385870e-07f - n * 6.0771e-11f, z = r * r;
    const float s = r + r * z * (-0.16666655f + z * (0.0083321609f - z * 1.9515296e-04f));
    const float c = 1.0f - 0.5f * z + z * z * (0.041666646f + z * (-0.0013887316f + z * 2.4433157e-05f));
    const uint32_t turn = bits_of(shifted) + quarter;
    const float y = (turn & 1u) != 0u ? c : s;
    return (turn & 2u) != 0u ? -y : y;
}""",
    "own_sin": "static inline float own_sin(float x) {\n    return fabsf(x) <= 8192.0f ? own_turn(x, 0u) : sinf(x);\n}",
    "own_cos": "static inline float own_cos(float x) {\n    return fabsf(x) <= 8192.0f ? own_turn(x, 1u) : cosf(x);\n}",
    "tail": """
/* factor * Phi(-t) / e^(-t^2 / 2), with the distribution function Phi of the normal distribution, for t >= 0. */
static inline float tail(float t, float factor) {
    const float sum = t + 3.0f, u = (t - 3.0f) / sum;
    float p = 0.0010247801f + u * (-0.00103253f + u * (-2.4475122e-04f + u * (1.3126322e-04f + u * 5.4459113e-05f)));
    p = 0.2300177f + u * (-0.047262687f + u * (-0.01046252f + u * (0.0069693034f + u * p)));
    return factor / sum * (0.7290837f + u * (-0.509332f + u * p));
}""",
    "times_exp": """
/* amount * e^(-factor t^2): t^2 is cut in a part that is exact and a small rest. */
static inline float times_exp(float amount, float t, float factor) {
    const float high = float_of(bits_of(t) & 0xFFFFF000u);
    const float square = -factor * high * high, rest = factor * (t - high) * (t + high);
    return amount * own_exp(square) * (1.0f - rest);
}""",
    "own_erf": """
static inline float own_erf(float x) {
    const float size = fabsf(x), t = size > 10.0f ? 10.0f : size, z = t * t;
    const float outer = 1.0f - times_exp(tail(t * 1.41421356f, 2.0f), t, 1.0f);
    float p = 0.112833925f + z * (-0.02683542f + z * (0.005115947f + z * -6.7608187e-04f));
    p = t * (1.1283791f + z * (-0.3761262f + z * p));
    p = t < 0.75f ? p : outer;
    return x < 0.0f ? -p : p;
}""",
    "gelu": "static inline float gelu(float x) {\n    return 0.5f * x * (1.0f + own_erf(x * 0.70710678f));\n}",
}


class Functions:
    """The functions of one file; `own` are those in place of math.h's, which are for float32 only."""

    def __init__(self, dtype: np.dtype, own: bool, integer: bool = False):
        self.real, self.ending, self.own = ("float", "f", own) if dtype == np.float32 else ("double", "", own)
        self.used: dict[str, None] = {}
        self.text = {**_SHARED, **(_OWN if own else _LIBM)}

    def name(self, op: str) -> str:
        """What an op's function is called; it is then written into the file."""
        if op in _OF_MATH and not (self.own and f"own_{op}" in self.text):
            return f"{op}{self.ending}"
        found = {"lgamma": "lgamma_"}.get(op, f"own_{op}" if self.own and f"own_{op}" in self.text else op)
        self.use(found)
        return found

    def use(self, name: str) -> str:
        """Write a function into the file, behind those that it needs."""
        if name not in self.used:
            text = self._text(name)
            for needed in self._needed(name, text):
                self.use(needed)
            self.used[name] = None
        return name

    def literal(self, value: float) -> str:
        """A number as C reads it, to the last bit, and in brackets where it is negative."""
        text = self.number(value)
        return f"({text})" if text.startswith("-") else text

    def number(self, value: float) -> str:
        """A number as C reads it, to the last bit."""
        if np.isinf(value):
            return f"{'-' if value < 0 else ''}{'' if self.ending else '(double)'}INFINITY"
        text = str(np.float32(value) if self.ending else np.float64(value))
        return f"{text if '.' in text or 'e' in text else f'{text}.0'}{self.ending}"

    def written(self) -> str:
        """The text of all that is used."""
        return "\n\n".join(self._text(name).strip("\n") for name in self.used)

    def _text(self, name: str) -> str:
        text = self.text[name].replace("TANH", self._called_tanh()).replace("@B", str(BLOCK))
        return (
            text.replace("@W", self.real).replace("@R", self.real).replace("@f", self.ending).replace("@l", self.ending)
        )

    def _called_tanh(self) -> str:
        return "own_tanh" if self.own else f"tanh{self.ending}"

    def _needed(self, name: str, text: str) -> Iterable[str]:
        words = set(re.findall(r"(\w+)\(", text))  # what is called: names of values may be those of functions
        helpers = {"bits_of": "bits", "float_of": "bits"}
        found = [helpers.get(w, w) for w in words]
        return sorted({w for w in found if w in self.text and w != name})


_OF_MATH = ("exp", "log", "log1p", "sin", "cos", "erf", "tanh", "sqrt", "fabs", "floor", "pow")
RESERVED = frozenset([*_SHARED, *_OWN, *_LIBM, "bits_of", "float_of", "state", "steps", "t", "i"])
