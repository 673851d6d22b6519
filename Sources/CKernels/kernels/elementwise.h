// Functions of one and two numbers over arrays.

// A result may be the operand itself but never a shifted part of it, so lanes are independent.
#define NK_INDEPENDENT _Pragma("clang loop vectorize(assume_safety) interleave(enable)")
// Long chains of operations, of which too few are under way at a time one vector after the other; and with sixteen
// registers constants are loaded anew for each turn.
#if NK_WIDTH == 8
#define NK_SIDE_BY_SIDE _Pragma("clang loop vectorize(assume_safety) interleave_count(4)")
#else
#define NK_SIDE_BY_SIDE NK_INDEPENDENT
#endif

// X(case, value of x, derivative at x): `p` and `q` are the function's parameters. Derivatives at kinks are PyTorch's.
#define NK_VECTOR_FUNCTIONS(X)                                                                                  \
  X(NICHE_RELU, (x > 0 ? x : x != x ? x : 0.0f), (x > 0 ? 1.0f : 0.0f))                                         \
  X(NICHE_RELU6, nk_clamp(x, 0.0f, 6.0f), (x > 0 && x < 6 ? 1.0f : 0.0f))                                       \
  X(NICHE_LEAKY_RELU, (x > 0 ? x : x * p), (x > 0 ? 1.0f : p))                                                  \
  X(NICHE_ELU, (x > 0 ? x : p * nk_expm1(x)), (x > 0 ? 1.0f : p * nk_exp(x)))                                   \
  X(NICHE_GELU, x *nk_distribution(x), nk_distribution(x) + x * nk_density(x))                                  \
  X(NICHE_GELU_TANH, 0.5f * x * (1.0f + nk_tanh(nk_gelu_tanh_inner(x))), nk_gelu_tanh_slope(x))                 \
  X(NICHE_SILU, x *nk_sigmoid(x), nk_silu_slope(x))                                                             \
  X(NICHE_SIGMOID, nk_sigmoid(x), nk_sigmoid_slope(x))                                                          \
  X(NICHE_TANH, nk_tanh(x), nk_tanh_slope(x))                                                                   \
  X(NICHE_HARD_SIGMOID, nk_clamp(x + 3.0f, 0.0f, 6.0f) * (1.0f / 6.0f), (x > -3 && x < 3 ? 1.0f / 6.0f : 0.0f)) \
  X(NICHE_HARD_SWISH, x *nk_clamp(x + 3.0f, 0.0f, 6.0f) * (1.0f / 6.0f),                                        \
    (x < -3 ? 0.0f : x <= 3 ? x * (1.0f / 3.0f) + 0.5f : 1.0f))                                                 \
  X(NICHE_MISH, x *nk_tanh_softplus(x), nk_mish_slope(x))                                                       \
  X(NICHE_EXPONENTIAL, nk_exp(x), nk_exp(x))                                                                    \
  X(NICHE_SQUARE_ROOT, nk_square_root(x), 0.5f / nk_square_root(x))                                             \
  X(NICHE_RECIPROCAL, 1.0f / x, -1.0f / (x * x))                                                                \
  X(NICHE_NEGATE, -x, -1.0f)                                                                                    \
  X(NICHE_ABSOLUTE, fabsf(x), (x > 0 ? 1.0f : x < 0 ? -1.0f : 0.0f))                                            \
  X(NICHE_SQUARE, x *x, 2.0f * x)                                                                               \
  X(NICHE_ERROR_FUNCTION, nk_erf(x), 1.1283791671f * nk_exp(-x * x))                                            \
  X(NICHE_EXPONENTIAL_MINUS_1, nk_expm1(x), nk_exp(x))                                                          \
  X(NICHE_RECIPROCAL_SQUARE_ROOT, 1.0f / nk_square_root(x), -0.5f / (x * nk_square_root(x)))                    \
  X(NICHE_SOFTSIGN, x / (1.0f + fabsf(x)), 1.0f / ((1.0f + fabsf(x)) * (1.0f + fabsf(x))))                      \
  X(NICHE_CLAMP, nk_clamp(x, p, q), (x >= p && x <= q ? 1.0f : 0.0f))                                           \
  X(NICHE_HARD_TANH, nk_clamp(x, p, q), (x > p && x < q ? 1.0f : 0.0f))                                         \
  X(NICHE_FLOOR, __builtin_elementwise_floor(x), 0.0f)                                                          \
  X(NICHE_CEILING, __builtin_elementwise_ceil(x), 0.0f)                                                         \
  X(NICHE_ROUND, __builtin_elementwise_roundeven(x), 0.0f)                                                      \
  X(NICHE_TRUNCATE, __builtin_elementwise_trunc(x), 0.0f)                                                       \
  X(NICHE_SIGN, (x > 0 ? 1.0f : x < 0 ? -1.0f : 0.0f), 0.0f)                                                    \
  X(NICHE_IS_NAN, (x != x ? 1.0f : 0.0f), 0.0f)                                                                 \
  X(NICHE_IS_INFINITE, (fabsf(x) == INFINITY ? 1.0f : 0.0f), 0.0f)                                              \
  X(NICHE_IS_FINITE, (fabsf(x) < INFINITY ? 1.0f : 0.0f), 0.0f)

// Those that call the C library.
#define NK_LIBRARY_FUNCTIONS(X)                                                                                 \
  X(NICHE_SOFTPLUS, (x > 20 ? x : log1pf(expf(x))), (x > 20 ? 1.0f : nk_sigmoid(x)))                            \
  X(NICHE_LOGARITHM, logf(x), 1.0f / x)                                                                         \
  X(NICHE_SINE, sinf(x), cosf(x))                                                                               \
  X(NICHE_COSINE, cosf(x), -sinf(x))                                                                            \
  X(NICHE_TANGENT, tanf(x), 1.0f + tanf(x) * tanf(x))                                                           \
  X(NICHE_ARC_SINE, asinf(x), 1.0f / nk_square_root(1.0f - x * x))                                              \
  X(NICHE_ARC_COSINE, acosf(x), -1.0f / nk_square_root(1.0f - x * x))                                           \
  X(NICHE_ARC_TANGENT, atanf(x), 1.0f / (1.0f + x * x))                                                         \
  X(NICHE_HYPERBOLIC_SINE, sinhf(x), coshf(x))                                                                  \
  X(NICHE_HYPERBOLIC_COSINE, coshf(x), sinhf(x))                                                                \
  X(NICHE_INVERSE_HYPERBOLIC_SINE, asinhf(x), 1.0f / nk_square_root(x * x + 1.0f))                              \
  X(NICHE_INVERSE_HYPERBOLIC_COSINE, acoshf(x), 1.0f / nk_square_root(x * x - 1.0f))                            \
  X(NICHE_INVERSE_HYPERBOLIC_TANGENT, atanhf(x), 1.0f / (1.0f - x * x))                                         \
  X(NICHE_COMPLEMENTARY_ERROR_FUNCTION, erfcf(x), -1.1283791671f * nk_exp(-x * x))                              \
  X(NICHE_LOGARITHM_PLUS_1, log1pf(x), 1.0f / (1.0f + x))                                                       \
  X(NICHE_LOGARITHM_2, log2f(x), 1.4426950409f / x)                                                             \
  X(NICHE_LOGARITHM_10, log10f(x), 0.4342944819f / x)                                                           \
  X(NICHE_LOG_SIGMOID, (x < 0 ? x : 0.0f) - log1pf(expf(-fabsf(x))), nk_sigmoid(-x))

static inline float nk_gelu_tanh_slope(float x) {
  float t = nk_tanh(nk_gelu_tanh_inner(x));
  float inner = 0.7978845608f * (1.0f + 3.0f * 0.044715f * x * x);
  return 0.5f * (1.0f + t) + 0.5f * x * (1.0f - t * t) * inner;
}
static inline float nk_silu_slope(float x) {
  float s = nk_sigmoid(x);
  return s * (1.0f + x * (1.0f - s));
}
static inline float nk_sigmoid_slope(float x) {
  float s = nk_sigmoid(x);
  return s * (1.0f - s);
}
static inline float nk_tanh_slope(float x) {
  float t = nk_tanh(x);
  return 1.0f - t * t;
}
static inline float nk_mish_slope(float x) {
  float t = nk_tanh_softplus(x);
  return t + x * (1.0f - t * t) * nk_sigmoid(x);
}

#define NK_UNARY_CASE(NAME, VALUE, SLOPE, LOOP) \
  case NAME:                                    \
    LOOP for (ptrdiff_t i = 0; i < count; i++) {\
      float x = xs[i];                          \
      result[i] = (VALUE);                      \
    }                                           \
    break;
#define NK_SLOPE_CASE(NAME, VALUE, SLOPE, LOOP) \
  case NAME:                                    \
    LOOP for (ptrdiff_t i = 0; i < count; i++) {\
      float x = xs[i];                          \
      (void)x;                                  \
      result[i] = (SLOPE) * gradient[i];        \
    }                                           \
    break;

static void nk_unary(int32_t function, float p, float q, ptrdiff_t count, const float *xs, float *result) {
  (void)p;
  (void)q;
  switch (function) {
#define X(NAME, VALUE, SLOPE) NK_UNARY_CASE(NAME, VALUE, SLOPE, NK_SIDE_BY_SIDE)
    NK_VECTOR_FUNCTIONS(X)
#undef X
#define X(NAME, VALUE, SLOPE) NK_UNARY_CASE(NAME, VALUE, SLOPE, )
    NK_LIBRARY_FUNCTIONS(X)
#undef X
  }
}

static void nk_unary_gradient(
    int32_t function, float p, float q, ptrdiff_t count, const float *xs, const float *gradient, float *result) {
  (void)p;
  (void)q;
  switch (function) {
#define X(NAME, VALUE, SLOPE) NK_SLOPE_CASE(NAME, VALUE, SLOPE, NK_SIDE_BY_SIDE)
    NK_VECTOR_FUNCTIONS(X)
#undef X
#define X(NAME, VALUE, SLOPE) NK_SLOPE_CASE(NAME, VALUE, SLOPE, )
    NK_LIBRARY_FUNCTIONS(X)
#undef X
  }
}

static void nk_unary_gradient_and_value(
    int32_t function, float p, float q, ptrdiff_t count, const float *xs, const float *gradient, float *result,
    float *value) {
  if (function == NICHE_GELU) {
    NK_SIDE_BY_SIDE for (ptrdiff_t i = 0; i < count; i++) {
      float x = xs[i], share = nk_distribution(x), slope = (share + x * nk_density(x)) * gradient[i];
      value[i] = x * share;
      result[i] = slope;
    }
    return;
  }
  for (ptrdiff_t start = 0; start < count; start += 2048) {
    ptrdiff_t part = count - start < 2048 ? count - start : 2048;
    nk_unary_gradient(function, p, q, part, xs + start, gradient + start, result + start);
    nk_unary(function, p, q, part, xs + start, value + start);
  }
}

// a − b·⌊a/b⌋, and ⌊a/b⌋ that goes with it, as PyTorch computes them.
static inline float nk_remainder(float a, float b) {
  float rest = fmodf(a, b);
  return rest != 0 && (b < 0) != (rest < 0) ? rest + b : rest;
}
static inline float nk_floor_divide(float a, float b) {
  if (b == 0) return a / b;
  float rest = fmodf(a, b), quotient = (a - rest) / b;
  if (rest != 0 && (b < 0) != (rest < 0)) quotient -= 1.0f;
  if (quotient == 0) return copysignf(0.0f, a / b);
  float whole = floorf(quotient);
  return quotient - whole > 0.5f ? whole + 1.0f : whole;
}

// Callers see to it that b is not 0; −1 is apart, since the least number divided by it does not fit.
static inline int32_t nk_truncated_remainder_integer(int32_t a, int32_t b) { return b == 0 || b == -1 ? 0 : a % b; }
static inline int32_t nk_remainder_integer(int32_t a, int32_t b) {
  int32_t rest = nk_truncated_remainder_integer(a, b);
  return rest != 0 && (b < 0) != (rest < 0) ? rest + b : rest;
}
static inline int32_t nk_floor_divide_integer(int32_t a, int32_t b) {
  if (b == 0) return 0;
  if (b == -1) return (int32_t)(0u - (uint32_t)a);
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

// One row with operand strides 0 or 1; the strides are constants in each of the four loops.
#define NK_ROW(LOOP, VALUE, SA, SB)               \
  LOOP for (ptrdiff_t i = 0; i < count; i++) {    \
    const NK_ELEMENT a = left[SA ? i : 0], b = right[SB ? i : 0]; \
    result[i] = (VALUE);                          \
  }
// A stride of 0 is read once before the loop by way of a copy, since the result may lie over the operand.
#define NK_ROWS(LOOP, VALUE)                                     \
  if (left_stride && right_stride) {                             \
    NK_ROW(LOOP, VALUE, 1, 1)                                    \
  } else if (left_stride) {                                      \
    const NK_ELEMENT fixed = right[0], *right = &fixed;          \
    NK_ROW(LOOP, VALUE, 1, 0)                                    \
  } else if (right_stride) {                                     \
    const NK_ELEMENT fixed = left[0], *left = &fixed;            \
    NK_ROW(LOOP, VALUE, 0, 1)                                    \
  } else {                                                       \
    const NK_ELEMENT a = left[0], b = right[0];                  \
    const NK_ELEMENT value = (VALUE);                            \
    NK_INDEPENDENT for (ptrdiff_t i = 0; i < count; i++) result[i] = value; \
  }

#define NK_ELEMENT float
static void nk_binary_row(
    int32_t function, ptrdiff_t count, ptrdiff_t left_stride, ptrdiff_t right_stride, const float *left,
    const float *right, float *result) {
  switch (function) {
    case NICHE_ADD: NK_ROWS(NK_INDEPENDENT, a + b) break;
    case NICHE_SUBTRACT: NK_ROWS(NK_INDEPENDENT, a - b) break;
    case NICHE_MULTIPLY: NK_ROWS(NK_INDEPENDENT, a * b) break;
    case NICHE_DIVIDE: NK_ROWS(NK_INDEPENDENT, a / b) break;
    case NICHE_POWER: NK_ROWS(, powf(a, b)) break;
    case NICHE_MAXIMUM: NK_ROWS(NK_INDEPENDENT, (a > b || a != a ? a : b)) break;
    case NICHE_MINIMUM: NK_ROWS(NK_INDEPENDENT, (a < b || a != a ? a : b)) break;
    case NICHE_EQUAL: NK_ROWS(NK_INDEPENDENT, (a == b ? 1.0f : 0.0f)) break;
    case NICHE_LESS: NK_ROWS(NK_INDEPENDENT, (a < b ? 1.0f : 0.0f)) break;
    case NICHE_LESS_OR_EQUAL: NK_ROWS(NK_INDEPENDENT, (a <= b ? 1.0f : 0.0f)) break;
    case NICHE_NOT_EQUAL: NK_ROWS(NK_INDEPENDENT, (a != b ? 1.0f : 0.0f)) break;
    case NICHE_REMAINDER: NK_ROWS(, nk_remainder(a, b)) break;
    case NICHE_TRUNCATED_REMAINDER: NK_ROWS(, fmodf(a, b)) break;
    case NICHE_FLOOR_DIVIDE: NK_ROWS(, nk_floor_divide(a, b)) break;
    case NICHE_ARC_TANGENT_2: NK_ROWS(, atan2f(a, b)) break;
  }
}
#undef NK_ELEMENT

// Arithmetic wraps, as PyTorch's does.
#define NK_ELEMENT int32_t
static void nk_binary_integer_row(
    int32_t function, ptrdiff_t count, ptrdiff_t left_stride, ptrdiff_t right_stride, const int32_t *left,
    const int32_t *right, int32_t *result) {
  switch (function) {
    case NICHE_ADD: NK_ROWS(NK_INDEPENDENT, (int32_t)((uint32_t)a + (uint32_t)b)) break;
    case NICHE_SUBTRACT: NK_ROWS(NK_INDEPENDENT, (int32_t)((uint32_t)a - (uint32_t)b)) break;
    case NICHE_MULTIPLY: NK_ROWS(NK_INDEPENDENT, (int32_t)((uint32_t)a * (uint32_t)b)) break;
    case NICHE_MAXIMUM: NK_ROWS(NK_INDEPENDENT, (a > b ? a : b)) break;
    case NICHE_MINIMUM: NK_ROWS(NK_INDEPENDENT, (a < b ? a : b)) break;
    case NICHE_EQUAL: NK_ROWS(NK_INDEPENDENT, (a == b)) break;
    case NICHE_LESS: NK_ROWS(NK_INDEPENDENT, (a < b)) break;
    case NICHE_LESS_OR_EQUAL: NK_ROWS(NK_INDEPENDENT, (a <= b)) break;
    case NICHE_NOT_EQUAL: NK_ROWS(NK_INDEPENDENT, (a != b)) break;
    case NICHE_REMAINDER: NK_ROWS(, nk_remainder_integer(a, b)) break;
    case NICHE_TRUNCATED_REMAINDER: NK_ROWS(, nk_truncated_remainder_integer(a, b)) break;
    case NICHE_FLOOR_DIVIDE: NK_ROWS(, nk_floor_divide_integer(a, b)) break;
  }
}
#undef NK_ELEMENT

// Steps `counters` of the first `rank` axes and the offsets that go with them; 0 at the end.
static inline int nk_step(
    ptrdiff_t rank, const ptrdiff_t *extents, const ptrdiff_t *first_strides, const ptrdiff_t *second_strides,
    ptrdiff_t *counters, ptrdiff_t *first, ptrdiff_t *second) {
  for (ptrdiff_t axis = rank - 1; axis >= 0; axis--) {
    *first += first_strides[axis];
    *second += second_strides[axis];
    if (++counters[axis] < extents[axis]) return 1;
    *first -= first_strides[axis] * extents[axis];
    *second -= second_strides[axis] * extents[axis];
    counters[axis] = 0;
  }
  return 0;
}

#define NK_BINARY(NAME, ROW, ELEMENT)                                                                          \
  static void NAME(                                                                                            \
      int32_t function, ptrdiff_t rank, const ptrdiff_t *extents, const ptrdiff_t *left_strides,               \
      const ptrdiff_t *right_strides, const ELEMENT *left, const ELEMENT *right, ELEMENT *result) {            \
    if (rank == 0) {                                                                                           \
      ROW(function, 1, 1, 1, left, right, result);                                                             \
      return;                                                                                                  \
    }                                                                                                          \
    ptrdiff_t inner = rank - 1, count = extents[inner], a = 0, b = 0;                                          \
    ptrdiff_t counters[NICHE_MAXIMUM_RANK] = {0};                                                              \
    do {                                                                                                       \
      ROW(function, count, left_strides[inner], right_strides[inner], left + a, right + b, result);            \
      result += count;                                                                                         \
    } while (nk_step(inner, extents, left_strides, right_strides, counters, &a, &b));                          \
  }
NK_BINARY(nk_binary, nk_binary_row, float)
NK_BINARY(nk_binary_integer, nk_binary_integer_row, int32_t)
